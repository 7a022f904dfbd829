"""Front ends: how a waveform becomes what networks see, a spectrogram mostly; the log-mel one."""

from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from auricle.audio.mel import MelFilterbank, check_mel, mel_weights
from auricle.audio.preprocessor import digest_of, read_params, write_config
from auricle.audio.spectrum import (
    FloatArray,
    block_frames,
    centred_frames,
    centred_hann_window,
    checked_waveform,
    exact_power,
    frame_count,
    power_blocks,
    to_db,
)
from auricle.params import Params

# Raised when the same parameters give other values than before, so that no old cache is read.
VERSION = 1
# The noise of the float32 transform lies 167 dB below the peak of its frame (measured). A bin 74 dB below the
# peak is then 93 dB above the noise, which moves it by less than 1e-3 dB in all but one of many millions.
_NOISE_MARGIN = np.float32(10**-7.4)
# AudioSet's models window 25 ms, whatever their transform's length.
_VGGISH_WINDOW_S = 0.025


class SpectrogramParams(Params):
    """What all front ends share; every parameter is part of the digest."""

    kind: str
    sample_rate: int = Field(
        22_050, ge=1_000, le=384_000, description="Rate that recordings are resampled to, in Hz"
    )
    hop_length: int
    top_db: float = Field(
        80.0, gt=0, le=120, description="Values below the loudest by more than this are raised to it, in dB"
    )


class FrontEnd:
    """From a waveform to a spectrogram; the same object in caching, in prediction and in serving.

    A subclass gives `n_bands` and `__call__`, and says its `version`, which is raised when the same
    parameters give other values than before. One that makes no spectrograms says what its frames are.
    """

    version: ClassVar[int]
    params_class: ClassVar[type[Params]]

    def __init__(self, params: Any) -> None:
        self.params = params

    @property
    def digest(self) -> str:
        """Names the store of its spectrograms."""
        return digest_of(type(self).__name__, self.version, self.params)

    @property
    def sample_rate(self) -> int:
        """The rate in Hz that the waveform must have."""
        return int(self.params.sample_rate)

    @property
    def n_bands(self) -> int:
        """Rows of the spectrogram."""
        raise NotImplementedError

    def frames(self, duration_s: float) -> int:
        """Frames of the spectrogram of so many seconds."""
        return frame_count(round(duration_s * self.params.sample_rate), self.params.hop_length)

    @property
    def frames_per_second(self) -> float:
        """How many frames lie in a second."""
        return float(self.params.sample_rate / self.params.hop_length)

    def seconds(self, frames: int) -> float:
        """Time between the centres of a frame and of the one `frames` later, in seconds."""
        return float(frames * self.params.hop_length / self.params.sample_rate)

    @property
    def half_frame_s(self) -> float:
        """Half of what a frame spans, in seconds."""
        return float(self.params.n_fft / 2 / self.params.sample_rate)

    def __call__(self, waveform: NDArray[np.floating[Any]]) -> FloatArray:
        """The spectrogram of a waveform, float32 [shape=(n_bands, frames)] in dB."""
        raise NotImplementedError

    def magnitudes(self, spectrogram: FloatArray) -> FloatArray:
        """Magnitudes of a transform with about this spectrogram, float32 [shape=(1 + n_fft // 2, frames)]."""
        raise NotImplementedError

    def weights(self) -> FloatArray:
        """What each bin of the transform weighs in each band, float32 [shape=(n_bands, 1 + n_fft // 2)]."""
        raise NotImplementedError

    def save_pretrained(self, folder: Path) -> None:
        """Write `preprocessor_config.json` into a folder."""
        write_config(folder, type(self).__name__, self.version, self.params)

    @classmethod
    def from_pretrained(cls, folder: Path) -> Self:
        """The front end that `save_pretrained` wrote.

        Raises:
            BundleError: the file is missing, damaged, of another extractor or of another version.
        """
        return cls(read_params(folder, cls.__name__, cls.version, cls.params_class))


class FrontEndParams(SpectrogramParams):
    """Parameters of the log-mel front end; every one of them is part of its digest."""

    kind: Literal["log_mel", "vggish"] = Field(
        "log_mel",
        description="log_mel: power in Slaney's mel bands, as librosa's; vggish: magnitudes in HTK's, over "
        "windows of 25 ms, which VGGish and YAMNet were trained on",
    )
    n_fft: int = Field(
        2_048, ge=16, le=65_536, multiple_of=2, description="Samples of a frame and length of its transform"
    )
    hop_length: int = Field(512, ge=1, description="Samples between the centres of neighbouring frames")
    n_mels: int = Field(128, ge=1, le=1_024, description="Mel bands: rows of the spectrogram")
    fmin: float = Field(0.0, ge=0, description="Lowest frequency of the mel bands, in Hz")
    fmax: float | None = Field(
        None, gt=0, description="Highest frequency, in Hz; half the sample rate where None"
    )

    @property
    def highest_frequency(self) -> float:
        """`fmax`, or half the sample rate where it is None, in Hz."""
        return self.sample_rate / 2 if self.fmax is None else self.fmax

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.highest_frequency > self.sample_rate / 2:
            raise ValueError(
                f"fmax {self.fmax:g} Hz is above half the sample_rate {self.sample_rate} Hz: lower fmax, "
                "leave it out, or raise sample_rate"
            )
        if self.fmin >= self.highest_frequency:
            raise ValueError(
                f"fmin {self.fmin:g} Hz is not below fmax {self.highest_frequency:g} Hz: lower fmin"
            )
        if not self.hop_length <= self.window_length <= self.n_fft and self.kind == "vggish":
            raise ValueError(
                f"a window of 25 ms has {self.window_length} samples: n_fft {self.n_fft} must be no less, and"
                f" hop_length {self.hop_length} no more"
            )
        check_mel(hop_length=self.hop_length, **self.filterbank())
        return self

    @property
    def window_length(self) -> int:
        """Samples of a frame that the window does not silence."""
        return round(_VGGISH_WINDOW_S * self.sample_rate) if self.kind == "vggish" else self.n_fft

    def filterbank(self) -> dict[str, Any]:
        """The arguments of `MelFilterbank`."""
        return {
            "sample_rate": self.sample_rate,
            "n_fft": self.n_fft,
            "n_mels": self.n_mels,
            "fmin": self.fmin,
            "fmax": self.highest_frequency,
            "scale": "htk" if self.kind == "vggish" else "slaney",
        }


class LogMelFrontEnd(FrontEnd):
    """Log-mel spectrograms, equal to librosa's within 1e-3 dB at less than half the time.

    Of kind `log_mel` the values are those of `librosa.feature.melspectrogram` (centred frames, zero padding,
    Hann window, Slaney's mel scale and area normalization) followed by `librosa.power_to_db(ref=1.0,
    top_db=top_db)`: between -100 dB and about +60 dB for samples within full scale, so float16 keeps them
    within 0.04 dB.

    Of kind `vggish` they are the magnitudes, not logarithms yet, of the mel bands of AudioSet's VGGish and
    YAMNet, in dB: `10 ** (dB / 20)` is what those take the logarithm of. Frame `t` is centred on sample
    `t * hop_length`, theirs begins there.

    Example:
        >>> front_end = LogMelFrontEnd(FrontEndParams())
        >>> spectrogram = front_end(waveform)  # float32 (128, frames)
    """

    version = VERSION
    params_class = FrontEndParams
    params: FrontEndParams

    def __init__(self, params: FrontEndParams) -> None:
        super().__init__(params)
        self._filterbank = MelFilterbank(**params.filterbank())
        self._window = centred_hann_window(params.window_length, params.n_fft)

    @property
    def n_bands(self) -> int:
        """Rows of the spectrogram."""
        return self.params.n_mels

    def __call__(self, waveform: NDArray[np.floating[Any]]) -> FloatArray:
        """The log-mel spectrogram of a waveform.

        Args:
            waveform: mono samples at `sample_rate` [shape=(n,)].

        Returns:
            float32 [shape=(n_mels, 1 + n // hop_length)] in dB, in memory by frames: a crop of the store's
            time-major records is one contiguous read, and nothing is transposed on the way there.

        Raises:
            AudioError: the waveform is empty, not mono, or holds NaN or infinity.
        """
        samples = checked_waveform(waveform)
        frames = centred_frames(samples, self.params.n_fft, self.params.hop_length)
        mel = np.empty((len(frames), self.n_bands), dtype=np.float32)
        peak = np.empty((len(frames), 1), dtype=np.float32)
        of_magnitudes = self.params.kind == "vggish"
        for rows, power in power_blocks(frames, self._window):
            bins = np.sqrt(power, out=power) if of_magnitudes else power
            self._filterbank.apply(bins, out=mel[rows])
            bins.max(axis=1, out=peak[rows], keepdims=True)
        if of_magnitudes:
            # The transform's noise, 120 dB below, is nothing beside what VGGish adds before the logarithm.
            np.square(mel, out=mel)
        else:
            self._refine(frames, mel, peak)
        return to_db(mel, self.params.top_db).T

    def _refine(self, frames: FloatArray, mel: FloatArray, peak: FloatArray) -> None:
        """Compute those frames again in which a band lies in the rounding noise of the frame's own peak."""
        floor = mel.max() * 10 ** (-self.params.top_db / 10)
        in_noise = mel < peak * (self._filterbank.gains * _NOISE_MARGIN)
        affected = np.flatnonzero((in_noise & (mel > floor)).any(axis=1))
        step = block_frames(self.params.n_fft)
        for start in range(0, len(affected), step):
            rows = affected[start : start + step]
            exact = np.empty((len(rows), self.n_bands), dtype=np.float32)
            self._filterbank.apply(exact_power(frames[rows]), out=exact)
            mel[rows] = exact

    def magnitudes(self, spectrogram: FloatArray) -> FloatArray:
        """Non-negative magnitudes whose mel bands come nearest to these."""
        import librosa

        of_magnitudes = self.params.kind == "vggish"
        bands = 10 ** (spectrogram.astype(np.float64) / (20 if of_magnitudes else 10))
        bins = librosa.util.nnls(self.weights().astype(np.float64), bands)
        bins = np.maximum(bins, 0)  # the last step of the search may overshoot by a rounding error
        return np.asarray(bins if of_magnitudes else np.sqrt(bins), dtype=np.float32)

    def weights(self) -> FloatArray:
        """The mel filterbank."""
        return mel_weights(**self.params.filterbank())
