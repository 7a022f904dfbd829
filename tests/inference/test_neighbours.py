"""Passages judged with the neighbours in mind, where a sequence model is there and was kept."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from joined_notes import joined, some_notes

import auricle
from auricle.errors import AudioError, BundleError, ConfigurationError
from auricle.inference.classifier import AudioClassifier
from auricle.inference.neighbours import load_neighbours
from auricle.inference.onsets import PassageParams
from auricle.inference.scorers import Score
from auricle.models.bundle import BundleRef, open_bundle
from auricle.models.note_sequence import NoteSequence, SequenceFacts, sequence_bytes, sequence_file
from auricle.models.note_sequence_params import NetworkParams
from auricle.models.temperature import scale

RATE = 22_050
WITH = PassageParams(neighbours=True)
Beside = Callable[..., BundleRef]


@pytest.fixture(scope="module")
def samples() -> np.ndarray:
    return joined(some_notes("flute", 5, good=True), (0.1, 0.2))[0]


@pytest.fixture
def beside(note_bundle: BundleRef, tmp_path: Path) -> Beside:
    """The note analyzer's bundle with a sequence model beside it, whose weights are drawn at random."""

    def make(*, trained: bool = True, **facts: Any) -> BundleRef:
        path = tmp_path / "bundle/then/bundle"
        shutil.copytree(note_bundle.path, path, dirs_exist_ok=True)
        bundle = open_bundle(path)
        torch.manual_seed(0)
        sizes = NetworkParams(projection_size=4, hidden_size=4)
        model = NoteSequence(sizes, 16, 3)
        if trained:
            for parameter in model.parameters():
                torch.nn.init.normal_(parameter, std=0.5)
        told: dict[str, Any] = {
            "network": sizes,
            "vocabulary": bundle.vocabulary,
            "embedding_size": 16,
            "longest": 8,
            "analyzer_version": bundle.version,
            "analyzer_digest": bundle.digest,
            "calibration_temperature": 3.0,
            "kept": True,
            "reason": "It is better.",
        }
        file = sequence_file(bundle)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(sequence_bytes(model, SequenceFacts(**told | facts)))
        return bundle

    return make


def said(bundle: BundleRef, samples: np.ndarray, params: PassageParams | None = None) -> list[dict]:
    passage = AudioClassifier(bundle, device="cpu").predict_passage(
        samples, "flute", sampling_rate=RATE, params=params
    )
    return [note.prediction.probabilities for note in passage.notes]


def test_a_kept_model_judges_by_neighbours(beside: Beside, samples: np.ndarray) -> None:
    model = auricle.load(beside().path, device="cpu")
    alone = model.predict_passage(samples, "flute", sampling_rate=RATE)
    passage = model.predict_passage(samples, "flute", sampling_rate=RATE, params=WITH)
    assert (alone.neighbours, passage.neighbours) == (False, True)
    assert passage.to_dict()["neighbours"]
    assert "neighbours" in json.dumps(passage.to_jams())
    assert len(passage) == len(alone) == 5
    for note, before in zip(passage.notes, alone.notes, strict=True):
        assert (note.onset_s, note.duration_s) == (before.onset_s, before.duration_s)
        assert sum(note.prediction.probabilities.values()) == pytest.approx(1)
        assert note.prediction.probabilities != pytest.approx(before.prediction.probabilities, abs=1e-4)
        assert note.label == max(note.prediction.probabilities, key=note.prediction.probabilities.__getitem__)
        # Calibrated by its own temperature, not the analyzer's.
        values = np.array([list(note.prediction.probabilities.values())])
        assert note.calibrated_confidence == pytest.approx(scale(values, 3.0).max())


def test_untrained_it_says_what_is_said_note_by_note(beside: Beside, samples: np.ndarray) -> None:
    bundle = beside(trained=False)
    for now, before in zip(said(bundle, samples, WITH), said(bundle, samples), strict=True):
        assert now == pytest.approx(before, abs=1e-5)


def test_what_is_not_kept_answers_note_by_note_and_warns_once(
    beside: Beside, samples: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    model = AudioClassifier(beside(kept=False, reason="By chance alone."), device="cpu")
    alone = model.predict_passage(samples, "flute", sampling_rate=RATE)
    for _ in range(2):
        passage = model.predict_passage(samples, "flute", sampling_rate=RATE, params=WITH)
        assert passage.notes == alone.notes
        assert not passage.neighbours
    assert caplog.text.count("By chance alone.") == 1


def test_what_is_not_there_or_of_another_bundle_is_refused(
    beside: Beside, note_bundle: BundleRef, samples: np.ndarray
) -> None:
    model = AudioClassifier(note_bundle, device="cpu")
    with pytest.raises(ConfigurationError, match=r"no sequence model: there is no .*train_note_sequence"):
        model.predict_passage(samples, sampling_rate=RATE, params=WITH)
    other = AudioClassifier(beside(analyzer_digest="0" * 64), device="cpu")
    with pytest.raises(BundleError, match="belongs to the analyzer"):
        other.predict_passage(samples, sampling_rate=RATE, params=WITH)
    assert len(other.predict_passage(samples, sampling_rate=RATE)) == 5


def test_several_labels_are_refused(note_bundle: BundleRef) -> None:
    bundle = BundleRef(note_bundle.path, note_bundle.version, note_bundle.digest)
    bundle.__dict__["config"] = {**note_bundle.config, "problem_type": "multi_label_classification"}
    with pytest.raises(ConfigurationError, match="says several labels"):
        load_neighbours(bundle, torch.device("cpu"))


def test_where_nobody_plays_there_are_no_neighbours(beside: Beside) -> None:
    assert said(beside(), np.zeros(RATE), WITH) == []


class TestScores:
    """What `Neighbours` makes of scores, without any sound."""

    @staticmethod
    def scores(count: int) -> list[Score]:
        generator = np.random.default_rng(0)
        return [
            Score(
                [(0.0, 1.0), (0.5, 1.3)],
                generator.dirichlet(np.ones(3), size=2).astype(np.float32),
                generator.normal(size=16).astype(np.float32),
            )
            for _ in range(count)
        ]

    def test_what_cannot_be_used_is_passed_over(self, beside: Beside) -> None:
        neighbours = load_neighbours(beside(), torch.device("cpu"))
        assert neighbours is not None
        scores, error = self.scores(4), AudioError("Too short.")
        found = neighbours([*scores[:2], error, *scores[2:]])
        assert found[2] is error
        expected = neighbours(scores)
        for one, other in zip([*found[:2], *found[3:]], expected, strict=True):
            np.testing.assert_array_equal(one.probabilities, other.probabilities)
            assert one.spans == [(0.0, 1.3)]
        assert neighbours([error]) == [error]

    def test_long_passages_are_judged_in_stretches(self, beside: Beside) -> None:
        neighbours = load_neighbours(beside(longest=8), torch.device("cpu"))
        assert neighbours is not None
        scores = self.scores(18)
        found = neighbours(scores)
        for start in (0, 6, 12):
            for one, other in zip(
                neighbours(scores[start : start + 6]), found[start : start + 6], strict=True
            ):
                np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-6)
