"""From a pitch to harmonics: what drives the instrument, what its body makes of it, and wave tables."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from auricle.audio.synthesis.notes.gesture import Colour
from auricle.audio.synthesis.notes.instruments import Instrument

# Below half of the sample rate by two semitones, for faults that raise the pitch.
HIGHEST_HZ = 9800.0
_TABLE = 16384
# Harmonics of one band share a gain over time; the bands widen upwards, as hearing's do.
_EDGES = np.array([1, 2, 3, 4, 6, 9, 14, 22, 10_000])
# Above this the tone holes of a clarinet radiate odd and even harmonics alike (Fletcher & Rossing, ch. 15).
_TONE_HOLE_CUTOFF_HZ = 1500.0
_OPEN = 0.35


@dataclass(frozen=True)
class Spectrum:
    """The harmonics of a note.

    Attributes:
        hz: frequency of the note.
        number: of each harmonic, from 1.
        amplitude: of each before the body, scaled so that the sound after the body has a power of 1.
        power: of each band after the body.
        octave: of each band, above the fundamental.
    """

    hz: float
    number: npt.NDArray[np.int64]
    amplitude: npt.NDArray[np.float64]
    power: npt.NDArray[np.float64]
    octave: npt.NDArray[np.float64]

    @property
    def phases(self) -> npt.NDArray[np.float64]:
        """Of each harmonic in cycles: scattered, so that the wave is no spike."""
        return np.asarray(self.number * 0.618034 % 1.0, dtype=np.float64)

    @property
    def bands(self) -> npt.NDArray[np.int64]:
        """The band of each harmonic."""
        return _band_of(self.number)

    def tables(self) -> npt.NDArray[np.float32]:
        """One period of each band side by side, float32 ``(16384, bands)``."""
        bands = np.zeros((len(self.octave), _TABLE // 2 + 1), dtype=np.complex64)
        bands[self.bands, self.number] = self.amplitude * np.exp(2j * np.pi * self.phases)
        return np.ascontiguousarray(np.fft.irfft(bands, axis=1).T * (_TABLE / 2), dtype=np.float32)


def make_spectrum(instrument: Instrument, hz: float, loudness: float, colour: Colour) -> Spectrum:
    """The harmonics of a note below 9.8 kHz.

    Args:
        instrument: whose.
        hz: pitch.
        loudness: 0 (pp) to 1 (ff): louder is brighter.
        colour: a fault's.
    """
    number = np.arange(1, max(2, int(HIGHEST_HZ / hz) + 1), dtype=np.int64)
    drive, above_mf = instrument.drive, loudness - 0.5
    slope = drive.slope_db - drive.brightening_db * above_mf
    cutoff = drive.cutoff_hz * 2.0 ** (0.1 * drive.brightening_db * above_mf)
    amplitude = number ** (-slope / 6.02) / (1.0 + (number * hz / cutoff) ** 2)
    amplitude *= _evenness(number, hz, drive.even if colour.even is None else colour.even)
    amplitude[0] *= 10.0 ** (colour.fundamental_db / 20.0)
    heard = amplitude * np.abs(body_response(instrument, colour, number.astype(np.float64) * hz))
    scale = 1.0 / np.sqrt(0.5 * np.sum(heard**2))
    band = _band_of(number)
    power = np.asarray(np.bincount(band, 0.5 * (scale * heard) ** 2), dtype=np.float64)
    octave = np.bincount(band, np.log2(number)) / np.bincount(band)
    return Spectrum(hz, number, scale * amplitude, power, octave)


def body_response(
    instrument: Instrument, colour: Colour, hz: npt.NDArray[np.float64]
) -> npt.NDArray[np.complex128]:
    """What the body passes at each frequency: resonances beside each other, and something everywhere."""
    response = np.full(len(hz), _OPEN, dtype=np.complex128)
    for centre, width, gain in (*instrument.resonances, *colour.resonances):
        response += gain * 1j * hz * width / (centre**2 - hz**2 + 1j * hz * width)
    return response


def _evenness(number: npt.NDArray[np.int64], hz: float, even: float) -> npt.NDArray[np.float64]:
    share = 1.0 / (1.0 + (_TONE_HOLE_CUTOFF_HZ / (number * hz)) ** 4)
    return np.where(number % 2 == 0, even + (1.0 - even) * share, 1.0)


def _band_of(number: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.searchsorted(_EDGES, number, side="right") - 1
