"""The faults: each changes what its name says of a good gesture, by a strength that is measured.

A fault takes the gesture, a position from 0 (hardly more than what good players do) to 1 (gross), and a
random generator; it returns the changed gesture and how strong the fault is, in a unit. Strengths rise
geometrically between the two, so that the weak ones are as many as the strong ones.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from auricle.audio.synthesis.notes import attacks
from auricle.audio.synthesis.notes.curves import Curve, amplitude, wander, window
from auricle.audio.synthesis.notes.gesture import Colour, Gesture
from auricle.audio.synthesis.notes.labels import Label
from auricle.audio.synthesis.notes.strength import Strength, between

Fault = Callable[[Gesture, float, np.random.Generator], tuple[Gesture, Strength]]


def _wandering_pitch(gesture: Gesture, position: float, rng: np.random.Generator) -> tuple[Gesture, Strength]:
    """The pitch drifts without a period: standard deviation of 10 to 65 cents."""
    cents = between(10, 65, position)
    curve = cents * wander(gesture.time, rng.uniform(0.6, 2.0), rng)
    return replace(gesture, cents=gesture.cents + curve), Strength(cents, "cents")


def _uneven_vibrato(gesture: Gesture, position: float, rng: np.random.Generator) -> tuple[Gesture, Strength]:
    """A vibrato that changes its width and its rate as it goes: 20 to 100 cents to either side on average."""
    cents = between(20, 100, position)
    rate = rng.uniform(3.5, 8.0) * np.clip(1 + 0.22 * wander(gesture.time, 1.2, rng), 0.4, 1.7)
    phase = np.cumsum(rate) * float(gesture.time[1]) + rng.random()
    width = cents * np.clip(1 + 0.45 * wander(gesture.time, 1.5, rng), 0.1, 2.0)
    return replace(gesture, cents=gesture.cents + width * np.sin(2 * np.pi * phase)), Strength(cents, "cents")


def _pitch_error(gesture: Gesture, position: float, rng: np.random.Generator) -> tuple[Gesture, Strength]:
    """For a part of the note the pitch slips by 30 to 170 cents, up or down."""
    cents = between(30, 170, position)
    sign = rng.choice((-1.0, 1.0))
    return replace(gesture, cents=gesture.cents + sign * cents * _lapse(gesture, rng)), Strength(
        cents, "cents"
    )


def _wandering_level(gesture: Gesture, position: float, rng: np.random.Generator) -> tuple[Gesture, Strength]:
    """The level wanders: standard deviation of 1.5 to 7 dB."""
    decibels = between(1.5, 7.0, position)
    curve = decibels * wander(gesture.time, rng.uniform(0.8, 2.5), rng)
    return replace(gesture, level_db=gesture.level_db + curve), Strength(decibels, "dB")


def _swell(sign: float) -> Fault:
    def swell(gesture: Gesture, position: float, rng: np.random.Generator) -> tuple[Gesture, Strength]:
        """The level rises or falls by 4 to 20 dB from the beginning to the end."""
        decibels = between(4, 20, position)
        course = np.clip((gesture.time - gesture.start_s) / gesture.sounding_s, 0, 1) ** rng.uniform(0.7, 1.4)
        return replace(gesture, level_db=gesture.level_db + sign * decibels * (course - 0.5)), Strength(
            decibels, "dB"
        )

    return swell


def _tremolo(gesture: Gesture, position: float, rng: np.random.Generator) -> tuple[Gesture, Strength]:
    """The level trembles at 4 to 8 Hz, by 3 to 15 dB from crest to trough."""
    decibels = between(3, 15, position)
    rate = rng.uniform(4, 8) * (1 + 0.04 * wander(gesture.time, 1.0, rng))
    phase = np.cumsum(rate) * float(gesture.time[1]) + rng.random()
    return replace(gesture, level_db=gesture.level_db + 0.5 * decibels * np.sin(2 * np.pi * phase)), Strength(
        decibels, "dB"
    )


def _level_error(gesture: Gesture, position: float, rng: np.random.Generator) -> tuple[Gesture, Strength]:
    """For a part of the note the level drops, or more rarely jumps up, by 5 to 22 dB."""
    decibels = between(5, 22, position)
    sign = -1.0 if rng.random() < 0.75 else 0.5
    return replace(gesture, level_db=gesture.level_db + sign * decibels * _lapse(gesture, rng)), Strength(
        abs(sign) * decibels, "dB"
    )


def _wandering_timbre(
    gesture: Gesture, position: float, rng: np.random.Generator
) -> tuple[Gesture, Strength]:
    """The brightness wanders at the same level: standard deviation of 1.5 to 7 dB per octave."""
    tilt = between(1.5, 7.0, position)
    curve = tilt * wander(gesture.time, rng.uniform(1.0, 3.0), rng)
    return replace(gesture, tilt_db=gesture.tilt_db + curve), Strength(tilt, "dB/octave")


def _timbre_error(gesture: Gesture, position: float, rng: np.random.Generator) -> tuple[Gesture, Strength]:
    """For a part of the note the sound is brighter or duller by 4 to 16 dB per octave."""
    tilt = between(4, 16, position)
    sign = rng.choice((-1.0, 1.0))
    return replace(gesture, tilt_db=gesture.tilt_db + sign * tilt * _lapse(gesture, rng)), Strength(
        tilt, "dB/octave"
    )


def _lapse(gesture: Gesture, rng: np.random.Generator) -> Curve:
    """1 for a fifth to a half of the note after its attack, 0 elsewhere, with soft edges."""
    length = rng.uniform(0.2, 0.5) * gesture.sounding_s
    earliest = gesture.start_s + 0.15 * gesture.sounding_s
    start = rng.uniform(earliest, max(earliest, gesture.stop_s - length))
    return window(gesture.time, start, start + length, 0.2 * length)


def _poor(gesture: Gesture, position: float, rng: np.random.Generator) -> tuple[Gesture, Strength]:
    """Few harmonics: the spectrum falls by a further 4 to 14 dB per octave."""
    tilt = between(4, 14, position)
    return replace(gesture, tilt_db=gesture.tilt_db - tilt), Strength(tilt, "dB/octave")


def _duck(gesture: Gesture, position: float, rng: np.random.Generator) -> tuple[Gesture, Strength]:
    """Pato, duck: a narrow nasal formant of 8 to 24 dB near 1.2 kHz, and little fundamental."""
    decibels = between(8, 24, position)
    centre = rng.uniform(1000, 1450)
    colour = Colour(((centre, 0.25 * centre, float(amplitude(decibels)) - 1.0),), -0.5 * decibels)
    return replace(gesture, colour=colour), Strength(decibels, "dB")


def _bagpipe(gesture: Gesture, position: float, rng: np.random.Generator) -> tuple[Gesture, Strength]:
    """Gaita, bagpipe: all harmonics, even ones too, and by 3 to 10 dB per octave stronger ones on high."""
    tilt = between(3, 10, position)
    colour = Colour(((rng.uniform(2400, 3200), 1200.0, 0.5 * position + 0.5),), 0.0, 1.0)
    return replace(gesture, colour=colour, tilt_db=gesture.tilt_db + tilt), Strength(tilt, "dB/octave")


def _air_inside(gesture: Gesture, position: float, rng: np.random.Generator) -> tuple[Gesture, Strength]:
    """Breath in the sound: noise that the bore shapes is stronger by 9 to 30 dB."""
    decibels = between(9, 30, position)
    return replace(gesture, inside_db=gesture.inside_db + decibels), Strength(decibels, "dB")


def _air_outside(gesture: Gesture, position: float, rng: np.random.Generator) -> tuple[Gesture, Strength]:
    """Air that escapes beside the mouthpiece: a hiss that no bore shapes is stronger by 12 to 38 dB."""
    decibels = between(12, 38, position)
    return replace(gesture, outside_db=gesture.outside_db + decibels), Strength(decibels, "dB")


FAULTS: dict[Label, Fault] = {
    "good-attack-accent": attacks.accent,
    "bad-attack": attacks.slow,
    "bad-attack-tongue-block": attacks.tongue_block,
    "bad-attack-too-strong": attacks.too_strong,
    "bad-attack-multiphonic": attacks.multiphonic,
    "bad-attack-gallo": attacks.crack,
    "bad-attack-air": attacks.air,
    "bad-pitch-stability": _wandering_pitch,
    "bad-pitch-stability-vibrato": _uneven_vibrato,
    "bad-pitch-stability-errors": _pitch_error,
    "bad-dynamics-stability": _wandering_level,
    "bad-dynamics-stability-crescendo": _swell(1.0),
    "bad-dynamics-stability-decrescendo": _swell(-1.0),
    "bad-dynamics-stability-tremolo": _tremolo,
    "bad-dynamics-stability-errors": _level_error,
    "bad-timbre-stability": _wandering_timbre,
    "bad-timbre-stability-errors": _timbre_error,
    "bad-richness": _poor,
    "bad-richness-pato": _duck,
    "bad-richness-gaita": _bagpipe,
    "air-inside": _air_inside,
    "air-outside": _air_outside,
}
