"""What sounds beside the harmonics: breath in the bore, bow on the string, air beside the mouthpiece."""

import numpy as np
import numpy.typing as npt
from scipy import fft

from auricle.audio.synthesis.notes.curves import SAMPLE_RATE
from auricle.audio.synthesis.notes.labels import Family

Samples = npt.NDArray[np.float32]
# Half of the width of the bore's resonances, and what of the breath passes between them.
_RESONANCE_HZ, _BETWEEN = 25.0, 0.25


def inner_noise(
    hz: float, family: Family, body: npt.NDArray[np.complex128], rng: np.random.Generator
) -> Samples:
    """Noise that the instrument shapes, float32 ``(n,)``; its power after the body is 1.

    A bore answers to breath at its resonances, which lie at the harmonics of the note, so the noise stands
    around these (as Fletcher & Rossing describe it for the flute); a bow's noise has no such peaks.

    Args:
        hz: the note's pitch.
        family: of the instrument.
        body: its response at the frequencies of an `rfft` of the even length n.
        rng: decides.
    """
    frequency = np.linspace(0, SAMPLE_RATE / 2, len(body))
    shape = 1.0 / (1.0 + frequency / 3000.0)
    if family != "string":
        distance = (frequency - hz * np.maximum(1, np.round(frequency / hz))) / _RESONANCE_HZ
        shape = shape * (_BETWEEN + 1.0 / (1.0 + distance**2))
    return _noise(shape, shape * np.abs(body), rng)


def hiss(bins: int, rng: np.random.Generator) -> Samples:
    """Turbulence in the open, float32 ``(2 * bins - 2,)`` of power 1: mostly of 2 to 6 kHz."""
    frequency = np.linspace(0, SAMPLE_RATE / 2, bins)
    shape = frequency / (frequency + 1800.0) / (1.0 + (frequency / 7000.0) ** 2)
    return _noise(shape, shape, rng)


def _noise(
    shape: npt.NDArray[np.float64], heard: npt.NDArray[np.float64], rng: np.random.Generator
) -> Samples:
    samples = 2 * (len(shape) - 1)
    spectrum = fft.rfft(rng.standard_normal(samples, dtype=np.float32))
    # White noise of power 1 has a mean square of 1 in each bin; what is heard has that of its shape.
    scale = shape / np.sqrt(np.mean(heard**2))
    return np.asarray(fft.irfft(spectrum * scale.astype(np.float32), samples), dtype=np.float32)
