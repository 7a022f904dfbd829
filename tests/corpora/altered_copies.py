"""Music that is synthesized for tests, and what happens to copies of recordings."""

import io
from collections.abc import Callable
from functools import cache

import numpy as np
import soundfile as sf

RATE = 22050


@cache
def melody(seed: int, seconds: float = 12.0) -> np.ndarray:
    """Notes with overtones at random times and pitches: as much to hold on to as in music."""
    random = np.random.default_rng(seed)
    samples = np.zeros(round(seconds * RATE))
    for _ in range(round(8 * seconds)):
        start = int(random.integers(len(samples) - RATE // 10))
        time = np.arange(min(RATE // 2, len(samples) - start)) / RATE
        pitch = 110 * 2 ** random.uniform(0, 4)
        tones = sum(np.sin(2 * np.pi * pitch * overtone * time) / overtone for overtone in (1, 2, 3))
        samples[start : start + len(time)] += random.uniform(0.3, 1) * tones * np.exp(-6 * time)
    return (0.5 * samples / np.abs(samples).max()).astype(np.float32)


def encoded(samples: np.ndarray, container: str, compression: float) -> np.ndarray:
    """As it sounds after a lossy encoding."""
    buffer = io.BytesIO()
    options = {"bitrate_mode": "CONSTANT"} if container == "MP3" else {}
    sf.write(buffer, samples, RATE, format=container, compression_level=compression, **options)
    buffer.seek(0)
    return sf.read(buffer, dtype="float32")[0]


def with_noise(samples: np.ndarray, snr_db: float) -> np.ndarray:
    noise = np.random.default_rng(99).standard_normal(len(samples))
    level = np.sqrt(np.mean(samples**2) / 10 ** (snr_db / 10))
    return (samples + level * noise).astype(np.float32)


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mp3": lambda samples: encoded(samples, "MP3", 0.7),
    "ogg": lambda samples: encoded(samples, "OGG", 1.0),
    "start cut off": lambda samples: samples[round(3.0137 * RATE) :],
    "ended early": lambda samples: samples[: -4 * RATE],
    "piece": lambda samples: samples[round(2.71 * RATE) : round(8.5 * RATE)],
    "softer": lambda samples: samples * np.float32(0.05),
    "noise at 20 dB": lambda samples: with_noise(samples, 20),
    "noise at 10 dB": lambda samples: with_noise(samples, 10),
    "piece of a soft mp3": lambda samples: encoded(0.2 * samples[2 * RATE : 9 * RATE], "MP3", 0.7),
}
