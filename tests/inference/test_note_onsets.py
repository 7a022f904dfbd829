"""Notes are cut where they begin, and silence belongs to none."""

from itertools import pairwise

import numpy as np
import pytest
from joined_notes import joined, some_notes
from mir_eval.util import match_events
from pydantic import ValidationError

from auricle.audio.synthesis.notes.params import INSTRUMENT_NAMES
from auricle.inference.onsets import PassageParams, find_notes

RATE = 22_050


def spans_s(samples: np.ndarray, rate: int = RATE, **params: float) -> list[tuple[float, float]]:
    return [
        (start / rate, stop / rate)
        for start, stop in find_notes(samples.astype(np.float32), rate, PassageParams(**params))
    ]


def sound(seconds: float, frequency: float, rate: int = RATE) -> np.ndarray:
    """A tone with overtones and soft edges of 5 ms."""
    time = np.arange(round(seconds * rate)) / rate
    edge = np.clip(np.minimum(time, time[::-1]) / 0.005, 0, 1)
    tones = [np.sin(2 * np.pi * frequency * number * time) / number for number in (1, 2, 3)]
    return 0.2 * edge * np.sum(tones, axis=0)


def silence(seconds: float, rate: int = RATE) -> np.ndarray:
    return np.zeros(round(seconds * rate))


@pytest.mark.parametrize(
    ("what", "good", "gaps_s", "least"),
    [
        ("good notes, one after the other", True, (0.0, 0.15), 0.95),
        ("notes with faults, one after the other", False, (0.0, 0.15), 0.93),
        ("notes with faults that overlap by up to 120 ms", False, (-0.12, 0.0), 0.75),
    ],
)
def test_onsets_of_joined_notes_are_found(what, good, gaps_s, least) -> None:
    """F-measure within 50 ms, as MIREX counts it, over all twelve instruments."""
    pairs = expected = found = 0
    for instrument in INSTRUMENT_NAMES:
        samples, onsets = joined(some_notes(instrument, 6, good=good), gaps_s)
        starts = [start for start, _ in spans_s(samples)]
        pairs += len(match_events(onsets, starts, 0.05))
        expected, found = expected + len(onsets), found + len(starts)
    f_measure = 2 * pairs / (expected + found)
    print(  # noqa: T201
        f"\nonsets of {what}: precision {pairs / found:.3f}, recall {pairs / expected:.3f}, F {f_measure:.3f}"
        f" ({expected} notes)"
    )
    assert f_measure >= least


def test_silence_belongs_to_no_note() -> None:
    passage = np.concatenate([silence(0.5), sound(0.4, 330), silence(0.6), sound(0.3, 440), silence(0.5)])
    found = spans_s(passage)
    assert np.ravel(found) == pytest.approx([0.5, 0.9, 1.5, 1.8], abs=0.05)


def test_notes_without_a_rest_end_where_the_next_begins() -> None:
    found = spans_s(np.concatenate([sound(0.5, 330), sound(0.5, 495), sound(0.5, 660)]))
    assert [start for start, _ in found] == pytest.approx([0.0, 0.5, 1.0], abs=0.05)
    assert all(end == start for (_, end), (start, _) in pairwise(found))
    assert found[-1][1] == pytest.approx(1.5, abs=0.05)


def test_a_note_ends_where_its_sound_ends_though_the_next_follows_soon() -> None:
    (_, end), (start, _) = spans_s(np.concatenate([sound(0.5, 330), silence(0.15), sound(0.5, 440)]))
    assert end == pytest.approx(0.5, abs=0.04)
    assert start == pytest.approx(0.65, abs=0.04)


def test_a_short_pause_lies_within_a_note_and_a_long_one_does_not() -> None:
    """The pause is entered so softly, and left so slowly, that it is no onset."""
    time = np.arange(2 * RATE) / RATE
    swell = 10 ** (-80 / 20 * np.clip(1 - np.abs(time - 1) / 0.5, 0, 1))
    passage = swell * 0.3 * np.sin(2 * np.pi * 440 * time)
    assert len(spans_s(passage, min_rest_s=1.0, threshold=1.0)) == 1
    apart = spans_s(passage, min_rest_s=0.1, threshold=1.0)
    assert len(apart) == 2
    assert apart[0][1] < 1 < apart[1][0]


def test_what_is_shorter_than_a_note_is_none() -> None:
    passage = np.concatenate([sound(0.5, 330), silence(0.4), sound(0.1, 900), silence(0.4), sound(0.5, 440)])
    assert len(spans_s(passage)) == 3
    assert len(spans_s(passage, min_note_s=0.25)) == 2


def test_onsets_nearer_than_a_note_are_one_note() -> None:
    fast = np.concatenate([sound(0.12, 330 * 1.5 ** (number % 3)) for number in range(9)])
    assert len(spans_s(fast, min_note_s=0.06)) >= 8
    found = spans_s(fast, min_note_s=0.3)
    assert all(end - start >= 0.3 for start, end in found)
    assert found[0][0] == pytest.approx(0, abs=0.05)
    assert found[-1][1] == pytest.approx(9 * 0.12, abs=0.05)


@pytest.mark.parametrize("params", [{}, {"min_rest_s": 0.0}, {"min_note_s": 0.4}, {"silence_db": 20.0}])
def test_notes_lie_within_the_recording_and_apart(params) -> None:
    shortest = params.get("min_note_s", 0.1)
    for instrument in ("flute", "violin", "trumpet"):
        samples, _ = joined(some_notes(instrument, 5), (-0.1, 0.3))
        samples = samples[: len(samples) - 1000]  # cut off while something sounds
        found = spans_s(samples, **params)
        assert found
        assert found[0][0] >= 0
        assert found[-1][1] <= len(samples) / RATE
        assert all(end <= start for (_, end), (start, _) in pairwise(found))
        assert all(end - start >= shortest - 1e-3 for start, end in found)


def test_a_higher_threshold_finds_no_more() -> None:
    samples, _ = joined(some_notes("violin", 6), (-0.1, 0.0))
    counts = [len(spans_s(samples, threshold=threshold)) for threshold in (0.02, 0.1, 0.5, 1.0)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


def test_backtracking_moves_onsets_back() -> None:
    samples, _ = joined(some_notes("cello", 4, good=True), (0.1, 0.1))
    back, steepest = (
        [start for start, _ in find_notes(samples, RATE, PassageParams(backtrack=backtrack))]
        for backtrack in (True, False)
    )
    assert len(back) == len(steepest)
    assert all(one < other for one, other in zip(back, steepest, strict=True))


@pytest.mark.parametrize("rate", [8_000, 44_100])
def test_any_rate_will_do(rate) -> None:
    passage = np.concatenate([sound(0.5, 330, rate), silence(0.3, rate), sound(0.5, 440, rate)])
    assert [start for start, _ in spans_s(passage, rate)] == pytest.approx([0.0, 0.8], abs=0.05)


@pytest.mark.parametrize("samples", [silence(1.0), np.full(RATE, 1e-6), silence(0.01), np.full(1, 0.1)])
def test_where_nobody_plays_there_are_no_notes(samples) -> None:
    assert spans_s(samples) == []


@pytest.mark.parametrize(
    "params", [{"min_note_s": 0.0}, {"silence_db": 5}, {"threshold": 0}, {"min_rest_s": -1}, {"hop": 3}]
)
def test_parameters_have_bounds(params) -> None:
    with pytest.raises(ValidationError):
        PassageParams(**params)
