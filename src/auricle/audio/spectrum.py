"""Short-time Fourier transforms in float32, a cache-sized block of frames at a time."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from auricle.errors import AudioError

FloatArray = NDArray[np.float32]
# librosa.power_to_db's floor of the power, which keeps the logarithm finite: -100 dB.
_SMALLEST_POWER = 1e-10
# Samples of windowed frames held at once: half a megabyte in float32, which stays in the second-level cache.
_BLOCK_SAMPLES = 131_072


def checked_waveform(waveform: NDArray[np.floating[Any]]) -> FloatArray:
    """The waveform as contiguous float32.

    Raises:
        AudioError: it is not one-dimensional, empty, or holds NaN or infinity.
    """
    samples = np.ascontiguousarray(waveform, dtype=np.float32)
    if samples.ndim != 1 or samples.size == 0:
        raise AudioError(
            f"a mono waveform of shape (n,) with n > 0 is needed, this one has shape {waveform.shape}"
        )
    if not np.isfinite(samples).all():
        first = int(np.flatnonzero(~np.isfinite(samples))[0])
        raise AudioError(f"sample {first} of the waveform is {samples[first]}: the recording is damaged")
    return samples


def frame_count(n_samples: int, hop_length: int) -> int:
    """Frames of a centred transform of so many samples."""
    return 1 + n_samples // hop_length


def block_frames(n_fft: int) -> int:
    """Frames that are transformed at once."""
    return max(1, _BLOCK_SAMPLES // n_fft)


def centred_frames(samples: FloatArray, n_fft: int, hop_length: int) -> FloatArray:
    """Overlapping frames of the zero-padded samples, a view [shape=(1 + n // hop_length, n_fft)]."""
    return np.lib.stride_tricks.sliding_window_view(np.pad(samples, n_fft // 2), n_fft)[::hop_length]


def power_blocks(frames: FloatArray, window: FloatArray) -> Iterator[tuple[slice, FloatArray]]:
    """Power spectra of frames, those of `librosa.stft` with its defaults where the frames are centred.

    Args:
        frames: float32 [shape=(frames, n_fft)].
        window: analysis window, float32 [shape=(n_fft,)].

    Yields:
        The range of frames and their power, float32 [shape=(frames of the block, 1 + n_fft // 2)]; the array
        is reused by the next block.
    """
    n_fft = len(window)
    step = block_frames(n_fft)
    windowed = np.empty((step, n_fft), dtype=np.float32)
    power = np.empty((step, 1 + n_fft // 2), dtype=np.float32)
    for start in range(0, len(frames), step):
        rows = slice(start, min(start + step, len(frames)))
        count = rows.stop - rows.start
        np.multiply(frames[rows], window, out=windowed[:count])
        np.abs(scipy.fft.rfft(windowed[:count], axis=1), out=power[:count])
        yield rows, np.square(power[:count], out=power[:count])


def exact_power(frames: FloatArray) -> FloatArray:
    """Power spectra of Hann-windowed frames, transformed in float64, at three times the cost; float32."""
    spectrum = scipy.fft.rfft(frames * _hann(frames.shape[1]), axis=1)
    power: FloatArray = np.square(np.abs(spectrum)).astype(np.float32)
    return power


def magnitude_spectrogram(samples: FloatArray, window: FloatArray, hop_length: int) -> FloatArray:
    """Magnitudes of all frames at once, float32 [shape=(1 + n_fft // 2, frames)]."""
    frames = centred_frames(samples, len(window), hop_length)
    magnitude = np.empty((len(frames), 1 + len(window) // 2), dtype=np.float32)
    for rows, power in power_blocks(frames, window):
        np.sqrt(power, out=magnitude[rows])
    return magnitude.T


def to_db(power: FloatArray, top_db: float) -> FloatArray:
    """`librosa.power_to_db(power, ref=1.0, top_db=top_db)`, in place."""
    np.maximum(power, _SMALLEST_POWER, out=power)
    np.log10(power, out=power)
    np.multiply(power, 10, out=power)
    np.maximum(power, power.max() - top_db, out=power)
    return power


def hann_window(n_fft: int) -> FloatArray:
    """The periodic Hann window, `scipy.signal.get_window("hann", n_fft)`, whose import costs a second."""
    return _hann(n_fft).astype(np.float32)


def centred_hann_window(length: int, n_fft: int) -> FloatArray:
    """A periodic Hann window amid the zeros that a longer transform has around it."""
    before = (n_fft - length) // 2
    return np.pad(hann_window(length), (before, n_fft - length - before))


def _hann(n_fft: int) -> NDArray[np.float64]:
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
