"""Simple sounds that belong to no corpus: what an out-of-domain score has to tell from it at the least."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.signal import chirp

FloatArray = npt.NDArray[np.float32]
Waveform = npt.NDArray[np.float64]
Make = Callable[[np.random.Generator, Waveform], Waveform]

OF_EACH_KIND = 3
PEAKS = 0.05, 0.5
LOWEST_HZ, HIGHEST_HZ = 100.0, 3000.0
FAINT = 1e-3  # of full scale, where the others reach `PEAKS`


def outsiders(sample_rate: int, seconds: float, seed: int = 0) -> dict[str, list[FloatArray]]:
    """Waveforms by what they are, float32 (n,) each: noise, faint noise, rumble, a tone, a glide, clicks.

    Args:
        sample_rate: in Hz.
        seconds: that each lasts.
        seed: of noise, pitches and levels.
    """
    generator = np.random.default_rng(seed)
    times = np.arange(max(1, round(sample_rate * seconds))) / sample_rate
    return {
        kind: [
            _levelled(make(generator, times), generator, faint=kind == "faint noise")
            for _ in range(OF_EACH_KIND)
        ]
        for kind, make in KINDS.items()
    }


def _levelled(samples: Waveform, generator: np.random.Generator, *, faint: bool) -> FloatArray:
    peak = FAINT if faint else generator.uniform(*PEAKS)
    return (samples * (peak / max(float(np.abs(samples).max()), 1e-9))).astype(np.float32)


def _noise(generator: np.random.Generator, times: Waveform) -> Waveform:
    return generator.standard_normal(len(times))


def _rumble(generator: np.random.Generator, times: Waveform) -> Waveform:
    """Brown noise: 6 dB less with each octave."""
    walk = np.cumsum(generator.standard_normal(len(times)))
    return np.asarray(walk - np.linspace(walk[0], walk[-1], len(walk)))


def _tone(generator: np.random.Generator, times: Waveform) -> Waveform:
    return np.asarray(np.sin(2 * np.pi * _hz(generator, times) * times))


def _glide(generator: np.random.Generator, times: Waveform) -> Waveform:
    return np.asarray(chirp(times, _hz(generator, times), times[-1] or 1.0, _hz(generator, times)))


def _clicks(generator: np.random.Generator, times: Waveform) -> Waveform:
    """One sample of sound 2 to 20 times a second."""
    rate = (len(times) - 1) / (times[-1] or 1.0)
    samples = np.zeros(len(times))
    samples[:: max(1, int(rate / generator.uniform(2, 20)))] = 1.0
    return samples


def _hz(generator: np.random.Generator, times: Waveform) -> float:
    """A pitch that the sample rate can hold."""
    rate = (len(times) - 1) / (times[-1] or 1.0)
    return float(np.exp(generator.uniform(np.log(LOWEST_HZ), np.log(min(HIGHEST_HZ, 0.45 * rate)))))


KINDS: dict[str, Make] = {
    "noise": _noise,
    "faint noise": _noise,
    "rumble": _rumble,
    "tone": _tone,
    "glide": _glide,
    "clicks": _clicks,
}
