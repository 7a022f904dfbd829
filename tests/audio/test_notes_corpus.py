"""The demo corpus of notes: what it promises of its files, its labels and its folder."""

import hashlib
import io
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from pydantic import ValidationError

from auricle.audio.decode import check_readable
from auricle.audio.limits import AudioLimits
from auricle.audio.synthesis import AnyDemoParams, DemoParams, NotesDemoParams
from auricle.audio.synthesis.broken import DEFECTS
from auricle.audio.synthesis.notes import INSTRUMENT_NAMES, LABELS
from auricle.audio.synthesis.notes.metadata import metadata
from auricle.audio.synthesis.notes.plan import NoteFile, label_shares, plan_notes
from auricle.audio.synthesis.render import DemoReceipt, render_demo
from auricle.corpora.layouts import read_layout
from auricle.errors import AudioError

TINY = NotesDemoParams(
    instruments=("oboe", "cello"), notes_per_instrument=6, players_per_instrument=2, duration_s=(0.25, 0.5)
)


def whole(params: NotesDemoParams) -> list[NoteFile]:
    return [file for file in plan_notes(params) if file.defect is None]


def hashes(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoReceipt]:
    folder = tmp_path_factory.mktemp("demo") / "demo_notes"
    return folder, render_demo(folder, TINY, workers=2)


@pytest.fixture(scope="module")
def default_table() -> pd.DataFrame:
    params = NotesDemoParams(broken_files=False)
    return metadata(plan_notes(params), params)


class TestParams:
    def test_the_kind_decides_and_music_is_the_default(self) -> None:
        assert isinstance(AnyDemoParams.model_validate({"clips_per_genre": 30}).root, DemoParams)
        assert isinstance(AnyDemoParams.model_validate({"kind": "music"}).root, DemoParams)
        notes = AnyDemoParams.model_validate({"kind": "notes", "notes_per_instrument": 9}).root
        assert isinstance(notes, NotesDemoParams)
        assert notes.notes_per_instrument == 9
        assert AnyDemoParams.model_validate(notes).root is notes

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"kind": "speech"}, "'music', 'notes'"),
            ({"kind": "notes", "clips_per_genre": 3}, "clips_per_genre"),
            ({"notes_per_instrument": 3}, "notes_per_instrument"),
        ],
    )
    def test_one_kind_does_not_take_the_others_parameters(
        self, settings: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(ValidationError, match=message):
            AnyDemoParams.model_validate(settings)

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"instruments": ()}, "instruments is empty"),
            ({"instruments": ("oboe", "oboe")}, "names one twice"),
            ({"instruments": ("kazoo",)}, "'bass', 'cello'"),
            ({"players_per_instrument": 9, "notes_per_instrument": 8}, "some players would have no note"),
            ({"duration_s": (0.1, 5.0)}, "choose a range within 0.25 to 30 s"),
            ({"duration_s": (5.0, 1.0)}, "the shorter first"),
            ({"strength": (0.9, 0.1)}, "the weaker first"),
            ({"weights": {"good-sound": 1.0}}, "set that instead"),
            ({"weights": {"bad-luck": 1.0}}, "bad-luck"),
        ],
    )
    def test_refuses_what_cannot_be(self, settings: dict[str, Any], message: str) -> None:
        with pytest.raises(ValidationError, match=message):
            NotesDemoParams(**settings)


class TestLabels:
    def test_all_occur_and_the_rare_ones_are_rare(self, default_table: pd.DataFrame) -> None:
        counts = default_table["label"].value_counts()
        assert set(counts.index) == set(LABELS)
        assert counts.sum() == 3600
        assert counts["good-sound"] / 3600 == pytest.approx(0.35, abs=0.03)
        assert (counts < 20).sum() >= 3
        assert counts.min() >= 15

    def test_no_rare_label_belongs_to_one_player(self, default_table: pd.DataFrame) -> None:
        players = default_table.groupby("label")["player"].nunique()
        assert players.min() >= 5

    def test_are_those_that_an_instrument_can_have(self, default_table: pd.DataFrame) -> None:
        strings = default_table[default_table["instrument"].isin(["bass", "cello", "violin"])]
        assert not strings["label"].str.contains("air|tongue|gallo|pato|gaita|multiphonic").any()
        cracked = default_table[default_table["label"] == "bad-attack-gallo"]
        assert not cracked["instrument"].isin(["flute", "piccolo"]).any()

    def test_the_tail_can_be_flat_steep_or_chosen(self) -> None:
        flat = label_shares(NotesDemoParams(tail=0.0), "oboe")
        steep = label_shares(NotesDemoParams(tail=2.0), "oboe")
        assert flat["bad-attack"] == pytest.approx(flat["bad-attack-gallo"])
        assert steep["bad-pitch-stability"] > 100 * steep["bad-attack-gallo"]
        chosen = label_shares(NotesDemoParams(weights={"bad-attack": 0.0, "air-inside": 50.0}), "oboe")
        assert "bad-attack" not in chosen
        assert chosen["air-inside"] > 0.5
        assert sum(chosen.values()) == pytest.approx(1)

    def test_nothing_else_tells_them(self, default_table: pd.DataFrame) -> None:
        """Duration, pitch and dynamic are drawn without regard to the label."""
        is_good = default_table["label"] == "good-sound"
        for column in ("duration_s", "octave"):
            means = default_table.groupby(is_good)[column].mean()
            assert means[True] == pytest.approx(means[False], rel=0.12)
        assert default_table["file_name"].str.endswith(".flac").all()

    def test_shuffled_ones_are_the_same_elsewhere(self) -> None:
        shuffled = TINY.model_copy(update={"shuffle_labels": True, "notes_per_instrument": 40})
        plain = TINY.model_copy(update={"notes_per_instrument": 40})
        one, other = (metadata(plan_notes(params), params) for params in (plain, shuffled))
        assert Counter(one["label"]) == Counter(other["label"])
        assert not one["label"].equals(other["label"])
        assert one.drop(columns=["label", "fault_strength", "fault_unit"]).equals(
            other.drop(columns=["label", "fault_strength", "fault_unit"])
        )


class TestMetadata:
    def test_says_what_a_note_is(self, default_table: pd.DataFrame) -> None:
        assert set(default_table["instrument"]) == set(INSTRUMENT_NAMES)
        assert default_table["player"].nunique() == 96
        assert default_table.groupby("player")["session"].nunique().eq(2).all()
        assert set(default_table["dynamic"]) == {"pp", "p", "mf", "f", "ff"}
        good = default_table["label"] == "good-sound"
        assert default_table["fault_strength"].isna().equals(good)
        assert (default_table.loc[~good, "fault_unit"].isin(["cents", "dB", "dB/octave", "ms"])).all()
        assert (default_table["attack_s"] < default_table["release_s"]).all()
        assert (default_table["release_s"] < default_table["duration_s"]).all()

    def test_durations_fill_their_range(self, default_table: pd.DataFrame) -> None:
        durations = default_table["duration_s"]
        assert durations.between(0.25, 5).all()
        # Half of the notes lie below the geometric mean of the limits.
        assert (durations < np.sqrt(0.25 * 5)).mean() == pytest.approx(0.5, abs=0.05)
        uniform = [f.note.duration_s for f in whole(NotesDemoParams(durations="uniform"))]
        assert np.mean(uniform) == pytest.approx(2.625, rel=0.05)

    def test_reads_as_an_audio_folder(self, rendered: tuple[Path, DemoReceipt]) -> None:
        table = read_layout("audiofolder", rendered[0], {})
        notes = table[~table["path"].isin(rendered[1].broken)]
        assert set(notes["instrument"]) == {"oboe", "cello"}
        assert set(notes["label"]) <= set(LABELS)
        assert {"meta_player", "meta_session", "meta_f0_hz", "meta_fault_strength"} <= set(table.columns)


class TestFiles:
    def test_are_what_they_say(self, rendered: tuple[Path, DemoReceipt]) -> None:
        folder, receipt = rendered
        assert receipt.files == 12 + len(DEFECTS)
        table = pd.read_csv(folder / "metadata.csv")
        for row in table[~table["file_name"].isin(receipt.broken)].itertuples():
            samples, rate = sf.read(folder / str(row.file_name))
            assert rate == 22050
            assert samples.ndim == 1
            assert len(samples) / rate == pytest.approx(row.duration_s, abs=1e-3)

    def test_broken_ones_are_refused_and_only_these(self, rendered: tuple[Path, DemoReceipt]) -> None:
        folder, receipt = rendered
        refused = set()
        for name in pd.read_csv(folder / "metadata.csv")["file_name"]:
            try:
                check_readable(folder / name, AudioLimits())
            except AudioError:
                refused.add(name)
        assert refused == set(receipt.broken)
        assert sorted(receipt.broken.values()) == sorted(DEFECTS)

    def test_the_readme_says_that_it_is_synthesized(self, rendered: tuple[Path, DemoReceipt]) -> None:
        text = (rendered[0] / "README.txt").read_text()
        assert "rendered by Auricle" in text
        assert "say nothing about real playing" in text


class TestDeterminism:
    def test_two_renderings_are_equal_in_every_byte(
        self, rendered: tuple[Path, DemoReceipt], tmp_path: Path
    ) -> None:
        render_demo(tmp_path, TINY, workers=1)
        assert hashes(tmp_path) == hashes(rendered[0])

    def test_a_second_call_renders_nothing(self, rendered: tuple[Path, DemoReceipt]) -> None:
        before = hashes(rendered[0])
        assert render_demo(rendered[0], TINY).rendered == 0
        assert hashes(rendered[0]) == before

    @pytest.mark.parametrize(
        "larger",
        [
            {"notes_per_instrument": 60},
            {"instruments": INSTRUMENT_NAMES},
            {"players_per_instrument": 3, "notes_per_instrument": 9},
        ],
    )
    def test_a_larger_corpus_keeps_the_notes_of_the_smaller(self, larger: dict[str, object]) -> None:
        grown = {file.name: file for file in whole(TINY.model_copy(update=larger))}
        assert {file.name for file in whole(TINY)} <= set(grown)
        first = whole(TINY)[0]
        assert grown[first.name].contents() == first.contents()

    def test_another_seed_shares_no_file(self) -> None:
        names = {file.name for file in plan_notes(TINY)}
        assert names.isdisjoint(file.name for file in plan_notes(TINY.model_copy(update={"seed": 99})))

    def test_a_file_holds_the_note_of_its_plan(self) -> None:
        file = whole(TINY)[0]
        samples, _ = sf.read(io.BytesIO(file.contents()), dtype="float32")
        assert len(samples) == round(file.note.duration_s * 22050)
        assert 0.001 < np.abs(samples).max() < 0.9
