"""The mel filterbank, kept as the few dense blocks that its triangles fill."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from auricle.audio.spectrum import FloatArray

# Neighbouring bands need neighbouring bins, so a few dense blocks skip most of the zeros. The product of one
# block with the frames of `power_blocks` stays below 2**18 multiplications, from where OpenBLAS would start
# threads, which would only wait for each other here.
_WEIGHTS_PER_GROUP_AND_N_FFT = 2
# Slaney's scale (Auditory Toolbox, 1998): linear below 1000 Hz, logarithmic above.
_HZ_PER_MEL = 200.0 / 3.0
_BREAK_MEL = 15.0
_LOG_STEP = np.log(6.4) / 27.0

# Slaney's: triangles over hertz, of the same area. HTK's, also that of TensorFlow's audio models: triangles
# over mel, of the same height.
MelScale = Literal["slaney", "htk"]


@dataclass(frozen=True)
class _Group:
    bands: slice
    bins: slice
    weights: FloatArray


def mel_weights(
    *, sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float, scale: MelScale = "slaney"
) -> FloatArray:
    """What each bin of a transform weighs in each band, float32 [shape=(n_mels, 1 + n_fft // 2)].

    `librosa.filters.mel` by Slaney's scale; by HTK's what AudioSet's VGGish and YAMNet were trained on.
    """
    if scale == "slaney":
        import librosa

        weights: FloatArray = librosa.filters.mel(
            sr=sample_rate, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax
        )
        return weights
    edges = np.linspace(_to_htk(np.array(fmin)), _to_htk(np.array(fmax)), n_mels + 2)[:, None]
    bins = _to_htk(np.fft.rfftfreq(n_fft, 1 / sample_rate).astype(np.float64))
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


class MelFilterbank:
    """`mel_weights` applied to blocks of spectra.

    librosa itself, whose import costs seconds, is needed where a filterbank is made, not where a pickled one
    arrives in a child process.

    Args:
        sample_rate: in Hz.
        n_fft: length of the transform.
        n_mels: bands.
        fmin: lowest frequency, in Hz.
        fmax: highest frequency, in Hz.
        scale: of the bands.
    """

    def __init__(
        self,
        *,
        sample_rate: int,
        n_fft: int,
        n_mels: int,
        fmin: float,
        fmax: float,
        scale: MelScale = "slaney",
    ) -> None:
        weights = mel_weights(
            sample_rate=sample_rate, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax, scale=scale
        )
        self.n_mels = n_mels
        # Power of a band per power of each of its bins.
        self.gains: FloatArray = weights.sum(axis=1, dtype=np.float32)
        self._groups = _groups(weights.astype(np.float32), _WEIGHTS_PER_GROUP_AND_N_FFT * n_fft)

    def apply(self, power: FloatArray, out: FloatArray) -> None:
        """Write the bands of spectra [shape=(frames, bins)] into `out` [shape=(frames, n_mels)]."""
        for group in self._groups:
            np.matmul(power[:, group.bins], group.weights, out=out[:, group.bands])


def _groups(weights: FloatArray, most_weights: int) -> list[_Group]:
    """Cut the filterbank [shape=(n_mels, bins)] into blocks of neighbouring bands and the bins they use."""
    used = [np.flatnonzero(band) for band in weights]
    groups = []
    start = 0
    while start < len(weights):
        stop = start + 1
        while (
            stop < len(weights) and (stop + 1 - start) * (used[stop][-1] + 1 - used[start][0]) <= most_weights
        ):
            stop += 1
        bins = slice(int(used[start][0]), int(used[stop - 1][-1]) + 1)
        groups.append(_Group(slice(start, stop), bins, np.ascontiguousarray(weights[start:stop, bins].T)))
        start = stop
    return groups


def empty_bands(
    *, sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float, scale: MelScale = "slaney"
) -> int:
    """How many triangles of the filterbank hold no bin of the transform.

    Counted from the scale alone, because parameters are validated at every start and librosa takes seconds
    to import.
    """
    if scale == "slaney":
        edges = _to_hz(np.linspace(_to_mel(fmin), _to_mel(fmax), n_mels + 2))
    else:
        edges = _from_htk(np.linspace(_to_htk(np.array(fmin)), _to_htk(np.array(fmax)), n_mels + 2))
    bins = np.fft.rfftfreq(n_fft, 1 / sample_rate)
    first_above = np.searchsorted(bins, edges[:-2], side="right")
    first_beyond = np.searchsorted(bins, edges[2:], side="left")
    return int(np.count_nonzero(first_above >= first_beyond))


def check_mel(
    *,
    hop_length: int,
    sample_rate: int,
    n_fft: int,
    n_mels: int,
    fmin: float,
    fmax: float,
    scale: MelScale = "slaney",
) -> None:
    """Refuse frames that leave samples out, and bands that would always be empty.

    Raises:
        ValueError: which says what to change.
    """
    if hop_length > n_fft:
        raise ValueError(
            f"hop_length {hop_length} is above n_fft {n_fft}, samples between frames would be lost: lower"
            " hop_length"
        )
    empty = empty_bands(
        sample_rate=sample_rate, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax, scale=scale
    )
    if empty:
        raise ValueError(
            f"{empty} of n_mels {n_mels} bands lie between two bins of n_fft {n_fft} and would always be"
            " empty: lower n_mels, or raise n_fft or fmin"
        )


def _to_mel(hz: float) -> float:
    mel = hz / _HZ_PER_MEL
    return (
        mel if mel < _BREAK_MEL else _BREAK_MEL + float(np.log(hz / (_BREAK_MEL * _HZ_PER_MEL)) / _LOG_STEP)
    )


def _to_hz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    logarithmic = _BREAK_MEL * _HZ_PER_MEL * np.exp(_LOG_STEP * (mels - _BREAK_MEL))
    return np.where(mels < _BREAK_MEL, mels * _HZ_PER_MEL, logarithmic)


def _to_htk(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1127.0 * np.log1p(hz / 700.0)


def _from_htk(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    return 700.0 * np.expm1(mels / 1127.0)
