"""Predicted ratings in the files' tags: listed first, backed up, told from the listener's, safe to kill."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from auricle.audio.decode import decode
from auricle.audio.limits import AudioLimits
from auricle.checks import check_recommendation
from auricle.corpora.layouts import read_layout
from auricle.corpora.verdict import hash_file
from auricle.errors import ConfigurationError
from auricle.inference.tag_files import TagError
from auricle.models.bundle import BundleRef
from auricle.recommendation.params import RatingTagParams
from auricle.recommendation.rating_tag import (
    TagStyle,
    listeners_rating,
    old_tags,
    write_rating,
    written_as,
)
from auricle.recommendation.tags import style_of, tag_ratings

mutagen = pytest.importorskip("mutagen")
RATE = 8_000
FORMATS = ("mp3", "flac", "ogg", "wav")
STYLE = TagStyle()


def record(path: Path, seed: int = 0) -> Path:
    sf.write(path, np.random.default_rng(seed).normal(scale=0.1, size=RATE // 4), RATE)
    return path


def rate(path: Path, rating: str) -> Path:
    """As a listener's player does."""
    from mutagen.id3 import POPM

    audio = mutagen.File(path)
    if audio.tags is None:
        audio.add_tags()
    if hasattr(audio.tags, "getall"):
        audio.tags.add(POPM(email="player", rating=int(rating), count=7))
    else:
        audio["rating"] = rating
    audio.save()
    return path


def read(folder: Path, predicted: str = "unrated", scale: str = "hundred") -> dict[str, float]:
    options = {"source": "tags", "scale": scale, "predicted": predicted}
    table = read_layout("ratings", folder, options)
    return dict(zip(table["path"], table["rating"], strict=True))


class TestOneFile:
    @pytest.mark.parametrize("kind", FORMATS)
    def test_is_read_back_by_the_layout_and_sounds_as_before(self, folder: Path, kind: str) -> None:
        path = record(folder / f"a.{kind}")
        rate(record(folder / "rated.mp3"), "255")
        before = decode(path, AudioLimits()).samples
        write_rating(path, written_as(0.7349), STYLE)
        np.testing.assert_array_equal(decode(path, AudioLimits()).samples, before)
        assert read(folder, predicted="rated")[path.name] == 0.73
        assert np.isnan(read(folder)[path.name])  # what a model has said teaches it nothing

    @pytest.mark.parametrize("scale", ["stars", "hundred", "unit"])
    @pytest.mark.parametrize("kind", ["mp3", "ogg"])
    def test_is_of_a_scale(self, folder: Path, kind: str, scale: Any) -> None:
        for number, rating in enumerate((0.0, 0.333, 1.0)):
            write_rating(record(folder / f"{number}.{kind}"), written_as(rating), TagStyle(scale=scale))
        assert list(read(folder, "rated", scale).values()) == [0.01, 0.33, 1.0]
        audio = mutagen.File(folder / f"1.{kind}")
        if kind == "ogg":
            assert audio["rating"] == [{"stars": "1.65", "hundred": "33", "unit": "0.33"}[scale]]
        else:
            assert audio.tags["POPM:auricle"].rating == 42

    @pytest.mark.parametrize("kind", FORMATS)
    def test_of_the_listener_is_never_touched(self, folder: Path, kind: str) -> None:
        path = rate(record(folder / f"a.{kind}"), "64")
        before = path.read_bytes()
        with pytest.raises(TagError, match="has a rating"):
            write_rating(path, "0.90", STYLE)
        assert path.read_bytes() == before

    @pytest.mark.parametrize("kind", FORMATS)
    def test_that_the_listener_changes_is_the_listeners(self, folder: Path, kind: str) -> None:
        path = record(folder / f"a.{kind}")
        write_rating(path, "0.60", STYLE)
        assert listeners_rating(path, STYLE) is None
        write_rating(path, "0.80", TagStyle(user="another player", scale="stars"))  # a later prediction
        assert read(folder, "rated", "stars")[path.name] == 0.8
        assert listeners_rating(path, STYLE) is None
        rate(path, "64")
        assert read(folder)[path.name] == pytest.approx(0.4 if kind in ("mp3", "wav") else 0.64)

    def test_keeps_what_else_there_is(self, folder: Path) -> None:
        from mutagen.id3 import ID3, POPM, TIT2

        path = record(folder / "a.mp3")
        tags = ID3()
        tags.add(TIT2(encoding=3, text="a title"))
        tags.add(POPM(email="auricle", rating=0, count=12))
        tags.save(path, v2_version=3)
        assert old_tags(path) == {"POPM:auricle": [0, 12]}
        write_rating(path, "0.50", STYLE)
        found = ID3(path)
        assert found.version == (2, 3, 0)
        assert str(found["TIT2"]) == "a title"
        assert found["POPM:auricle"].count == 12
        rate(record(folder / "rated.mp3"), "255")
        assert read_layout("ratings", folder, {"source": "tags"})["meta_play_count"].tolist() == ["12", "7"]

    def test_of_zero_is_a_rating_where_zero_means_terrible(self, folder: Path) -> None:
        path = rate(record(folder / "a.flac"), "0")
        with pytest.raises(TagError, match=r"has a rating \(0\.00\)"):
            write_rating(path, "0.90", TagStyle(zero="terrible"))
        write_rating(path, "0.90", STYLE)

    def test_that_is_none_is_left(self, folder: Path) -> None:
        path = rate(record(folder / "a.flac"), "good")
        with pytest.raises(TagError, match="its rating cannot be read"):
            write_rating(path, "0.90", STYLE)


def say(path: Path, **texts: list[str]) -> Path:
    """Texts as a tagger writes them: comments, or TXXX of ID3; none removes them."""
    from mutagen.id3 import TXXX

    audio = mutagen.File(path)
    if audio.tags is None:
        audio.add_tags()
    for name, values in texts.items():
        if not hasattr(audio.tags, "getall"):
            audio[name] = values
        else:
            audio.tags.delall(f"TXXX:{name}")
            audio.tags.setall(f"TXXX:{name}", [TXXX(encoding=3, desc=name, text=values)] if values else [])
    audio.save()
    return path


class TestWhoseARatingIs:
    @pytest.mark.parametrize(
        ("scale", "predicted", "listener"), [("unit", "0.20", "1.00"), ("stars", "0.05", "5")]
    )
    def test_is_told_on_the_scale_that_it_is_written_on(
        self, folder: Path, scale: Any, predicted: str, listener: str
    ) -> None:
        path, style = record(folder / "a.flac"), TagStyle(scale=scale)
        write_rating(path, predicted, style)
        assert listeners_rating(path, TagStyle(scale="hundred")) is None  # whatever it is read on
        say(path, RATING=[listener])
        assert listeners_rating(path, style) == 1.0

    def test_is_told_by_marks_without_a_scale(self, folder: Path) -> None:
        path = say(record(folder / "a.flac"), RATING=["20"], AURICLE_PREDICTED_RATING=["0.20 auricle"])
        assert listeners_rating(path, STYLE) is None
        write_rating(path, "0.20", STYLE)
        assert mutagen.File(path)["AURICLE_PREDICTED_RATING"] == ["0.20@hundred auricle"]

    def test_is_not_told_by_a_mark_that_is_none(self, folder: Path) -> None:
        path = rate(record(folder / "a.mp3"), "64")
        say(path, AURICLE_PREDICTED_RATING=["nan player"])
        assert listeners_rating(path, STYLE) == pytest.approx(0.4)

    @pytest.mark.parametrize("kind", ["mp3", "flac"])
    def test_is_told_of_a_number_that_a_tagger_writes_otherwise(self, folder: Path, kind: str) -> None:
        path, style = record(folder / f"a.{kind}"), TagStyle(scale="unit")
        write_rating(path, "0.60", style)
        rating = {} if kind == "mp3" else {"RATING": ["0.6000000238"]}
        say(path, FMPS_Rating=["0.6"], **rating)
        assert listeners_rating(path, style) is None
        say(path, FMPS_Rating=["0.61"])
        assert listeners_rating(path, style) == 0.61

    @pytest.mark.parametrize(("predicted", "told"), [("0.73", None), ("0.60", 0.6)])
    def test_is_told_of_popm_alone_where_it_is_no_star(
        self, folder: Path, predicted: str, told: float | None
    ) -> None:
        path = record(folder / "a.mp3")
        write_rating(path, predicted, STYLE)
        say(path, FMPS_Rating=[], AURICLE_PREDICTED_RATING=[])
        assert listeners_rating(path, STYLE) == told

    def test_of_which_only_the_plays_are_left_is_nobodys(self, folder: Path) -> None:
        from mutagen.id3 import ID3

        path, terrible = record(folder / "a.mp3"), TagStyle("auricle", zero="terrible")
        write_rating(path, "0.60", TagStyle("player", zero="terrible"))
        tags = ID3(path)
        tags["POPM:player"].count = 5
        tags.save(path)
        write_rating(path, "0.70", terrible)
        assert old_tags(path)["POPM:player"] == [0, 5]
        assert listeners_rating(path, terrible) is None

    @pytest.mark.parametrize("kind", ["mp3", "flac"])
    @pytest.mark.parametrize(
        "texts",
        [
            {"RATING": ["0", "80"]},
            {"RATING": ["0"], "RATING:BANSHEE": ["80"]},
            {"RATING:me": ["0"], "RATING:you": ["80"]},
            {"FMPS_Rating": ["0", "0.8"]},
        ],
    )
    def test_is_the_listeners_behind_a_zero(
        self, folder: Path, kind: str, texts: dict[str, list[str]]
    ) -> None:
        path = say(record(folder / f"a.{kind}"), **texts)
        assert read(folder) == {path.name: 0.8}
        with pytest.raises(TagError, match=r"has a rating \(0\.80\)"):
            write_rating(path, "0.30", STYLE)

    def test_is_the_listeners_as_text_of_id3(self, folder: Path) -> None:
        path = record(folder / "a.mp3")
        write_rating(path, "0.60", STYLE)
        say(path, RATING=["60"])  # which Auricle does not write there
        assert listeners_rating(path, STYLE) == 0.6
        assert old_tags(path)["RATING"] == ["60"]

    def test_that_would_pass_for_the_listeners_is_not_written(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def save(audio: Any) -> None:
            audio["RATING:of the format"] = "40"
            audio.save()

        monkeypatch.setattr("auricle.recommendation.rating_tag.save_tags", save)
        with pytest.raises(TagError, match=r"does not keep the rating 0\.90"):
            write_rating(record(folder / "a.flac"), "0.90", STYLE)


class Library:
    """Files that are not rated, one that is, one that is gone, and one that is none."""

    def __init__(self, folder: Path, rater: BundleRef) -> None:
        self.folder, self.results, self.rater = folder, folder.parent / "tags", rater
        for seed, name in enumerate(("a.mp3", "b.flac", "rated.ogg", "gone.mp3")):
            record(folder / name, seed)
        rate(folder / "rated.ogg", "80")
        (folder / "text.wav").write_text("no audio")
        names = ["a.mp3", "b.flac", "gone.mp3", "rated.ogg", "text.wav"]
        self.table = pd.DataFrame(
            {
                "rank": pd.array([1, None, 2, 3, None], dtype="Int64"),
                "path": names,
                "recording_id": [hash_file(folder / name, AudioLimits()) for name in names],
                "rating": [0.9, 0.4, 0.5, 0.6, 0.7],
            }
        )
        (folder / "gone.mp3").unlink()

    def tag(self, **params: Any) -> None:
        tag_ratings(
            self.table,
            self.folder,
            self.results,
            champion=self.rater,
            params=RatingTagParams.model_validate(params),
            style=STYLE,
            limits=AudioLimits(),
        )

    def contents(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(self.folder.iterdir())}

    def listed(self) -> dict[str, str]:
        table = pd.read_csv(self.results / "tags.csv", keep_default_na=False)
        return dict(zip(table["path"], table["then"], strict=True))


@pytest.fixture
def music(folder: Path, rater: BundleRef) -> Library:
    return Library(folder, rater)


class TestLibrary:
    def test_is_left_alone_by_default_and_by_a_dry_run(self, music: Library) -> None:
        before = music.contents()
        music.tag()
        assert not music.results.exists()
        music.tag(mode="dry_run")
        assert music.contents() == before
        listed = music.listed()
        assert listed.pop("text.wav").startswith("its ")
        assert listed == {
            "a.mp3": "write",
            "b.flac": "write",
            "gone.mp3": "it is not there",
            "rated.ogg": "has a rating (0.80)",
        }

    def test_is_written_only_after_a_dry_run_of_the_same(self, music: Library) -> None:
        before = music.contents()
        with pytest.raises(ConfigurationError, match=r"no dry run.*recommendation\.tags\.mode=dry_run"):
            music.tag(mode="write")
        music.tag(mode="dry_run", recommended_only=True)
        assert "b.flac" not in music.listed()
        with pytest.raises(ConfigurationError, match=r"did not list '0\.40' for b\.flac"):
            music.tag(mode="write")
        assert music.contents() == before

    def test_has_the_ratings_and_a_backup_and_is_not_written_twice(self, music: Library) -> None:
        music.tag(mode="dry_run")
        music.tag(mode="write")
        assert read(music.folder, "rated") == pytest.approx(
            {"a.mp3": 0.9, "b.flac": 0.4, "rated.ogg": 0.8, "text.wav": np.nan}, nan_ok=True
        )
        (backup,) = (music.results / "tag_backups").iterdir()
        assert json.loads(backup.read_text())["tags"] == {"a.mp3": {}, "b.flac": {}}
        written = music.contents()
        music.tag(mode="write")
        assert music.contents() == written
        assert len(list((music.results / "tag_backups").iterdir())) == 1

    def test_may_have_nothing_to_write(self, music: Library) -> None:
        music.table = music.table.head(0)
        music.tag(mode="dry_run")
        music.tag(mode="write")
        assert music.listed() == {}

    def test_keeps_a_file_that_has_changed_since(
        self, music: Library, caplog: pytest.LogCaptureFixture
    ) -> None:
        music.tag(mode="dry_run")
        before = record(music.folder / "a.mp3", 99).read_bytes()
        music.tag(mode="write")
        assert (music.folder / "a.mp3").read_bytes() == before
        assert "a.mp3 keeps its tags: it has changed since it was ingested" in caplog.text

    @pytest.mark.parametrize("at", ["shutil.copy2", "auricle.recommendation.tags.write_rating", "os.fsync"])
    def test_survives_a_kill_at_any_step(self, music: Library, at: str) -> None:
        music.tag(mode="dry_run")
        before = music.contents()
        path = music.folder / "a.mp3"
        code = KILLED.format(at=at, path=str(path), identity=music.table["recording_id"].iloc[0])
        done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert {name: there for name, there in music.contents().items() if not name.startswith(".")} == before
        assert len(music.contents()) == len(before) + 1  # the copy that it was at
        music.tag(mode="write")
        assert set(music.contents()) == set(before)
        assert read(music.folder, "rated")["a.mp3"] == 0.9


KILLED = """
import os, signal
from pathlib import Path
from pkgutil import resolve_name
from auricle.audio.limits import AudioLimits
from auricle.recommendation import tags
from auricle.recommendation.rating_tag import TagStyle
module, _, name = {at!r}.rpartition(".")
module = resolve_name(module)
step = getattr(module, name)
def killed(*args, **kwargs):
    step(*args, **kwargs)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(module, name, killed)
tags._write_one(Path({path!r}), {identity!r}, "0.90", TagStyle(), AudioLimits())
"""


class TestStyle:
    def test_is_what_the_corpus_is_read_by(self) -> None:
        read_by = {"source": "tags", "scale": "unit", "zero": "terrible"}
        assert style_of(RatingTagParams(), "ratings", read_by) == TagStyle("auricle", "unit", "terrible")
        assert style_of(RatingTagParams(user="me"), "ratings", {"scale": "unit"}) == TagStyle("me", "hundred")

    def test_that_would_be_read_as_another_rating_is_refused(self) -> None:
        with pytest.raises(ConfigurationError, match=r"scale is 'unit'.*on the scale 'stars'"):
            style_of(RatingTagParams(scale="unit"), "ratings", {"source": "tags"})


class TestBeforeARun:
    def check(self, champion: BundleRef | None, folder: Path, *, is_made: bool, **tags: Any) -> None:
        ingest = {"layout": "ratings", "layout_options": {"source": "tags"}}
        check_recommendation({"tags": tags}, ingest, champion, folder, "ratings.rater", is_made=is_made)

    def test_nothing_is_refused_that_works(self, rater: BundleRef, tmp_path: Path) -> None:
        self.check(rater, tmp_path, is_made=False)
        self.check(None, tmp_path, is_made=True, mode="dry_run", scale="stars")

    def test_what_cannot_work_is_refused(self, rater: BundleRef, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match="is not trained"):
            self.check(None, tmp_path, is_made=False)
        with pytest.raises(ConfigurationError, match=r"this run trains ratings\.rater"):
            self.check(None, tmp_path, is_made=True, mode="write")
        with pytest.raises(ConfigurationError, match="there was no dry run"):
            self.check(rater, tmp_path, is_made=False, mode="write")
        with pytest.raises(ConfigurationError, match="would be read as another rating"):
            self.check(rater, tmp_path, is_made=False, mode="dry_run", scale="unit")
