"""Prediction while samples arrive: the same answers as offline, when they are due, and how late."""

from collections.abc import Iterator

import numpy as np
import pytest
from joined_notes import joined, some_notes
from pydantic import ValidationError

from auricle.errors import ConfigurationError
from auricle.inference.classifier import AudioClassifier
from auricle.inference.stream import StreamParams

RATE = 22_050
PARAMS = StreamParams(window_s=0.5, hop_s=0.2)


@pytest.fixture(scope="module")
def samples() -> np.ndarray:
    return joined(some_notes("flute", 2, good=True), (0.0, 0.0))[0][: 2 * RATE]


@pytest.fixture(params=["note_bundle", "cnn_bundle", "forest_bundle"])
def model(request) -> AudioClassifier:
    return AudioClassifier(request.getfixturevalue(request.param), device="cpu")


@pytest.fixture
def notes(note_bundle) -> AudioClassifier:
    return AudioClassifier(note_bundle, device="cpu")


def cut(samples: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for start in range(0, len(samples), size):
        yield samples[start : start + size]


def test_answers_equal_those_on_the_same_samples_offline(model, samples) -> None:
    for rate in (RATE, 16_000):
        answers = list(model.predict_stream(cut(samples, 1000), sampling_rate=rate, params=PARAMS))
        assert len(answers) == 1 + (len(samples) - round(0.5 * rate)) // round(0.2 * rate)
        for number, answer in enumerate(answers):
            start = number * round(0.2 * rate)
            window = samples[start : start + round(0.5 * rate)]
            offline = model.predict(window, sampling_rate=rate)
            assert answer.prediction.probabilities == pytest.approx(offline.probabilities, abs=1e-6)
            assert (answer.label, answer.confidence) == (offline.label, pytest.approx(offline.confidence))
            assert (answer.start_s, answer.end_s) == pytest.approx(
                (start / rate, (start + len(window)) / rate)
            )


@pytest.mark.parametrize("size", [1, 37, RATE, 10**6])
def test_how_samples_are_cut_into_chunks_changes_nothing(notes, samples, size) -> None:
    short = samples[: RATE if size > 1 else round(0.52 * RATE)]
    answers, expected = (
        [answer.prediction for answer in notes.predict_stream(chunks, sampling_rate=RATE, params=PARAMS)]
        for chunks in (cut(short, size), cut(short, 5000))
    )
    assert answers == expected
    assert answers


def test_the_instrument_is_told(notes, samples) -> None:
    said = {
        name: next(
            notes.predict_stream([samples], sampling_rate=RATE, instrument=name, params=PARAMS)
        ).confidence
        for name in ("flute", "cello")
    }
    window = samples[: RATE // 2]
    for name, confidence in said.items():
        offline = notes.predict(window, sampling_rate=RATE, instrument=name)
        assert confidence == pytest.approx(offline.confidence)
    assert said["flute"] != said["cello"]


def test_an_answer_comes_as_soon_as_its_window_is_full(notes, samples) -> None:
    taken = []

    def chunks() -> Iterator[np.ndarray]:
        for chunk in cut(samples, 1000):
            taken.append(len(chunk))
            yield chunk

    stream = notes.predict_stream(chunks(), sampling_rate=RATE, params=PARAMS)
    assert not taken
    first = next(stream)
    assert first.end_s * RATE <= sum(taken) < first.end_s * RATE + 1000


def test_it_says_how_late_it_is(notes, samples) -> None:
    stream = notes.predict_stream([samples], sampling_rate=RATE, params=PARAMS)
    assert stream.latency_s == pytest.approx(0.5 + 256 / RATE)
    assert (stream.hops, stream.mean_compute_s) == (0, 0.0)
    answers = list(stream)
    taken = [answer.compute_s for answer in answers]
    assert min(taken) > 0
    assert stream.hops == len(answers)
    assert stream.last_compute_s == taken[-1]
    assert stream.longest_compute_s == max(taken)
    assert stream.mean_compute_s == pytest.approx(sum(taken) / len(taken))


def test_silence_is_not_judged_unless_asked_for(notes, samples) -> None:
    quiet = np.concatenate([np.full(RATE, 1e-5, dtype=np.float32), samples])
    answers = list(notes.predict_stream([quiet], sampling_rate=RATE, params=PARAMS))
    assert (answers[0].label, answers[0].confidence) == (None, None)
    assert answers[0].prediction.error == "silent: -100 dBFS, below silence_dbfs (-60)"
    assert answers[-1].label is not None
    every = StreamParams(window_s=0.5, hop_s=0.2, silence_dbfs=None)
    assert next(notes.predict_stream([quiet], sampling_rate=RATE, params=every)).label is not None


def test_a_damaged_stretch_is_said_and_the_stream_goes_on(notes, samples) -> None:
    damaged = samples.copy()
    damaged[100] = np.nan
    answers = list(notes.predict_stream(cut(damaged, 3000), sampling_rate=RATE, params=PARAMS))
    assert "not finite" in str(answers[0].prediction.error)
    assert answers[-1].prediction.error is None


def test_channels_are_mixed(notes, samples) -> None:
    stereo = np.stack([samples, samples])
    one, other = (
        next(notes.predict_stream([chunk], sampling_rate=RATE, params=PARAMS)) for chunk in (stereo, samples)
    )
    assert one.prediction.probabilities == pytest.approx(other.prediction.probabilities, abs=1e-6)


def test_less_than_a_window_has_no_answer(notes, samples) -> None:
    assert list(notes.predict_stream([samples[:1000], samples[:0]], sampling_rate=RATE, params=PARAMS)) == []


def test_what_cannot_be_heard_is_refused(notes, samples) -> None:
    with pytest.raises(ConfigurationError, match="sampling_rate is 0"):
        notes.predict_stream([samples], sampling_rate=0)
    with pytest.raises(ConfigurationError, match="dtype is int16"):
        next(notes.predict_stream([samples.astype(np.int16)], sampling_rate=RATE))
    with pytest.raises(ValidationError, match=r"hop_s \(2.0\) is greater than window_s \(1.0\)"):
        StreamParams(hop_s=2.0)
