"""What an infant does during a clip, as curves over time: melody, loudness, breath and roughness."""

from dataclasses import dataclass

import numpy as np

from auricle.audio.synthesis.cries.kinds import Traits
from auricle.audio.synthesis.notes.curves import STEP, Curve, amplitude, wander, window

SAMPLE_RATE = 16000
# Below the one a cry is a cough, above the other no infant has breath left.
_BURST_S, _PAUSE_S = (0.12, 3.5), (0.08, 2.5)


@dataclass(frozen=True)
class Gesture:
    """Everything that changes during a cry. Curves have a value each `STEP` samples.

    Attributes:
        bursts: (start, stop) of each expiration in seconds; the first may have begun before the clip.
        semitones: pitch above the infant's own.
        level: amplitude of the voice; 0 between expirations.
        breath: amplitude of the noise.
        rough: 0 to 1.
        tilt_db: brightness, in dB per octave.
    """

    bursts: tuple[tuple[float, float], ...]
    semitones: Curve
    level: Curve
    breath: Curve
    rough: Curve
    tilt_db: Curve


def points(samples: int) -> Curve:
    """Times in seconds of the points of curves that cover so many samples, one point beyond the last."""
    return np.arange(-(-samples // STEP) + 1, dtype=np.float64) * (STEP / SAMPLE_RATE)


def make_gesture(traits: Traits, duration_s: float, rng: np.random.Generator) -> Gesture:
    """A row of expirations with breaths between them."""
    time = points(round(duration_s * SAMPLE_RATE))
    bursts = _rhythm(traits, duration_s, rng)
    semitones, level, breath, rough = (np.zeros_like(time) for _ in range(4))
    for start, stop in bursts:
        inside = slice(*np.searchsorted(time, (start, stop)))
        at = time[inside]
        if not len(at):
            continue
        shape = _loudness(at, start, stop, traits, rng)
        semitones[inside] = traits.shift + rng.normal(0, 0.6) + _melody((at - start) / (stop - start), traits)
        level[inside] = shape
        rough[inside] = _roughness(at, start, stop, traits, rng)
        # Turbulence grows more slowly than the tone.
        breath[inside] = amplitude(traits.breath + 9 * rough[inside]) * shape**0.7
        _inspire(breath, time, stop, rng)
    flutter = np.clip(traits.flutter, 0.02, None) * np.sin(_phase(time, rng))
    jitter = 0.25 * wander(time, 9.0, rng) + 0.9 * rough * rng.standard_normal(len(time))
    return Gesture(
        bursts=bursts,
        semitones=semitones + flutter + jitter,
        level=level,
        breath=breath,
        rough=rough,
        tilt_db=traits.tension + 0.5 * wander(time, 2.0, rng),
    )


def _rhythm(traits: Traits, duration_s: float, rng: np.random.Generator) -> tuple[tuple[float, float], ...]:
    uneven = float(np.clip(traits.unevenness, 0.05, 0.8))
    bursts = []
    # The telephone is switched on at any moment of the cry, or a little before it.
    start = -rng.uniform(-0.3, 0.8) * 2.0**traits.burst
    start = min(start, duration_s - 0.5)  # however far kinds lie apart, a clip has a burst
    while start < duration_s - 0.1:
        length = float(np.clip(2.0 ** (traits.burst + rng.normal(0, uneven)), *_BURST_S))
        pause = float(np.clip(2.0 ** (traits.pause + rng.normal(0, uneven)), *_PAUSE_S))
        if start + length > 0.1:
            bursts.append((start, start + length))
        start += length + pause
    return tuple(bursts)


def _melody(place: Curve, traits: Traits) -> Curve:
    """Up to the highest pitch and down again, along cosines, in semitones below the highest plus the rise."""
    peak = 1.0 / (1.0 + np.exp(-traits.peak))
    up, down = np.clip(place / peak, 0, 1), np.clip((place - peak) / (1 - peak), 0, 1)
    rising = -0.5 * max(traits.rise, 0.2) * np.cos(np.pi * up)
    return np.asarray(rising - 0.5 * max(traits.fall, 0.2) * (1 - np.cos(np.pi * down)))


def _loudness(at: Curve, start: float, stop: float, traits: Traits, rng: np.random.Generator) -> Curve:
    length = stop - start
    rise = float(np.clip(2.0**traits.attack, 0.01, 0.4 * length))
    fall = float(np.clip(rng.uniform(0.15, 0.4) * length, 0.03, 0.4))
    up, down = np.clip((at - start) / rise, 0, 1), np.clip((stop - at) / fall, 0, 1)
    course = amplitude(rng.normal(0, 2.0) - rng.uniform(0, 5) * (at - start) / length)
    return np.asarray(0.25 * (1 - np.cos(np.pi * up)) * (1 - np.cos(np.pi * down)) * course)


def _roughness(at: Curve, start: float, stop: float, traits: Traits, rng: np.random.Generator) -> Curve:
    """A stretch of the expiration in which the voice breaks into period doubling and noise."""
    share = float(np.clip(traits.roughness + rng.normal(0, 0.1), 0.0, 0.95))
    length = stop - start
    begin = start + rng.uniform(0, 1 - share) * length
    if share < 0.03:
        return np.zeros_like(at)
    return np.asarray(
        2.0 ** rng.uniform(-1, 0) * window(at, begin, begin + share * length, 0.25 * share * length)
    )


def _inspire(breath: Curve, time: Curve, stop: float, rng: np.random.Generator) -> None:
    """Add the breath that is drawn after an expiration, where it is loud enough to be heard."""
    begin, length = stop + rng.uniform(0.02, 0.06), rng.uniform(0.1, 0.25)
    heard = amplitude(rng.uniform(-40, -20)) * window(time, begin, begin + length, 0.3 * length)
    np.maximum(breath, heard, out=breath)


def _phase(time: Curve, rng: np.random.Generator) -> Curve:
    rate = rng.uniform(5.0, 9.0) * (1 + 0.15 * wander(time, 1.0, rng))
    return np.asarray(2 * np.pi * (np.cumsum(rate) * float(time[1]) + rng.random()))
