"""A few seconds of a recording for the report: sound for a browser, and what it looks like.

Runs in a child process over files that may be anything, so it imports next to nothing.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile as sf

from auricle.audio.decode import decode
from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.audio.limits import AudioLimits

SAMPLE_RATE = 22_050
LEVELS = 64  # shades of the spectrogram: more cannot be told apart and make a larger picture
COLUMNS = 360
FADE_S = 0.02


@dataclass(frozen=True)
class Sound:
    """A part of a recording, to be heard.

    Attributes:
        start_s: Where it begins in the recording, in seconds.
        duration_s: Its length, in seconds.
        mp3: The sound, mono at 22.05 kHz: the one compressed format that every browser plays.
    """

    start_s: float
    duration_s: float
    mp3: bytes


@dataclass(frozen=True)
class Excerpt(Sound):
    """A part of a recording, to be heard and seen.

    Attributes:
        shades: Log-mel spectrogram, uint8 in 0..63 [shape=(n_mels, about 360)], lowest band first.
    """

    shades: npt.NDArray[np.uint8]


def render_sound(path: Path, *, limits: AudioLimits, seconds: float) -> Sound:
    """Cut and encode the loudest part of a recording.

    Args:
        path: The recording.
        limits: What may be decoded.
        seconds: Longest excerpt.

    Raises:
        AudioError: The file cannot be used.
    """
    start, part = _loudest_part(path, limits, seconds)
    return Sound(start / SAMPLE_RATE, len(part) / SAMPLE_RATE, encode_mp3(part))


def render_excerpt(path: Path, *, limits: AudioLimits, seconds: float, n_mels: int) -> Excerpt:
    """Cut, encode and picture the loudest part of a recording.

    Args:
        path: The recording.
        limits: What may be decoded.
        seconds: Longest excerpt.
        n_mels: Bands of the spectrogram.

    Raises:
        AudioError: The file cannot be used.
    """
    start, part = _loudest_part(path, limits, seconds)
    return Excerpt(
        start_s=start / SAMPLE_RATE,
        duration_s=len(part) / SAMPLE_RATE,
        mp3=encode_mp3(part),
        shades=shade(part, n_mels),
    )


def _loudest_part(path: Path, limits: AudioLimits, seconds: float) -> tuple[int, npt.NDArray[np.float32]]:
    """First sample and samples of the part with the most energy."""
    samples = decode(path, limits, SAMPLE_RATE).samples
    length = min(len(samples), round(seconds * SAMPLE_RATE))
    start = loudest_start(samples, length)
    return start, samples[start : start + length]


def loudest_start(samples: npt.NDArray[np.float32], length: int) -> int:
    """Where the part of this length with the most energy begins, to the nearest 100 ms."""
    hop = SAMPLE_RATE // 10
    energy = np.concatenate([[0.0], np.cumsum(samples.astype(np.float64) ** 2)])
    starts = np.arange(0, len(samples) - length + 1, hop)
    return int(starts[np.argmax(energy[starts + length] - energy[starts])])


def encode_mp3(samples: npt.NDArray[np.float32]) -> bytes:
    """Mono MP3 at 22.05 kHz, its ends faded so that they do not click, lowered only where it would clip."""
    ramp = np.minimum(np.arange(len(samples)) / (FADE_S * SAMPLE_RATE), 1.0)
    faded = samples * ramp * ramp[::-1] / max(1.0, float(np.abs(samples).max()))
    buffer = io.BytesIO()
    sf.write(buffer, faded.astype(np.float32), SAMPLE_RATE, format="MP3", subtype="MPEG_LAYER_III")
    return buffer.getvalue()


def shade(samples: npt.NDArray[np.float32], n_mels: int) -> npt.NDArray[np.uint8]:
    """The log-mel spectrogram as shades from 0 (80 dB below the loudest) to `LEVELS` - 1."""
    hop = min(2048, max(64, len(samples) // COLUMNS))
    front_end = LogMelFrontEnd(
        FrontEndParams(sample_rate=SAMPLE_RATE, n_fft=2048, hop_length=hop, n_mels=n_mels)
    )
    decibels = front_end(samples)
    low, high = float(decibels.min()), float(decibels.max())
    return ((decibels - low) / max(high - low, 1e-6) * (LEVELS - 1)).round().astype(np.uint8)
