"""The tone of a note: harmonics that follow pitch, level and brightness, and strings that ring on."""

import numpy as np
import numpy.typing as npt

from auricle.audio.synthesis.notes.curves import SAMPLE_RATE, STEP, Curve, amplitude, to_samples
from auricle.audio.synthesis.notes.gesture import Gesture
from auricle.audio.synthesis.notes.instruments import Instrument
from auricle.audio.synthesis.notes.spectrum import Spectrum

# By so many dB per octave the sound is brighter for each dB that it is louder, in a swell as in an attack.
_BRIGHTER = {"flute": 0.10, "reed": 0.12, "brass": 0.25, "string": 0.08}
_BOW_LIFT_S = 0.02
Samples = npt.NDArray[np.float32]


def envelope(gesture: Gesture, family: str) -> Curve:
    """Amplitude over time, without what `level_db` says: raised cosines up and down.

    A string is not damped where the bow leaves it, so the bowed tone ends at once and the free one goes on.
    """
    start, stop = gesture.start_s + gesture.delay_s, gesture.stop_s
    fall = _BOW_LIFT_S if family == "string" else gesture.fall_s
    rise = np.clip((gesture.time - start) / gesture.rise_s, 0, 1)
    down = np.clip((stop + fall - gesture.time) / fall, 0, 1)
    return np.asarray(
        np.maximum(0.25 * (1 - np.cos(np.pi * rise)) * (1 - np.cos(np.pi * down)), gesture.blip)
    )


def band_gains(tilt_db: Curve, level: Curve, spectrum: Spectrum, family: str) -> Curve:
    """Gain of each band over time, ``(points, bands)``: brightness changes the timbre, never the level."""
    follows = _BRIGHTER[family] * np.clip(20 * np.log10(np.maximum(level, 1e-3)), -30, 20)
    gain = amplitude(np.outer(tilt_db + follows, spectrum.octave))
    return np.asarray(gain * (level / np.sqrt(gain**2 @ spectrum.power))[:, None])


def render_tone(
    gesture: Gesture, instrument: Instrument, spectrum: Spectrum, other: Spectrum | None, samples: int
) -> Samples:
    """The tone before the body, float32 ``(samples,)``; its power after the body is 1 at full level.

    Args:
        gesture: what the player does.
        instrument: on what.
        spectrum: harmonics of the note.
        other: those of the gesture's second pitch, if it has one.
        samples: how many, at 22,050 Hz.
    """
    level = envelope(gesture, instrument.family) * amplitude(gesture.level_db)
    cents = to_samples(gesture.cents, samples)
    cycles = np.cumsum(spectrum.hz / SAMPLE_RATE * np.exp2(cents.astype(np.float64) / 1200.0))
    tone = _play(spectrum, cycles, band_gains(gesture.tilt_db, level, spectrum, instrument.family))
    if gesture.second is not None and other is not None:
        weight = to_samples(gesture.second.weight, samples)
        gains = band_gains(gesture.tilt_db, level, other, instrument.family)
        second = weight * _play(other, cycles * gesture.second.ratio, gains)
        if gesture.second.replaces:
            return np.asarray((1 - weight) * tone + second, dtype=np.float32)
        # The air column's nonlinear drive mixes two regimes: products are their sums and differences.
        carrier = np.cos(2 * np.pi * cycles, dtype=np.float64).astype(np.float32)
        return np.asarray((1 - 0.5 * weight) * tone + second * (0.7 + carrier), dtype=np.float32)
    if instrument.family == "string":
        _ring(tone, gesture, instrument, spectrum, cycles=cycles, level=level)
    return tone


def _play(spectrum: Spectrum, cycles: npt.NDArray[np.float64], gains: Curve) -> Samples:
    tables = spectrum.tables()
    index = (cycles * len(tables)).astype(np.int64) & (len(tables) - 1)
    return np.asarray(np.einsum("nb,nb->n", tables[index], to_samples(gains, len(cycles))), dtype=np.float32)


def _ring(
    tone: Samples,
    gesture: Gesture,
    instrument: Instrument,
    spectrum: Spectrum,
    *,
    cycles: npt.NDArray[np.float64],
    level: Curve,
) -> None:
    """Add the free string to what follows the bow.

    Under the bow stick and slip lock all partials to multiples of the fundamental; free, they are stretched
    by the string's stiffness, f_n = n f0 sqrt(1 + B n^2), and the higher ones die sooner (Fletcher & Rossing,
    ch. 2 and 10).
    """
    stop = int(gesture.stop_s * SAMPLE_RATE)
    last = slice(stop // STEP, stop // STEP + 1)
    gains = band_gains(gesture.tilt_db[last], level[last], spectrum, instrument.family)[0, spectrum.bands]
    loud = spectrum.amplitude > 0.003 * spectrum.amplitude.max()
    number, heard = spectrum.number[loud][:, None], (spectrum.amplitude * gains)[loud][:, None]
    seconds = np.arange(len(tone) - stop)[None] / SAMPLE_RATE
    stretched = number * spectrum.hz * np.sqrt(1 + instrument.stiffness * number**2)
    phase = number * cycles[stop] + spectrum.phases[loud][:, None] + stretched * seconds
    damping = (3.0 / gesture.fall_s) * (1 + 0.08 * (number - 1))
    decay = np.exp((-damping * seconds).astype(np.float32))
    arriving = np.clip(seconds[0] / _BOW_LIFT_S, 0, 1)
    wave = np.cos((2 * np.pi * (phase % 1.0)).astype(np.float32))
    free = np.sum(heard.astype(np.float32) * decay * wave, axis=0)
    tone[stop:] += (0.5 * (1 - np.cos(np.pi * arriving)) * free).astype(np.float32)
