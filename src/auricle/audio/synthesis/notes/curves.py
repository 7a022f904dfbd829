"""Curves over the time of a note: smooth chance, windows with soft edges, and the way up to full rate."""

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 22050
# Samples from one point of a curve to the next: 1.5 ms, shorter than any gesture.
STEP = 32

Curve = npt.NDArray[np.float64]


def points(samples: int) -> Curve:
    """Times in seconds of the points of curves that cover so many samples, one point beyond the last."""
    return np.arange(-(-samples // STEP) + 1, dtype=np.float64) * (STEP / SAMPLE_RATE)


def wander(time: Curve, rate_hz: float, rng: np.random.Generator) -> Curve:
    """A smooth random curve without a period, of mean 0 and standard deviation 1 over the time.

    Args:
        time: evenly spaced, in seconds.
        rate_hz: the fastest of its waves; in a short note it is faster, so that there is one wave at least.
        rng: decides.
    """
    span = max(float(time[-1] - time[0]), 1e-3)
    fastest = max(rate_hz, 1.3 / span)
    frequency = fastest * rng.uniform(0.3, 1.0, 5)
    waves = np.sin(2 * np.pi * (np.outer(time, frequency) + rng.random(5)))
    curve = waves @ rng.uniform(0.5, 1.0, 5)
    curve -= curve.mean()
    return np.asarray(curve / max(float(curve.std()), 1e-9))


def window(time: Curve, start_s: float, stop_s: float, edge_s: float) -> Curve:
    """1 between two times, 0 outside, with raised cosines of `edge_s` inside of the borders."""
    rise = np.clip((time - start_s) / edge_s, 0, 1)
    fall = np.clip((stop_s - time) / edge_s, 0, 1)
    return np.asarray(0.25 * (1 - np.cos(np.pi * rise)) * (1 - np.cos(np.pi * fall)))


def to_samples(curve: Curve, samples: int) -> npt.NDArray[np.float32]:
    """A curve, or several side by side, at every sample by straight lines: float32 ``(samples, ...)``."""
    points_ = np.asarray(curve, dtype=np.float32)
    share = (np.arange(STEP, dtype=np.float32) / STEP).reshape(1, STEP, *([1] * (points_.ndim - 1)))
    full = points_[:-1, None] + (points_[1:] - points_[:-1])[:, None] * share
    return np.asarray(full.reshape(-1, *points_.shape[1:])[:samples], dtype=np.float32)


def amplitude(decibels: Curve | float) -> Curve:
    """What to multiply by."""
    return np.asarray(10.0 ** (np.asarray(decibels) / 20.0))
