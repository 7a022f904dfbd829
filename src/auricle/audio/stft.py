"""The STFT front end: magnitudes of every bin of the transform in dB, for what mel bands would blur."""

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from auricle.audio.frontend import FrontEnd, SpectrogramParams
from auricle.audio.spectrum import (
    FloatArray,
    centred_frames,
    checked_waveform,
    hann_window,
    power_blocks,
    to_db,
)

# Raised when the same parameters give other values than before, so that no old cache is read.
VERSION = 1


class StftParams(SpectrogramParams):
    """Parameters of the STFT front end; every one of them is part of its digest."""

    kind: Literal["stft"] = Field("stft", description="Kind of front end")
    n_fft: int = Field(
        512, ge=16, le=8_192, multiple_of=2, description="Samples of a frame and length of its transform"
    )
    hop_length: int = Field(128, ge=1, description="Samples between the centres of neighbouring frames")
    fmax: float | None = Field(
        None, gt=0, description="Highest frequency kept, in Hz; half the sample rate where None"
    )

    @property
    def n_bins(self) -> int:
        """Bins that are kept, from 0 Hz on."""
        return (
            self.n_fft // 2 + 1 if self.fmax is None else int(self.fmax * self.n_fft / self.sample_rate) + 1
        )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.hop_length > self.n_fft:
            raise ValueError(
                f"hop_length {self.hop_length} is above n_fft {self.n_fft}, samples between frames would be"
                " lost: lower hop_length"
            )
        if self.fmax is not None and self.fmax > self.sample_rate / 2:
            raise ValueError(
                f"fmax {self.fmax:g} Hz is above half the sample_rate {self.sample_rate} Hz: lower fmax, "
                "leave it out, or raise sample_rate"
            )
        return self


class StftFrontEnd(FrontEnd):
    """Magnitude spectrograms in dB, those of `librosa.amplitude_to_db(abs(librosa.stft(y)), ref=1.0)`.

    Centred frames, zero padding, periodic Hann window; 0 dB is the magnitude 1 of the transform that is not
    normalized, and no value lies below the loudest by more than `top_db`.

    Example:
        >>> front_end = StftFrontEnd(StftParams())
        >>> spectrogram = front_end(waveform)  # float32 (257, frames)
    """

    version = VERSION
    params_class = StftParams
    params: StftParams

    def __init__(self, params: StftParams) -> None:
        super().__init__(params)
        self._window = hann_window(params.n_fft)

    @property
    def n_bands(self) -> int:
        """Rows of the spectrogram: bins of the transform."""
        return self.params.n_bins

    def __call__(self, waveform: NDArray[np.floating[Any]]) -> FloatArray:
        """The spectrogram of a waveform.

        Args:
            waveform: mono samples at `sample_rate` [shape=(n,)].

        Returns:
            float32 [shape=(n_bins, 1 + n // hop_length)] in dB, in memory by frames.

        Raises:
            AudioError: the waveform is empty, not mono, or holds NaN or infinity.
        """
        samples = checked_waveform(waveform)
        frames = centred_frames(samples, self.params.n_fft, self.params.hop_length)
        kept = np.empty((len(frames), self.n_bands), dtype=np.float32)
        for rows, power in power_blocks(frames, self._window):
            kept[rows] = power[:, : self.n_bands]
        return to_db(kept, self.params.top_db).T

    def weights(self) -> FloatArray:
        """Each bin is a band of its own."""
        return np.eye(self.n_bands, self.params.n_fft // 2 + 1, dtype=np.float32)

    def magnitudes(self, spectrogram: FloatArray) -> FloatArray:
        """Magnitudes of the transform; zero in the bins that are not kept."""
        linear = 10 ** (spectrogram / 20)
        missing = self.params.n_fft // 2 + 1 - len(linear)
        return np.pad(linear, ((0, missing), (0, 0))).astype(np.float32)
