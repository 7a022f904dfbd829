"""Faults of the attack; everything after it is as in the good note. See `faults.py` for what they return."""

from dataclasses import replace

import numpy as np

from auricle.audio.synthesis.notes.curves import Curve, amplitude, window
from auricle.audio.synthesis.notes.gesture import Gesture, Second
from auricle.audio.synthesis.notes.strength import Strength, between

# Of the time from 0 to full level along a raised cosine, what lies between 10 % and 90 %.
RISE_10_TO_90 = 0.59


def slow(gesture: Gesture, position: float, rng: np.random.Generator) -> tuple[Gesture, Strength]:
    """The tone comes up 3 to 14 times as slowly, within 60 % of the note; measured from 10 % to 90 %."""
    rise = min(between(3, 14, position) * gesture.rise_s, 0.6 * gesture.sounding_s)
    return replace(gesture, rise_s=rise), Strength(1000 * RISE_10_TO_90 * rise, "ms")


def accent(gesture: Gesture, position: float, rng: np.random.Generator) -> tuple[Gesture, Strength]:
    """An accent that is meant: the beginning is 2.5 to 5 dB louder than what follows."""
    decibels = between(2.5, 5, position)
    extra = decibels * _after_onset(gesture, rng.uniform(0.08, 0.2))
    return replace(gesture, level_db=gesture.level_db + extra), Strength(decibels, "dB")


def too_strong(gesture: Gesture, position: float, rng: np.random.Generator) -> tuple[Gesture, Strength]:
    """A burst: the beginning is 6 to 18 dB louder than what follows, and comes twice as fast."""
    decibels = between(6, 18, position)
    extra = decibels * _after_onset(gesture, rng.uniform(0.04, 0.12))
    level = gesture.level_db + extra
    return replace(gesture, level_db=level, rise_s=0.5 * gesture.rise_s), Strength(decibels, "dB")


def tongue_block(gesture: Gesture, position: float, rng: np.random.Generator) -> tuple[Gesture, Strength]:
    """The tongue stops the reed or the lips once more: a blip, 25 to 180 ms of nothing, then the tone."""
    blip = rng.uniform(0.02, 0.05)
    gap = min(between(0.025, 0.18, position), 0.45 * gesture.sounding_s)
    pulse = rng.uniform(0.4, 0.8) * window(gesture.time, gesture.start_s, gesture.start_s + blip, 0.4 * blip)
    changed = replace(gesture, blip=pulse, delay_s=blip + gap, rise_s=min(gesture.rise_s, 0.015))
    return changed, Strength(1000 * gap, "ms")


def multiphonic(gesture: Gesture, position: float, rng: np.random.Generator) -> tuple[Gesture, Strength]:
    """For 60 to 350 ms the bore sounds in two regimes at once, whose sums and differences sound too."""
    length = min(between(0.06, 0.35, position), 0.5 * gesture.sounding_s)
    weight = between(0.4, 1.0, position) * window(
        gesture.time, gesture.start_s, gesture.start_s + length, 0.25 * length
    )
    ratio = rng.choice((1.38, 1.45, 1.61, 2.28, 2.63))
    return replace(gesture, second=Second(float(ratio), weight, False)), Strength(1000 * length, "ms")


def crack(gesture: Gesture, position: float, rng: np.random.Generator) -> tuple[Gesture, Strength]:
    """Gallo, rooster: the note begins in a higher mode of the bore, for 35 to 250 ms."""
    length = min(between(0.035, 0.25, position), 0.5 * gesture.sounding_s)
    end = gesture.start_s + length
    weight = window(gesture.time, gesture.start_s - 0.02, end, 0.01)
    changed = replace(
        gesture, second=Second(gesture.crack, weight, True), rise_s=min(gesture.rise_s, 0.5 * length)
    )
    return changed, Strength(1000 * length, "ms")


def air(gesture: Gesture, position: float, rng: np.random.Generator) -> tuple[Gesture, Strength]:
    """Air before the tone: noise of -26 to -6 dB, for 50 to 200 ms and fading as the tone comes up."""
    length = min(rng.uniform(0.05, 0.2), 0.3 * gesture.sounding_s)
    decibels = -26.0 + 20.0 * position
    end = gesture.start_s + length
    puff = amplitude(decibels) * window(gesture.time, gesture.start_s, end + gesture.rise_s, 0.25 * length)
    return replace(gesture, puff=puff, delay_s=length), Strength(decibels, "dB")


def _after_onset(gesture: Gesture, decay_s: float) -> Curve:
    """1 until the tone is there, then dying away."""
    since = gesture.time - gesture.start_s - gesture.delay_s - 0.5 * gesture.rise_s
    return np.asarray(np.exp(-np.clip(since, 0, None) / min(decay_s, 0.3 * gesture.sounding_s)))
