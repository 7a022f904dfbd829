"""What can be measured of a rendered note, from its samples and its nominal pitch alone."""

from dataclasses import dataclass

import numpy as np
from scipy.signal import hilbert

from auricle.audio.synthesis.notes.curves import SAMPLE_RATE

HOP = 256


@dataclass(frozen=True)
class Measures:
    """Of the time between attack and release.

    `cents`, `level_db` and `tilt_db` (the fall of the harmonics, in dB per octave) are frame by frame;
    `noise_db` is what lies between the harmonics, relative to these.
    """

    cents: np.ndarray
    level_db: np.ndarray
    tilt_db: np.ndarray
    noise_db: float


def level_db(sound: np.ndarray, frame: int = 512, hop: int = HOP) -> np.ndarray:
    """Level of each frame in dBFS."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(sound, frame // 2), frame)[::hop]
    return 10 * np.log10(np.mean(windows**2, axis=1) + 1e-12)


def cents_track(sound: np.ndarray, hz: float) -> np.ndarray:
    """Deviation of the fundamental from a frequency over time, in cents, once per `HOP`."""
    spectrum = np.fft.rfft(sound)
    frequency = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)
    spectrum[(frequency < 0.75 * hz) | (frequency > 1.35 * hz)] = 0
    wave = np.fft.irfft(spectrum, len(sound))
    phase = np.unwrap(np.angle(hilbert(wave)))
    advance = (phase[2 * HOP :] - phase[: -2 * HOP]) / (2 * np.pi * 2 * HOP / SAMPLE_RATE)
    return np.asarray(1200 * np.log2(np.maximum(advance[::HOP], 1.0) / hz))


def between_harmonics_db(sound: np.ndarray, hz: float, lowest: float | None = None) -> float:
    """Power far from multiples of a frequency, relative to that near them; `lowest`: half of it."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    frequency = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)
    distance = np.abs(frequency / hz - np.round(frequency / hz))
    heard = frequency > (0.5 * hz if lowest is None else lowest)
    noise = power[heard & (distance > 0.3)].sum() / 0.4
    return float(10 * np.log10(noise / power[heard & (distance <= 0.3)].sum()))


def harmonics_db(sound: np.ndarray, hz: float, count: int = 8) -> np.ndarray:
    """Level of each harmonic below the Nyquist frequency, relative to the first."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    frequency = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)
    numbers = range(1, min(count, int(9500 / hz)) + 1)
    near = [power[np.abs(frequency - k * hz) < 0.3 * hz].sum() for k in numbers]
    return np.asarray(10 * np.log10(np.array(near) / near[0]))


def tilt_db(sound: np.ndarray, hz: float) -> float:
    """How the harmonics fall, in dB per octave, by least squares over those that carry the sound."""
    levels = harmonics_db(sound, hz, 6)
    return float(np.polyfit(np.log2(np.arange(1, len(levels) + 1)), levels, 1)[0])


def measure(sound: np.ndarray, hz: float, start_s: float, stop_s: float) -> Measures:
    """Everything of a stretch of a note."""
    part = sound[int(start_s * SAMPLE_RATE) : int(stop_s * SAMPLE_RATE)].astype(np.float64)
    margin = 8
    frames = [part[i : i + 2048] for i in range(0, len(part) - 2048, 1024)]
    return Measures(
        cents=cents_track(part, hz)[margin:-margin],
        level_db=level_db(part, 1024)[margin:-margin],
        tilt_db=np.array([tilt_db(frame, hz) for frame in frames]),
        noise_db=between_harmonics_db(part, hz),
    )
