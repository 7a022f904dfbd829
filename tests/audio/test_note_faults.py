"""Faults of synthesized notes: each does what its name says, as strongly as it says, and little else."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from note_measures import Measures, between_harmonics_db, harmonics_db, level_db, measure

from auricle.audio.synthesis.notes.curves import SAMPLE_RATE
from auricle.audio.synthesis.notes.instruments import INSTRUMENTS
from auricle.audio.synthesis.notes.labels import GOOD, LABELS, Label, labels_of
from auricle.audio.synthesis.notes.note import Note, Played, play

# One of each family; all long enough for what takes time.
NOTES = {
    "reed": Note(3, "sax_alto", 1, 5, 2.5, GOOD, 0.7),
    "string": Note(3, "violin", 1, 3, 2.5, GOOD, 0.7),
    "brass": Note(3, "trumpet", 1, 2, 2.5, GOOD, 0.7),
    "flute": Note(3, "flute", 1, 4, 2.5, GOOD, 0.7),
}
ATTACK_OVER_S = 0.55
ATTACKS = [label for label in LABELS if "attack" in label]
# What each fault may change of the sound after the attack, beside good-sound's own.
MEANT: dict[str, set[str]] = {
    "pitch": {"pitch"},
    "dynamics": {"level", "noise"},
    "timbre": {"tilt"},
    "richness": {"tilt"},
    "air": {"noise"},
    "attack": set(),
}


def good_and_bad(label: Label, strength: float = 0.7, family: str | None = None) -> tuple[Played, Played]:
    possible = [note for note in NOTES.values() if label in labels_of(INSTRUMENTS[note.instrument].family)]
    note = NOTES[family] if family else possible[0]
    return play(note), play(replace(note, label=label, strength=strength))


@cache
def rendered(note: Note) -> np.ndarray:
    return play(note).render()


def sound(played: Played) -> np.ndarray:
    return rendered(played.note)


def sustained(played: Played) -> Measures:
    return measure(sound(played), played.hz, ATTACK_OVER_S, played.gesture.stop_s - 0.05)


def onset(played: Played, seconds: float = 0.5) -> np.ndarray:
    """Level over the first half second in steps of 3 ms, relative to the sustained level."""
    stop = int((played.gesture.stop_s - 0.1) * SAMPLE_RATE)
    plateau = np.median(level_db(sound(played)[int(ATTACK_OVER_S * SAMPLE_RATE) : stop]))
    return np.asarray(level_db(sound(played)[: int(seconds * SAMPLE_RATE)], 128, 64) - plateau)


def rise_ms(played: Played) -> float:
    """Time from 10 % to 90 % of the sustained amplitude."""
    levels = onset(played, 1.5)
    return float((np.argmax(levels > -0.92) - np.argmax(levels > -20)) * 64 / SAMPLE_RATE * 1000)


def strength_of(played: Played) -> float:
    assert played.strength is not None
    return played.strength.value


class TestNothingElse:
    @pytest.mark.parametrize("label", [label for label in LABELS if label != GOOD])
    def test_only_what_is_named_changes(self, label: Label) -> None:
        # A sixth harmonic that moves by a semitone would be measured where the next one should be.
        strength = 0.3 if "pitch" in label else 0.7
        before, after = (sustained(played) for played in good_and_bad(label, strength))
        meant = next(MEANT[aspect] for aspect in MEANT if aspect in label.replace("air-", "air"))
        changes = {
            "pitch": abs(np.std(after.cents) - np.std(before.cents)) > 2,
            "level": abs(np.std(after.level_db) - np.std(before.level_db)) > 0.4,
            "tilt": abs(np.mean(after.tilt_db) - np.mean(before.tilt_db)) > 1.5
            or abs(np.std(after.tilt_db) - np.std(before.tilt_db)) > 1.0,
            "noise": abs(after.noise_db - before.noise_db) > 3,
        }
        # Harmonics that move lie between where harmonics should be, and no measure can keep the two apart.
        unmeasurable = {"noise"} if "pitch" in meant else set()
        changed = {name for name, is_changed in changes.items() if is_changed} - unmeasurable
        assert changed <= meant
        assert meant - {"noise"} <= changed

    @pytest.mark.parametrize("label", ATTACKS)
    def test_a_fault_of_the_attack_leaves_the_rest_as_it_was(self, label: Label) -> None:
        good, bad = good_and_bad(label, 0.4)
        later = slice(int(1.2 * SAMPLE_RATE), int(2.0 * SAMPLE_RATE))
        np.testing.assert_allclose(sound(bad)[later], sound(good)[later], atol=2e-3)
        assert (
            np.abs(sound(bad)[: int(0.4 * SAMPLE_RATE)] - sound(good)[: int(0.4 * SAMPLE_RATE)]).max() > 0.002
        )

    @pytest.mark.parametrize("label", [label for label in LABELS if label != GOOD])
    def test_stronger_is_stronger_and_has_a_unit(self, label: Label) -> None:
        weak, strong = (good_and_bad(label, strength)[1].strength for strength in (0.1, 0.9))
        assert weak is not None and strong is not None
        assert strong.value > weak.value
        assert weak.unit in {"cents", "dB", "dB/octave", "ms"}


class TestPitch:
    @pytest.mark.parametrize("strength", [0.4, 1.0])
    def test_drift_has_its_standard_deviation(self, strength: float) -> None:
        _, bad = good_and_bad("bad-pitch-stability", strength)
        assert np.std(sustained(bad).cents) == pytest.approx(strength_of(bad), rel=0.35)

    @pytest.mark.parametrize("family", list(NOTES))
    def test_vibrato_is_as_wide_as_it_says_and_uneven(self, family: str) -> None:
        _, bad = good_and_bad("bad-pitch-stability-vibrato", 0.7, family)
        cents = sustained(bad).cents
        assert np.std(cents) * np.sqrt(2) == pytest.approx(strength_of(bad), rel=0.35)
        turns = np.flatnonzero(np.diff(np.sign(np.diff(cents))))
        widths = np.abs(np.diff(cents[turns]))
        widths = widths[widths > 5]
        assert np.std(widths) / np.mean(widths) > 0.2

    def test_an_error_slips_by_what_it_says(self) -> None:
        _, bad = good_and_bad("bad-pitch-stability-errors")
        cents = sustained(bad).cents
        assert np.ptp(cents) == pytest.approx(strength_of(bad), rel=0.3)


class TestDynamics:
    @pytest.mark.parametrize("family", list(NOTES))
    @pytest.mark.parametrize(("label", "sign"), [("crescendo", 1), ("decrescendo", -1)])
    def test_swells_by_what_it_says(self, family: str, label: str, sign: int) -> None:
        name: Label = "bad-dynamics-stability-crescendo" if sign > 0 else "bad-dynamics-stability-decrescendo"
        good, bad = good_and_bad(name, 0.7, family)
        gain = sustained(bad).level_db - sustained(good).level_db
        share = (bad.gesture.stop_s - 0.05 - ATTACK_OVER_S) / bad.gesture.sounding_s
        assert sign * (gain[-5:].mean() - gain[:5].mean()) == pytest.approx(
            strength_of(bad) * share, rel=0.35
        )

    def test_wanders_by_its_standard_deviation(self) -> None:
        _, bad = good_and_bad("bad-dynamics-stability")
        assert np.std(sustained(bad).level_db) == pytest.approx(strength_of(bad), rel=0.4)

    def test_tremolo_trembles_regularly(self) -> None:
        good, bad = good_and_bad("bad-dynamics-stability-tremolo")
        gain = sustained(bad).level_db - sustained(good).level_db
        assert np.ptp(gain) == pytest.approx(strength_of(bad), rel=0.3)
        spectrum = np.abs(np.fft.rfft((gain - gain.mean()) * np.hanning(len(gain))))
        rate = np.fft.rfftfreq(len(gain), 256 / SAMPLE_RATE)[spectrum.argmax()]
        assert 3.5 < rate < 8.5

    def test_an_error_is_a_hole_or_a_bump(self) -> None:
        good, bad = good_and_bad("bad-dynamics-stability-errors")
        gain = sustained(bad).level_db - sustained(good).level_db
        gain -= np.median(gain[-4:])
        assert np.abs(gain).max() == pytest.approx(strength_of(bad), rel=0.3)

    def test_louder_is_brighter(self) -> None:
        trumpet = replace(NOTES["brass"], label="bad-dynamics-stability-crescendo", strength=1.0)
        tilts = sustained(play(trumpet)).tilt_db
        assert tilts[-4:].mean() > tilts[:4].mean() + 0.5


class TestTimbre:
    def test_wanders_by_its_standard_deviation(self) -> None:
        _, bad = good_and_bad("bad-timbre-stability")
        assert np.std(sustained(bad).tilt_db) == pytest.approx(strength_of(bad), rel=0.4)

    def test_an_error_jumps_by_what_it_says(self) -> None:
        good, bad = good_and_bad("bad-timbre-stability-errors")
        change = sustained(bad).tilt_db - sustained(good).tilt_db
        assert np.ptp(change) == pytest.approx(strength_of(bad), rel=0.3)

    # A flute's upper harmonics fall into its breath, where they cannot be measured.
    @pytest.mark.parametrize("family", ["reed", "string", "brass"])
    def test_poor_sounds_fall_faster(self, family: str) -> None:
        good, bad = good_and_bad("bad-richness", 0.7, family)
        fall = np.mean(sustained(good).tilt_db) - np.mean(sustained(bad).tilt_db)
        assert fall == pytest.approx(strength_of(bad), rel=0.3)

    def test_bagpipes_fall_more_slowly_and_have_even_harmonics(self) -> None:
        note = replace(NOTES["reed"], instrument="clarinet", take=2, duration_s=1.0)
        good, bad = play(note), play(replace(note, label="bad-richness-gaita"))
        assert good.hz < 400
        stretch = slice(int(0.4 * SAMPLE_RATE), int(0.8 * SAMPLE_RATE))
        before, after = (harmonics_db(sound(played)[stretch], played.hz) for played in (good, bad))
        assert after[1] > before[1] + 8
        assert after[2:].mean() > before[2:].mean() + 5

    def test_ducks_quack_near_their_formant(self) -> None:
        good, bad = good_and_bad("bad-richness-pato")
        stretch = slice(int(0.8 * SAMPLE_RATE), int(1.8 * SAMPLE_RATE))
        before, after = (harmonics_db(sound(played)[stretch], played.hz) for played in (good, bad))
        centre = bad.gesture.colour.resonances[0][0]
        nearest = round(centre / bad.hz) - 1
        assert after[nearest] - before[nearest] > 0.6 * strength_of(bad)


class TestAir:
    @pytest.mark.parametrize("label", ["air-inside", "air-outside"])
    @pytest.mark.parametrize("family", ["reed", "brass", "flute"])
    def test_more_noise_between_the_harmonics(self, label: Label, family: str) -> None:
        good, bad = good_and_bad(label, 0.7, family)
        before, after = sustained(good).noise_db, sustained(bad).noise_db
        # Other noise is there already, so that the sum grows by less.
        assert 0.35 * strength_of(bad) < after - before < strength_of(bad) + 3

    def test_air_inside_is_shaped_by_the_bore_and_air_outside_is_not(self) -> None:
        noises = {}
        for label in ("air-inside", "air-outside"):
            good, bad = good_and_bad(label, 1.0)
            noise = (sound(bad) - sound(good))[int(0.6 * SAMPLE_RATE) : int(2.1 * SAMPLE_RATE)]
            noises[label] = between_harmonics_db(noise, good.hz, lowest=400)
        assert noises["air-inside"] < noises["air-outside"] - 2


class TestAttack:
    @pytest.mark.parametrize("family", list(NOTES))
    def test_slow_ones_rise_as_slowly_as_they_say(self, family: str) -> None:
        good, bad = good_and_bad("bad-attack", 0.6, family)
        assert rise_ms(bad) == pytest.approx(strength_of(bad), rel=0.4)
        assert rise_ms(bad) > 1.8 * rise_ms(good)

    @pytest.mark.parametrize("label", ["good-attack-accent", "bad-attack-too-strong"])
    def test_strong_ones_overshoot_by_what_they_say(self, label: Label) -> None:
        good, bad = good_and_bad(label)
        assert onset(bad).max() - onset(good).max() == pytest.approx(strength_of(bad), rel=0.45)

    def test_a_blocked_tongue_leaves_a_gap(self) -> None:
        _, bad = good_and_bad("bad-attack-tongue-block", 0.8)
        levels = onset(bad)
        blip = int(np.argmax(levels > -12))
        gap = levels[blip:]
        silent = np.flatnonzero(gap < -12)
        assert len(silent) * 64 / SAMPLE_RATE * 1000 == pytest.approx(strength_of(bad), rel=0.3)
        assert (np.diff(silent) == 1).all()

    def test_a_multiphonic_begins_with_other_pitches(self) -> None:
        good, bad = good_and_bad("bad-attack-multiphonic", 1.0)
        first = slice(int(0.06 * SAMPLE_RATE), int(0.3 * SAMPLE_RATE))
        assert between_harmonics_db(sound(bad)[first], bad.hz) > (
            between_harmonics_db(sound(good)[first], good.hz) + 15
        )

    @pytest.mark.parametrize("family", ["reed", "brass"])
    def test_a_crack_begins_in_another_mode(self, family: str) -> None:
        good, bad = good_and_bad("bad-attack-gallo", 0.9, family)
        length = strength_of(bad) / 1000
        begin = int((bad.gesture.start_s + 0.3 * length) * SAMPLE_RATE)
        stretch = slice(begin, begin + int(0.5 * length * SAMPLE_RATE))
        higher = bad.hz * bad.gesture.crack
        assert between_harmonics_db(sound(bad)[stretch], higher, 0.3 * bad.hz) < -15
        assert between_harmonics_db(sound(good)[stretch], higher, 0.3 * bad.hz) > -6

    def test_air_is_there_before_the_tone(self) -> None:
        _, bad = good_and_bad("bad-attack-air", 0.8)
        start = int((bad.gesture.start_s + 0.4 * bad.gesture.delay_s) * SAMPLE_RATE)
        stop = int((bad.gesture.start_s + 0.95 * bad.gesture.delay_s) * SAMPLE_RATE)
        early = sound(bad)[start:stop]
        assert between_harmonics_db(early, bad.hz) > -10
        assert np.median(level_db(early, 256)) - np.median(
            level_db(sound(bad)[int(0.6 * SAMPLE_RATE) : int(2 * SAMPLE_RATE)])
        ) == pytest.approx(strength_of(bad), abs=5)
