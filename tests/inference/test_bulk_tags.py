"""Genres in the files' own tags: listed first, backed up, and nothing else of the file changed."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from kept_rows import KeptRows
from tones import tone

from auricle.audio.decode import decode
from auricle.audio.limits import AudioLimits
from auricle.errors import ConfigurationError
from auricle.inference.bulk.files import predict_files
from auricle.inference.bulk.genre_tag import read_genres, write_genres
from auricle.inference.bulk.job import plan
from auricle.inference.bulk.params import PredictParams, TagParams
from auricle.inference.bulk.tables import results_of
from auricle.inference.bulk.tags import _kept, tag_files
from auricle.inference.tag_files import TagError
from auricle.models.bundle import BundleRef

mutagen = pytest.importorskip("mutagen")
RATE = 22_050
FORMATS = ("mp3", "flac", "ogg", "wav")


def record(path: Path, frequency: float = 300) -> Path:
    sf.write(path, tone(1.0, frequency), RATE)
    return path


class TestOneFile:
    @pytest.mark.parametrize("kind", FORMATS)
    def test_has_the_genres_that_were_written_and_sounds_as_before(self, tmp_path: Path, kind: str) -> None:
        path = record(tmp_path / f"a.{kind}")
        before = decode(path, AudioLimits()).samples
        assert read_genres(path) == []
        write_genres(path, ["rock", "jazz fusion"])
        assert read_genres(path) == ["rock", "jazz fusion"]
        np.testing.assert_array_equal(decode(path, AudioLimits()).samples, before)

    def test_keeps_its_other_tags_and_its_version_of_id3(self, tmp_path: Path) -> None:
        from mutagen.id3 import COMM, ID3, TIT2

        path = record(tmp_path / "a.mp3")
        tags = ID3()
        tags.add(TIT2(encoding=3, text="a title"))
        tags.add(COMM(encoding=3, lang="eng", desc="x", text="a comment"))
        tags.update_to_v23()
        tags.save(path, v2_version=3)
        write_genres(path, ["rock"])
        read = ID3(path)
        assert read.version == (2, 3, 0)
        assert str(read["TIT2"]) == "a title"
        assert str(read["COMM:x:eng"]) == "a comment"

    def test_of_version_2_3_keeps_frames_that_only_2_4_names(self, tmp_path: Path) -> None:
        from mutagen.id3 import ID3, TDRL, TSOP

        path = record(tmp_path / "a.mp3")
        tags = ID3()
        tags.add(TSOP(encoding=3, text="Beatles, The"))
        tags.add(TDRL(encoding=3, text="1969"))
        tags.save(path, v2_version=3)
        write_genres(path, ["rock"])
        read = ID3(path, translate=False)
        assert (str(read["TSOP"]), str(read["TDRL"]), str(read["TCON"])) == ("Beatles, The", "1969", "rock")

    def test_without_tags_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "a.mp3").write_bytes(b"nothing of this is audio")
        with pytest.raises(TagError):
            read_genres(tmp_path / "a.mp3")


class TestLibrary:
    @pytest.fixture
    def library(self, tmp_path: Path, cnn_bundle: BundleRef) -> Any:
        return TaggedLibrary(tmp_path, cnn_bundle)

    def test_is_left_alone_by_default_and_by_a_dry_run(self, library: Any) -> None:
        before = library.contents()
        library.tag()
        assert not list(library.results_folder.iterdir())
        library.tag(mode="dry_run")
        assert library.contents() == before
        listed = pd.read_csv(library.results_folder / "tags.csv", keep_default_na=False)
        assert listed.set_index("path")["then"].to_dict() == {
            str(library.folder / "named.flac"): "has another genre",
            str(library.folder / "plain.mp3"): "write",
            str(library.folder / "text.wav"): "could not be used",
        }

    def test_is_written_only_after_a_dry_run_of_the_same(self, library: Any) -> None:
        with pytest.raises(ConfigurationError, match=r"no dry run.*mode=dry_run"):
            library.tag(mode="write")
        library.tag(mode="dry_run")
        with pytest.raises(ConfigurationError, match=r"did not list.*named\.flac"):
            library.tag(mode="write", replace=True)
        assert read_genres(library.folder / "plain.mp3") == []

    def test_has_the_predicted_genres_and_a_backup_of_the_old(self, library: Any) -> None:
        library.tag(mode="dry_run", replace=True)
        library.tag(mode="write", replace=True)
        said = library.results.set_index("path")["label"]
        for name in ("named.flac", "plain.mp3"):
            assert read_genres(library.folder / name) == [said[str(library.folder / name)]]
        (backup,) = (library.results_folder / "tag_backups").iterdir()
        assert json.loads(backup.read_text())["genres"] == {
            str(library.folder / "named.flac"): ["polka", "waltz"],
            str(library.folder / "plain.mp3"): [],
        }

    def test_backs_up_genres_as_they_were_whatever_is_in_them(self, library: Any) -> None:
        write_genres(library.folder / "named.flac", ["folk; world", "waltz"])
        library.predict()
        library.tag(mode="dry_run", replace=True)
        library.tag(mode="write", replace=True)
        (backup,) = (library.results_folder / "tag_backups").iterdir()
        kept = json.loads(backup.read_text())["genres"]
        assert kept[str(library.folder / "named.flac")] == ["folk; world", "waltz"]

    def test_is_neither_written_nor_predicted_again(self, library: Any) -> None:
        library.tag(mode="dry_run")
        library.tag(mode="write")
        written = library.contents()
        assert library.predict() == 0
        library.tag(mode="write")
        assert library.contents() == written
        assert len(list((library.results_folder / "tag_backups").iterdir())) == 1

    def test_may_have_names_as_long_as_a_file_system_allows(self, library: Any) -> None:
        (library.folder / "plain.mp3").rename(library.folder / f"{'x' * 251}.mp3")
        library.predict()
        library.tag(mode="dry_run")
        library.tag(mode="write")
        assert len(read_genres(library.folder / f"{'x' * 251}.mp3")) == 1

    @pytest.mark.parametrize("labels", [np.array(["rock", "jazz"], dtype=object), np.array([], dtype=object)])
    def test_of_several_labels_are_kept_where_there_are_none(self, labels: Any) -> None:
        row = {"reason": "", "uncertain": False, "labels": labels, "calibrated_confidence": 0.9}
        assert _kept(row, TagParams()) == ("" if len(labels) else "no answer")

    def test_keeps_files_that_have_changed_or_of_which_the_model_is_not_sure(self, library: Any) -> None:
        library.tag(mode="dry_run", min_confidence=1.0)
        listed = pd.read_csv(library.results_folder / "tags.csv")
        assert "write" not in set(listed["then"])
        library.tag(mode="dry_run")
        path = record(library.folder / "plain.mp3", 1500)
        library.tag(mode="write")
        assert read_genres(path) == []


class TaggedLibrary(KeptRows):
    """A file without a genre, one with two, and one that is broken; predicted."""

    def __init__(self, root: Path, bundle: BundleRef) -> None:
        self.folder, self.results_folder, self.bundle = root / "music", root / "results", bundle
        self.folder.mkdir()
        self.results_folder.mkdir()
        record(self.folder / "plain.mp3")
        write_genres(record(self.folder / "named.flac"), ["polka", "waltz"])
        (self.folder / "text.wav").write_text("no audio")
        self.kept = root / "ledger"
        self.predict()

    def params(self, **tags: Any) -> PredictParams:
        given = {"input": str(self.folder), "model": str(self.bundle.path), "workers": 1, "device": "cpu"}
        return PredictParams.model_validate(given | {"tags": {"min_confidence": 0.0} | tags})

    def predict(self) -> int:
        self.job = plan(self.params(), self.folder)
        self.keep(chunks := list(predict_files(self.job, self.ledger, self.params())))
        return sum(map(len, chunks))

    def keep(self, chunks: Iterable[pd.DataFrame]) -> None:
        super().keep(chunks)
        self.results = pd.concat(results_of(self.job, self.ledger, None), ignore_index=True)

    def tag(self, **tags: Any) -> None:
        self.keep(
            list(tag_files(self.job, self.results, self.ledger, self.results_folder, self.params(**tags)))
        )

    def contents(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(self.folder.iterdir())}
