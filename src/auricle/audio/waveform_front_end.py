"""The front end of speech encoders: no spectrogram, but the samples themselves, brought to one level."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from auricle.audio.frontend import FrontEnd
from auricle.audio.spectrum import FloatArray, checked_waveform
from auricle.params import Params

# Raised when the same parameters give other values than before, so that no old cache is read.
VERSION = 1


class WaveformParams(Params):
    """Parameters of the waveform front end; every one of them is part of its digest."""

    kind: Literal["waveform"] = Field("waveform", description="Kind of front end")
    sample_rate: int = Field(
        16_000,
        ge=1_000,
        le=384_000,
        description="Rate that recordings are resampled to, in Hz; speech encoders were trained at 16 kHz",
    )
    do_normalize: bool = Field(
        True, description="Each recording to mean 0 and variance 1, as most speech encoders were trained"
    )

    def make(self) -> "WaveformFrontEnd":
        """The front end with these parameters."""
        return WaveformFrontEnd(self)


class WaveformFrontEnd(FrontEnd):
    """Samples as `transformers.Wav2Vec2FeatureExtractor` gives them: one band, and a frame is a sample.

    Example:
        >>> front_end = WaveformFrontEnd(WaveformParams())
        >>> front_end(waveform)  # float32 (1, samples)
    """

    version = VERSION
    params_class = WaveformParams
    params: WaveformParams

    def __init__(self, params: WaveformParams) -> None:
        from transformers import Wav2Vec2FeatureExtractor

        super().__init__(params)
        self._extractor: Any = Wav2Vec2FeatureExtractor(  # type: ignore[no-untyped-call]
            feature_size=1,
            sampling_rate=params.sample_rate,
            do_normalize=params.do_normalize,
            return_attention_mask=False,
        )

    @property
    def n_bands(self) -> int:
        """One."""
        return 1

    def frames(self, duration_s: float) -> int:
        """Samples of so many seconds."""
        return round(duration_s * self.params.sample_rate)

    @property
    def frames_per_second(self) -> float:
        """The sample rate."""
        return float(self.params.sample_rate)

    def seconds(self, frames: int) -> float:
        """Time between a sample and the one `frames` later, in seconds."""
        return frames / self.params.sample_rate

    @property
    def half_frame_s(self) -> float:
        """Half of what a frame spans: nothing to speak of."""
        return 0.5 / self.params.sample_rate

    def __call__(self, waveform: NDArray[np.floating[Any]]) -> FloatArray:
        """The samples of a waveform at one level.

        Args:
            waveform: mono samples at `sample_rate` [shape=(n,)].

        Returns:
            float32 [shape=(1, n)]; of mean 0 and variance 1, or all 0 where nothing is heard.

        Raises:
            AudioError: the waveform is empty, not mono, or holds NaN or infinity.
        """
        samples = checked_waveform(waveform)
        if self.params.do_normalize:
            # All that the extractor does with one waveform, which needs no padding. When called it imports
            # torch, which does not fit beside a recording into the limits of a child process.
            (samples,) = self._extractor.zero_mean_unit_var_norm([samples], None)
        return np.asarray(samples, dtype=np.float32)[np.newaxis]
