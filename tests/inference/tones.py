"""Tones in noise."""

import numpy as np

RATE = 8000


def tone(seconds: float, frequency: float, seed: int = 0) -> np.ndarray:
    """A tone in noise, float32, at RATE."""
    time = np.arange(int(seconds * RATE)) / RATE
    noise = np.random.default_rng(seed).normal(scale=0.02, size=len(time))
    return (0.3 * np.sin(2 * np.pi * frequency * time) + noise).astype(np.float32)
