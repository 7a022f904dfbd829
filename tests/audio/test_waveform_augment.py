"""Altered copies: each does what it says to the sound, and is the same in any process and order."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from auricle.audio.waveform_augment import (
    Change,
    Kind,
    VariantParams,
    add_noise,
    change_of,
    shift_pitch,
    stretch_time,
)

RATE = 16_000
EVERYTHING = VariantParams(count=3)


def tone(frequency: float, seconds: float = 2.0) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def loudest(samples: np.ndarray) -> float:
    """Frequency of the loudest partial, in Hz."""
    windowed = samples * np.hanning(len(samples))
    return float(np.abs(np.fft.rfft(windowed)).argmax() * RATE / len(samples))


class TestPitch:
    @pytest.mark.parametrize("semitones", [-2.0, -0.5, 1.3, 2.0])
    def test_moves_and_the_length_stays(self, semitones: float) -> None:
        shifted = shift_pitch(tone(440), RATE, semitones)
        assert shifted.dtype == np.float32
        assert len(shifted) == 2 * RATE
        assert loudest(shifted) == pytest.approx(440 * 2 ** (semitones / 12), rel=5e-3)


class TestStretch:
    @pytest.mark.parametrize("rate", [0.9, 1.07, 1.1])
    def test_changes_the_length_and_the_pitch_stays(self, rate: float) -> None:
        stretched = stretch_time(tone(440), rate)
        assert stretched.dtype == np.float32
        assert len(stretched) == pytest.approx(2 * RATE / rate, abs=1)
        assert loudest(stretched) == pytest.approx(440, rel=5e-3)


class TestNoise:
    @pytest.mark.parametrize("snr_db", [0.0, 20.0, 40.0])
    def test_is_so_many_decibels_below(self, snr_db: float) -> None:
        clean = tone(440)
        added = add_noise(clean, snr_db, np.random.default_rng(0)) - clean
        measured = 10 * np.log10(np.mean(clean**2) / np.mean(added**2))
        assert measured == pytest.approx(snr_db, abs=0.2)
        assert added.dtype == np.float32


@pytest.mark.parametrize(("kind", "amount"), [("pitch", 1.5), ("stretch", 1.1), ("noise", 20.0)])
def test_clips_of_a_tenth_of_a_second_can_be_altered(kind: Kind, amount: float) -> None:
    altered = Change(kind, amount, noise_seed=0)(tone(440, 0.1), RATE)
    assert len(altered) == pytest.approx(0.1 * RATE, rel=0.1)
    assert np.isfinite(altered).all()
    assert altered.std() > 0.05


def drawn(params: VariantParams = EVERYTHING, recordings: int = 300, number: int = 1) -> list[Change]:
    return [change_of(params, f"{recording:016x}", number) for recording in range(recordings)]


class TestDraws:
    def test_are_of_every_kind_and_within_their_ranges(self) -> None:
        amounts: dict[str, list[float]] = {"pitch": [], "stretch": [], "noise": []}
        for change in drawn():
            amounts[change.kind].append(change.amount)
        assert min(map(len, amounts.values())) > 60
        for kind, (low, high) in {"pitch": (-2, 2), "stretch": (0.9, 1.1), "noise": (20, 40)}.items():
            assert low <= min(amounts[kind]) < max(amounts[kind]) <= high
            assert max(amounts[kind]) - min(amounts[kind]) > 0.8 * (high - low)

    def test_differ_between_recordings_numbers_and_seeds(self) -> None:
        first = drawn()
        assert len(set(first)) == len(first)
        assert not set(first) & set(drawn(number=2))
        assert not set(first) & set(drawn(VariantParams(count=3, seed=1)))

    def test_do_not_depend_on_how_many_copies_there_are(self) -> None:
        assert drawn(VariantParams(count=50)) == drawn()

    def test_are_the_same_in_another_process(self) -> None:
        code = (
            "from auricle.audio.waveform_augment import VariantParams, change_of\n"
            "print(change_of(VariantParams(count=3), '5f0c64b1d1f3a9e2', 2))"
        )
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        assert said.strip() == str(change_of(EVERYTHING, "5f0c64b1d1f3a9e2", 2))

    @pytest.mark.parametrize(
        ("params", "kind"),
        [
            ({"stretch": (1, 1), "noise_snr_db": None}, "pitch"),
            ({"pitch_semitones": 0, "noise_snr_db": None}, "stretch"),
            ({"pitch_semitones": 0, "stretch": (1, 1)}, "noise"),
        ],
    )
    def test_are_only_of_what_is_allowed(self, params: dict[str, Any], kind: str) -> None:
        changes = drawn(VariantParams(count=1, **params), recordings=40)
        assert {change.kind for change in changes} == {kind}

    def test_make_the_same_noise_again(self) -> None:
        change = next(change for change in drawn() if change.kind == "noise")
        np.testing.assert_array_equal(change(tone(440), RATE), change(tone(440), RATE))


class TestParams:
    def test_alter_nothing_unless_asked_to(self) -> None:
        assert not VariantParams().enabled
        assert VariantParams(count=1).enabled
        assert VariantParams(mode="on_the_fly").enabled

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"stretch": (1.1, 0.9)}, r"stretch \[1.1, 0.9\] must rise"),
            ({"stretch": (0.1, 1.0)}, "in 0.5 to 2"),
            ({"noise_snr_db": (40, 20)}, r"noise_snr_db \[40.0, 20.0\] must rise"),
            ({"pitch_semitones": -1}, "greater than or equal to 0"),
            ({"count": 2, "pitch_semitones": 0, "stretch": (1, 1), "noise_snr_db": None}, "change nothing"),
            (
                {"mode": "on_the_fly", "pitch_semitones": 0, "stretch": (1, 1), "noise_snr_db": None},
                "change nothing",
            ),
            ({"mode": "on_the_fly", "count": 2}, "count is 2, but mode is on_the_fly"),
            ({"mode": "on_the_fly", "altered_share": 0}, "greater than 0"),
            ({"mode": "now"}, "'stored' or 'on_the_fly'"),
        ],
    )
    def test_that_cannot_be_are_refused(self, params: dict[str, Any], message: str) -> None:
        with pytest.raises(ValidationError, match=message):
            VariantParams(**params)

    def test_digest_is_that_of_what_is_altered_and_not_of_how_often(self) -> None:
        digest = EVERYTHING.digest("front")
        assert VariantParams(count=9).digest("front") == digest
        assert VariantParams(mode="on_the_fly", altered_share=0.5).digest("front") == digest
        others = [{"pitch_semitones": 1}, {"stretch": (0.8, 1.1)}, {"noise_snr_db": None}, {"seed": 1}]
        digests = {VariantParams(**other).digest("front") for other in others} | {EVERYTHING.digest("back")}
        assert len(digests | {digest}) == 6
