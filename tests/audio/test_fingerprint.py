"""Fingerprints: what they hold, and what leaves them as they are."""

import numpy as np
import pytest

from auricle.audio.fingerprint import (
    FRAMES_PER_SECOND,
    HOP_LENGTH,
    N_FFT,
    SAMPLE_RATE,
    fingerprint,
    from_bytes,
    to_bytes,
    unpack,
)
from auricle.audio.landmarks import agreement, hashes
from auricle.errors import AudioError


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(round(seconds * SAMPLE_RATE)).astype(np.float32)


def clicks_of_tone(hz: float, at: list[float], seconds: float = 4.0) -> np.ndarray:
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    bursts = sum(np.exp(-(((time - start) / 0.05) ** 2)) for start in at)
    return (np.sin(2 * np.pi * hz * time) * bursts).astype(np.float32)


class TestPeaks:
    def test_are_where_and_when_something_sounds(self) -> None:
        frames, bins = unpack(fingerprint(clicks_of_tone(1000.0, [1.0, 2.5])))
        loudest = {1.0, 2.5}
        assert {min(loudest, key=lambda s: abs(s - f / FRAMES_PER_SECOND)) for f in frames} == loudest
        at_tone = bins == round(1000 * N_FFT / SAMPLE_RATE)
        assert np.allclose(frames[at_tone] * HOP_LENGTH / SAMPLE_RATE, [1.0, 2.5], atol=0.04)

    def test_do_not_depend_on_the_level(self) -> None:
        samples = noise(5)
        assert np.array_equal(fingerprint(samples), fingerprint(samples * np.float32(0.125)))

    def test_of_a_long_recording_do_not_show_the_blocks_it_is_computed_in(self) -> None:
        samples = noise(300)
        assert len(samples) / HOP_LENGTH > 2 * 4096
        frames, _ = unpack(fingerprint(samples))
        shift = 1000 * HOP_LENGTH
        later = fingerprint(samples[shift:])
        inside = unpack(later)[0] > 20
        moved = fingerprint(samples)[frames > 1020].astype(np.int64) - (1000 << 9)
        assert np.array_equal(later[inside], moved)

    def test_are_some_twenty_a_second(self) -> None:
        assert 15 < len(fingerprint(noise(30))) / 30 < 30

    @pytest.mark.parametrize("samples", [np.zeros(8000), np.zeros(0), np.zeros(1)])
    def test_of_silence_are_none(self, samples: np.ndarray) -> None:
        peaks = fingerprint(samples)
        assert len(peaks) == 0
        assert len(hashes(peaks).values) == 0

    def test_survive_being_stored(self) -> None:
        peaks = fingerprint(noise(2))
        assert np.array_equal(from_bytes(to_bytes(peaks)), peaks)
        assert len(to_bytes(peaks)) == 4 * len(peaks)

    def test_of_damaged_samples_are_refused(self) -> None:
        with pytest.raises(AudioError, match="sample 3 of the waveform is nan"):
            fingerprint(np.array([0.0, 1.0, 0.0, np.nan]))


class TestHashes:
    def test_of_a_copy_that_begins_later_are_the_same_at_an_offset(self) -> None:
        samples = noise(10)
        whole, piece = hashes(fingerprint(samples)), hashes(fingerprint(samples[100 * HOP_LENGTH :]))
        _, one, other = np.intersect1d(whole.values, piece.values, return_indices=True)
        assert len(one) > 0.8 * len(piece.values)
        assert np.mean(whole.frames[one] - piece.frames[other] == 100) > 0.95

    def test_of_other_sound_are_others(self) -> None:
        one, other = hashes(fingerprint(noise(30))), hashes(fingerprint(noise(30, seed=1)))
        assert len(np.intersect1d(one.values, other.values)) < 0.005 * len(one.values)


class TestAgreement:
    def test_with_itself_is_complete(self) -> None:
        peaks = fingerprint(noise(5))
        assert agreement(peaks, peaks, 0) == (1.0, len(peaks), 0)

    def test_where_both_overlap(self) -> None:
        samples = noise(10)
        whole, piece = fingerprint(samples), fingerprint(samples[100 * HOP_LENGTH :])
        assert agreement(whole, piece, 100).share > 0.9
        assert agreement(piece, whole, -100).share > 0.9
        assert agreement(whole, piece, 50).share < 0.1

    def test_of_a_copy_that_begins_between_two_frames(self) -> None:
        samples = noise(10)
        whole, piece = fingerprint(samples), fingerprint(samples[100 * HOP_LENGTH + HOP_LENGTH // 2 :])
        assert max(agreement(whole, piece, offset).share for offset in (100, 101)) > 0.4

    def test_without_an_overlap_is_none(self) -> None:
        peaks = fingerprint(noise(5))
        assert agreement(peaks, peaks, 10_000) == (0.0, 0, 10_000)
