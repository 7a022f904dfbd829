"""The layout `ratings`: what a listener thinks of recordings, from tables and from tags."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mutagen
import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from mutagen.id3 import POPM, TPE1, TXXX

from auricle.corpora.data_report import describe_corpus
from auricle.corpora.layouts import read_layout
from auricle.corpora.manifest import build_manifest
from auricle.corpora.params import IngestParams
from auricle.corpora.schema import Manifest
from auricle.corpora.split_lists import split_lists
from auricle.errors import ConfigurationError, CorpusError, MissingPackageError


def folder(
    root: Path, table: str | None = None, names: tuple[str, ...] = ("a.wav", "b.wav", "c.wav")
) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    if table is not None:
        (root / "ratings.csv").write_text(table)
    return root


def ratings(root: Path, **options: Any) -> dict[str, float]:
    table = read_layout("ratings", root, options)
    return dict(zip(table["path"], table["rating"], strict=True))


class TestATable:
    @pytest.mark.parametrize(("scale", "written"), [("stars", "2.5"), ("hundred", "50"), ("unit", "0.5")])
    def test_has_ratings_of_a_scale(self, tmp_path: Path, scale: str, written: str) -> None:
        found = ratings(folder(tmp_path, f"path,rating\na.wav,{written}\n"), scale=scale)
        assert found["a.wav"] == 0.5

    def test_leaves_what_it_does_not_name_or_rate_unrated(self, tmp_path: Path) -> None:
        found = ratings(folder(tmp_path, "path,rating\na.wav,4\nb.wav,\n"))
        assert found["a.wav"] == 0.8
        assert np.isnan([found["b.wav"], found["c.wav"]]).all()

    @pytest.mark.parametrize(("zero", "expected"), [("terrible", 0.0), ("unrated", None)])
    def test_says_what_zero_means(self, tmp_path: Path, zero: str, expected: float | None) -> None:
        found = ratings(folder(tmp_path, "path,rating\na.wav,0\nb.wav,5\n"), zero=zero)
        assert found["a.wav"] == expected if expected is not None else np.isnan(found["a.wav"])

    def test_may_be_parquet_with_columns_of_other_names(self, tmp_path: Path) -> None:
        folder(tmp_path)
        pd.DataFrame({"file": ["a.wav"], "score": [80.0], "artist": ["X"]}).to_parquet(tmp_path / "t.parquet")
        table = read_layout(
            "ratings",
            tmp_path,
            {"table": "t.parquet", "path_column": "file", "rating_column": "score", "scale": "hundred"},
        ).set_index("path")
        assert table.loc["a.wav", ["rating", "meta_artist"]].tolist() == [0.8, "X"]

    def test_of_several_listeners_gives_one_or_their_mean(self, tmp_path: Path) -> None:
        root = folder(tmp_path, "path,user,rating\na.wav,ann,5\na.wav,bob,1\nb.wav,bob,0\nb.wav,ann,4\n")
        assert ratings(root, user="ann")["a.wav"] == 1.0
        assert ratings(root)["a.wav"] == pytest.approx(0.6)
        assert ratings(root)["b.wav"] == 0.8  # bob has not rated it yet
        assert ratings(root, zero="terrible")["b.wav"] == pytest.approx(0.4)
        with pytest.raises(ConfigurationError, match=r"'eve', who has rated nothing.*ann, bob"):
            ratings(root, user="eve")

    @pytest.mark.parametrize(
        ("table", "message"),
        [
            ("path,rating\na.wav,80\n", "'a.wav' 80, and the scale 'stars' goes from 0 to 5"),
            ("path,rating\na.wav,-1\n", "goes from 0"),
            ("path,rating\na.wav,good\n", "says 'good', which is no number"),
            ("path,rating\n../a.wav,4\n", "outside of the corpus folder"),
            ("path,rating\n,4\n", "row 1 names no recording"),
            ("path,rating\na.wav,4\na.wav,3\n", "more than once"),
            ("path,user,rating\na.wav,ann,4\na.wav,ann,3\n", "more than once"),
            ("path,rating\na.wav,0\n", "None of the 3 recordings .* is rated"),
        ],
    )
    def test_that_cannot_be_is_refused(self, tmp_path: Path, table: str, message: str) -> None:
        with pytest.raises(CorpusError, match=message):
            ratings(folder(tmp_path, table))

    def test_must_be_there_with_its_columns(self, tmp_path: Path) -> None:
        with pytest.raises(CorpusError, match=r"ratings\.csv is not there.*source: tags"):
            ratings(folder(tmp_path))
        with pytest.raises(ConfigurationError, match="names the column 'rating'"):
            ratings(folder(tmp_path, "path,stars\na.wav,3\n"))


@pytest.fixture
def tagged(tmp_path: Path) -> Path:
    """An mp3, a flac and an ogg that are not rated, and a file that is none."""
    for name in ("a.mp3", "b.flac", "c.ogg", "d.flac"):
        sf.write(tmp_path / name, np.zeros(4_000), 8_000)
    (tmp_path / "broken.mp3").write_bytes(b"no audio")
    _comment(tmp_path / "d.flac", rating="100")
    return tmp_path


def _comment(file: Path, **comments: str) -> None:
    audio = mutagen.File(file)
    for name, value in comments.items():
        audio[name] = value
    audio.save()


def _id3(file: Path, *frames: Any) -> None:
    audio = mutagen.File(file)
    audio.add_tags()
    for frame in frames:
        audio.tags.add(frame)
    audio.save()


class TestTags:
    @pytest.mark.parametrize(("byte", "expected"), [(1, 0.2), (64, 0.4), (128, 0.6), (196, 0.8), (255, 1.0)])
    def test_of_popm_are_the_stars_of_players(self, tagged: Path, byte: int, expected: float) -> None:
        _id3(tagged / "a.mp3", POPM(email="x@y", rating=byte, count=7), TPE1(text=["X"]))
        table = read_layout("ratings", tagged, {"source": "tags", "scale": "hundred"}).set_index("path")
        assert table.loc["a.mp3", "rating"] == pytest.approx(expected)
        assert table.loc["a.mp3", ["meta_artist", "meta_play_count"]].tolist() == ["X", "7"]

    def test_of_popm_zero_is_unrated(self, tagged: Path) -> None:
        _id3(tagged / "a.mp3", POPM(email="x@y", rating=0))
        for zero in ("unrated", "terrible"):
            assert np.isnan(ratings(tagged, source="tags", scale="hundred", zero=zero)["a.mp3"])

    def test_of_fmps_say_it_more_exactly(self, tagged: Path) -> None:
        _id3(tagged / "a.mp3", POPM(email="x@y", rating=255), TXXX(desc="FMPS_Rating", text=["0.73"]))
        _comment(tagged / "c.ogg", fmps_rating="0.3", rating="100")
        found = ratings(tagged, source="tags", scale="hundred")
        assert (found["a.mp3"], found["c.ogg"]) == (0.73, 0.3)

    def test_of_fmps_zero_undoes_no_other(self, tagged: Path) -> None:
        _id3(tagged / "a.mp3", POPM(email="x@y", rating=196), TXXX(desc="FMPS_Rating", text=["0.0"]))
        _comment(tagged / "c.ogg", fmps_rating="", rating="100")
        found = ratings(tagged, source="tags", scale="hundred")
        assert (found["a.mp3"], found["c.ogg"]) == (0.8, 1.0)

    def test_beside_flags_and_pictures_are_read(self, tagged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        tags = {"cpil": True, "covr": object(), "rating": ["40"]}  # as of MP4 and APE
        monkeypatch.setattr(mutagen, "File", lambda file: SimpleNamespace(tags=tags))
        assert ratings(tagged, source="tags", scale="hundred")["a.mp3"] == 0.4

    def test_of_mp4_name_artist_and_album(self, tagged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from mutagen.mp4 import MP4FreeForm, MP4Tags

        tags = MP4Tags()
        tags["\xa9ART"], tags["\xa9alb"], tags["cpil"] = ["X"], ["Y"], True
        tags["----:com.apple.iTunes:FMPS_Rating"] = [MP4FreeForm(b"0.6")]
        monkeypatch.setattr(mutagen, "File", lambda file: SimpleNamespace(tags=tags))
        row = read_layout("ratings", tagged, {"source": "tags"}).iloc[0]
        assert row[["meta_artist", "meta_album", "rating"]].tolist() == ["X", "Y", 0.6]

    def test_are_of_no_listener_in_particular(self, tagged: Path) -> None:
        with pytest.raises(ConfigurationError, match="Leave user out"):
            ratings(tagged, source="tags", user="me")

    def test_of_vorbis_are_of_a_scale(self, tagged: Path) -> None:
        _comment(tagged / "b.flac", rating="40", artist="Y")
        _comment(tagged / "c.ogg", **{"rating:me@here": "60"})
        table = read_layout("ratings", tagged, {"source": "tags", "scale": "hundred"}).set_index("path")
        assert table.loc[["b.flac", "c.ogg"], "rating"].tolist() == [0.4, 0.6]
        assert table.loc["b.flac", "meta_artist"] == "Y"

    def test_beyond_their_scale_are_refused(self, tagged: Path) -> None:
        with pytest.raises(
            CorpusError, match=r"RATING of d\.flac rates 'd\.flac' 100, and the scale 'stars'"
        ):
            ratings(tagged, source="tags")

    def test_need_a_package(self, tagged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "mutagen", None)
        with pytest.raises(MissingPackageError, match=r"needs mutagen.*'tags'"):
            ratings(tagged, source="tags")


def test_unrated_recordings_are_part_of_a_corpus_split_by_artist(tmp_path: Path) -> None:
    names = tuple(f"{number:02d}.wav" for number in range(40))
    lines = [
        f"{name},{'' if number % 4 == 3 else number % 6},artist {number // 4}"
        for number, name in enumerate(names)
    ]
    root = folder(tmp_path, "path,rating,artist\n" + "\n".join(lines), names)
    layout = read_layout("ratings", root, {"zero": "terrible"})
    files = pd.DataFrame(
        {
            "path": names,
            "recording_id": [f"{number:016x}" for number in range(40)],
            "duration_s": 1.0,
            "sample_rate": 8_000,
            "channels": 1,
            "status": "ok",
            "reason": None,
        }
    )
    params = IngestParams(layout="ratings", group_by=("artist",))
    manifest, _ = build_manifest(files, layout, None, params)
    Manifest.validate(manifest)
    assert (manifest["split"] == "unlabelled").sum() == 10
    assert (
        manifest.groupby("group")["split"].agg(lambda splits: len(set(splits) - {"unlabelled"})).eq(1).all()
    )
    report = describe_corpus(manifest, params)
    assert (report["recordings"], report["unlabelled"], report["ratings"]["max"]) == (30, 10, 1.0)
    assert split_lists(manifest)["test"]["rating"].notna().all()
