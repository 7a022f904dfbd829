"""Acoustic fingerprints: where a spectrogram peaks, which encoding, level, trimming and noise hardly change.

After A. Wang, "An Industrial-Strength Audio Search Algorithm" (ISMIR 2003). Copies that were sped up or
transposed are not recognized.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auricle.audio.spectrum import FloatArray, centred_frames, checked_waveform, hann_window, power_blocks

# Counted up when fingerprints become incomparable with older ones.
FINGERPRINT_VERSION = 1
# What codecs keep at low rates, too.
SAMPLE_RATE = 8000
N_FFT = 1024
HOP_LENGTH = 256
FRAMES_PER_SECOND = SAMPLE_RATE / HOP_LENGTH
BIN_BITS = 9
# A peak is the largest value within 0.32 s and 117 Hz to either side, from 100 to 3,800 Hz: some twenty a
# second.
_REACH_FRAMES, _REACH_BINS = 10, 15
_LOWEST_BIN, _HIGHEST_BIN = 13, 486
# Of the loudest peak's power; fainter is what quantization leaves in silence.
_FLOOR = 1e-8
# Frames held as a spectrogram at once: 8 MB, however long the recording.
_BLOCK_FRAMES = 4096

Peaks = NDArray[np.uint32]


def fingerprint(waveform: NDArray[np.floating[Any]]) -> Peaks:
    """The peaks of a recording.

    Args:
        waveform: Mono, shape (n,), at `SAMPLE_RATE`.

    Returns:
        uint32 [shape=(peaks,)], sorted: the frame, of which there are `FRAMES_PER_SECOND`, times
        `2**BIN_BITS`, plus the bin of the transform. About 2.4 kB for 30 s of music; empty for silence, and
        for no samples.

    Raises:
        AudioError: The waveform is not mono, or holds NaN or infinity.
    """
    if waveform.shape == (0,):  # what resampling may leave of a single sample
        return np.empty(0, np.uint32)
    frames = centred_frames(checked_waveform(waveform), N_FFT, HOP_LENGTH)
    found = list(_peaks_of_blocks(frames))
    codes = np.concatenate([codes for codes, _ in found])
    power = np.concatenate([power for _, power in found])
    loud: Peaks = codes[power > power.max(initial=0.0) * _FLOOR]
    return loud


def unpack(peaks: Peaks) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Frames and bins of peaks."""
    codes = peaks.astype(np.int64)
    return codes >> BIN_BITS, codes & (2**BIN_BITS - 1)


def to_bytes(peaks: Peaks) -> bytes:
    """Peaks as a table keeps them."""
    return peaks.astype("<u4").tobytes()


def from_bytes(data: bytes) -> Peaks:
    """The inverse of `to_bytes`."""
    return np.frombuffer(data, dtype="<u4").astype(np.uint32)


def _peaks_of_blocks(frames: FloatArray) -> Iterator[tuple[Peaks, FloatArray]]:
    """Peaks and their power, block by block; blocks overlap, so that their borders do not show."""
    from scipy.ndimage import maximum_filter

    window = hann_window(N_FFT)
    size = (2 * _REACH_FRAMES + 1, 2 * _REACH_BINS + 1)
    for start in range(0, len(frames), _BLOCK_FRAMES):
        stop = min(start + _BLOCK_FRAMES, len(frames))
        first = max(0, start - _REACH_FRAMES)
        power = _power(frames[first : stop + _REACH_FRAMES], window)
        is_peak = (power == maximum_filter(power, size, mode="constant")) & (power > 0)
        at, bins = np.nonzero(is_peak[start - first : stop - first])
        codes = ((at + start) << BIN_BITS) + bins + _LOWEST_BIN
        yield codes.astype(np.uint32), power[at + start - first, bins]


def _power(frames: FloatArray, window: FloatArray) -> FloatArray:
    power = np.empty((len(frames), _HIGHEST_BIN - _LOWEST_BIN), dtype=np.float32)
    for rows, block in power_blocks(frames, window):
        power[rows] = block[:, _LOWEST_BIN:_HIGHEST_BIN]
    return power
