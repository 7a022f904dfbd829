"""What the labels of a recording keep from its altered copies, and which guards are refused."""

import logging
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

from auricle.audio.guard import GOOD_SOUNDS, read_guard
from auricle.audio.synthesis.notes import LABELS
from auricle.audio.waveform_augment import VariantParams
from auricle.corpora import hierarchy
from auricle.corpora.guard import Spared, check_heard, check_known, guard_rows
from auricle.corpora.hierarchy import read_hierarchy
from auricle.corpora.labels import lineage
from auricle.errors import ConfigurationError, CorpusError

PARENTS = {"hiss": "air", "air": "bad", "vibrato": "bad"}
GUARD: dict[str, Any] = {
    "air": {"exclude": ["noise"], "why": "Noise passes for air."},
    "vibrato": {"exclude": ["stretch", "pitch"], "why": "Only to be seen here."},
}
PARAMS = VariantParams(count=1, guard=GUARD)


def manifest(*labels: list[str], split: str = "train") -> pd.DataFrame:
    """A recording for each list of labels, called by its number."""
    return pd.DataFrame(
        {
            "recording_id": [str(number) for number in range(len(labels))],
            "path": [f"{number}.wav" for number in range(len(labels))],
            "labels": list(labels),
            "split": split,
            "status": "ok",
        }
    )


class TestSpared:
    def test_is_what_any_label_or_one_above_it_excludes(self) -> None:
        rows = manifest(["good"], ["air"], ["hiss"], ["vibrato", "hiss"], ["bad"], [])
        spared = Spared.of(rows, PARAMS, PARENTS)
        assert spared.recordings == {
            "1": ("noise",),
            "2": ("noise",),
            "3": ("pitch", "stretch", "noise"),
        }
        assert spared.labels == {
            "air": ("noise",),
            "hiss": ("noise",),
            "vibrato": ("pitch", "stretch"),
        }
        assert spared.counts() == {"pitch": 1, "stretch": 1, "noise": 3}

    def test_needs_no_hierarchy_for_the_label_itself(self) -> None:
        assert Spared.of(manifest(["air"], ["hiss"]), PARAMS, {}).recordings == {"0": ("noise",)}

    def test_is_only_what_would_be_changed(self) -> None:
        silent = VariantParams(count=1, noise_snr_db=None, guard=GUARD)
        spared = Spared.of(manifest(["air"], ["vibrato"]), silent, PARENTS)
        assert spared.recordings == {"1": ("pitch", "stretch")}
        assert spared.for_digest() == {"guard": {"vibrato": ["pitch", "stretch"]}}

    def test_is_of_training_recordings(self) -> None:
        assert not Spared.of(manifest(["air"], split="test"), PARAMS, PARENTS).recordings

    def test_is_nothing_without_a_guard(self) -> None:
        spared = Spared.of(manifest(["air"]), VariantParams(count=1), PARENTS)
        assert not spared.recordings
        assert not spared.for_digest()

    def test_a_guard_that_meets_no_label_changes_no_digest(self) -> None:
        assert not Spared.of(manifest(["good"]), PARAMS, PARENTS).for_digest()

    def test_table_counts_the_recordings_of_each_row(self) -> None:
        rows = guard_rows(manifest(["hiss"], ["air"], ["good"]), PARAMS.guard, PARENTS)
        assert [(row["label"], row["recordings"]) for row in rows] == [("air", 2), ("vibrato", 0)]
        assert rows[0]["why"] == "Noise passes for air."


class TestTable:
    def test_null_is_none(self) -> None:
        assert VariantParams(guard=None).guard == {}  # type: ignore[arg-type]

    def test_may_be_a_file(self, tmp_path: Path) -> None:
        file = tmp_path / "guard.yml"
        file.write_text("air: {exclude: [noise], why: Noise passes for air.}\n")
        params = VariantParams(guard=str(file))  # type: ignore[arg-type]
        assert params.guard["air"].exclude == ("noise",)

    @pytest.mark.parametrize(
        ("guard", "message"),
        [
            ({"air": {"exclude": ["echo"], "why": "x"}}, r"(?s)air\.exclude.*'pitch', 'stretch' or 'noise'"),
            ({"air": {"exclude": [], "why": "x"}}, r"(?s)air\.exclude.*at least 1"),
            ({"air": {"exclude": ["noise"]}}, r"(?s)air\.why.*required"),
            ("bad_sounds", "bad_sounds cannot be read"),
        ],
    )
    def test_mistakes_are_refused(self, guard: Any, message: str) -> None:
        with pytest.raises(ValidationError, match=message):
            VariantParams(guard=guard)

    def test_file_that_is_no_table_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "guard.yml").write_text("[air]")
        with pytest.raises(ConfigurationError, match="is no guard of labels: write"):
            read_guard(tmp_path / "guard.yml")

    def test_does_not_enter_the_name_of_the_store(self) -> None:
        assert PARAMS.digest("front end") == VariantParams(count=1).digest("front end")


class TestGoodSounds:
    PARENTS = read_hierarchy(hierarchy.GOOD_SOUNDS)
    GUARD = VariantParams(count=1, guard="good_sounds").guard  # type: ignore[arg-type]

    def test_names_labels_of_the_hierarchy_only(self) -> None:
        assert set(self.GUARD) <= {*self.PARENTS, *self.PARENTS.values()}
        assert set(self.GUARD) == set(read_guard(GOOD_SOUNDS))

    def test_gives_each_reason_as_one_sentence(self) -> None:
        assert all(row.why.endswith(".") and row.why.count(". ") == 0 for row in self.GUARD.values())

    @pytest.mark.parametrize("label", LABELS)
    def test_keeps_noise_from_air_and_leaves_the_pitch_of_pitch_faults_free(self, label: str) -> None:
        params = VariantParams(count=1, guard="good_sounds")  # type: ignore[arg-type]
        spared = Spared.of(manifest([label]), params, self.PARENTS).recordings.get("0", ())
        if "air" in label:
            assert "noise" in spared
        if "bad-pitch-stability" in lineage(label, self.PARENTS) or label == "good-sound":
            assert spared == ()


class TestUnknownLabels:
    TYPO = VariantParams(count=1, guard={"airr": GUARD["air"]})

    def test_are_refused_where_the_hierarchy_is_known(self) -> None:
        with pytest.raises(ConfigurationError, match=r"'airr', which there is not.* Near to it: air"):
            check_known(self.TYPO, PARENTS, None)

    def test_are_refused_where_the_vocabulary_is_known(self) -> None:
        with pytest.raises(ConfigurationError, match="'airr'"):
            check_known(self.TYPO, {}, ["air", "good"])
        check_known(self.TYPO, {}, ["airr"])

    def test_are_a_warning_where_nothing_is_altered(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.WARNING):
            check_known(VariantParams(guard=self.TYPO.guard), PARENTS, None)
        assert "'airr'" in caplog.text

    def test_are_refused_with_the_recordings_where_no_parameter_names_any(self) -> None:
        check_known(self.TYPO, {}, None)
        check_heard(manifest(["airr"]), self.TYPO, {}, None)
        with pytest.raises(CorpusError, match=r"'airr'.* Near to it: air"):
            check_heard(manifest(["air"]), self.TYPO, {}, None)
