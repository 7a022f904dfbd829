"""What a person calls a recording, as the mono waveform that a model hears."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from auricle.audio.decode import decode
from auricle.audio.limits import AudioLimits
from auricle.errors import AudioError, ConfigurationError

Audio = str | Path | npt.NDArray[Any]
FloatArray = npt.NDArray[np.float32]


def read_waveform(
    audio: Audio, sampling_rate: int | None, target_rate: int, limits: AudioLimits
) -> FloatArray:
    """A file or samples as a mono waveform, float32 (n,), at the target rate.

    Args:
        audio: the path of a file, or samples as `as_waveform` takes them.
        sampling_rate: of samples, in Hz; a file brings its own.
        target_rate: in Hz.
        limits: that a file must keep.

    Raises:
        ConfigurationError: for samples without a rate, that are not floats, or of another shape.
        AudioError: for what cannot be heard.
    """
    if isinstance(audio, np.ndarray):
        return as_waveform(audio, sampling_rate, target_rate)
    return decode(Path(audio), limits, target_rate).samples


def as_waveform(samples: npt.NDArray[Any], sampling_rate: int | None, target_rate: int) -> FloatArray:
    """Mix samples of shape (n,) or (channels, n) down to mono at the target rate, float32.

    Raises:
        ConfigurationError: for samples without a rate, that are not floats, or of another shape.
        AudioError: for samples that are empty or not finite.
    """
    import soxr

    rate = checked_rate(sampling_rate)
    mono = as_mono(samples)
    if not len(mono) or not np.all(np.isfinite(mono)):
        raise AudioError("the waveform is empty or has samples that are not finite")
    resampled: FloatArray = soxr.resample(mono, rate, target_rate)
    return resampled


def as_mono(samples: npt.NDArray[Any]) -> FloatArray:
    """Samples of shape (n,) or (channels, n) mixed down, float32 (n,), which may be empty.

    Raises:
        ConfigurationError: for samples that are not floats, or of another shape.
    """
    if not np.issubdtype(samples.dtype, np.floating):
        raise ConfigurationError(
            f"The waveform's dtype is {samples.dtype}; expected floats with full scale at 1: divide integers "
            "by their largest value."
        )
    if samples.ndim == 2 and samples.shape[0] <= samples.shape[1]:
        samples = samples.mean(axis=0)
    if samples.ndim != 1:
        raise ConfigurationError(
            f"The waveform's shape is {samples.shape}; expected (n,) or (channels, n): transpose it."
        )
    return samples.astype(np.float32)


def checked_rate(sampling_rate: int | None) -> int:
    """The rate of samples, in Hz.

    Raises:
        ConfigurationError: there is none.
    """
    if sampling_rate is None or sampling_rate < 1:
        raise ConfigurationError(
            f"sampling_rate is {sampling_rate}: a waveform needs its rate in Hz, as in "
            "predict(samples, sampling_rate=44100)."
        )
    return sampling_rate


@contextmanager
def naming(audio: Audio) -> Iterator[None]:
    """Put the file before the reason why it cannot be used; a list's entry has its path beside the reason."""
    try:
        yield
    except AudioError as error:
        path = path_of(audio)
        raise error if path is None else AudioError(f"{path}: {error}") from error


def path_of(audio: Audio) -> str | None:
    """The path of a file as it was given; None of samples."""
    return None if isinstance(audio, np.ndarray) else str(audio)
