"""Hand-crafted features of a recording: statistics of librosa's descriptors over one shared transform."""

from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from auricle.audio.mel import MelFilterbank, check_mel
from auricle.audio.preprocessor import digest_of, read_params, write_config
from auricle.audio.spectrum import FloatArray, checked_waveform, hann_window, magnitude_spectrogram, to_db
from auricle.params import Params

# Raised when the same parameters give other values than before, so that no old table is read.
VERSION = 1
# The octave bands of spectral contrast begin with 0 to 200 Hz (Jiang et al., 2002).
_CONTRAST_FMIN = 200.0
_CONTRAST_BANDS = 6
# C2 and C7, the range that pYIN's documentation recommends, in Hz.
_LOWEST_PITCH, _HIGHEST_PITCH = 65.4, 2093.0
_STATISTICS = ("mean", "std", "delta_mean", "delta_std")


class DescriptorParams(Params):
    """Parameters of the hand-crafted features; every one of them is part of the digest."""

    sample_rate: int = Field(
        22_050, ge=2_000, le=384_000, description="Rate that recordings are resampled to, in Hz"
    )
    n_fft: int = Field(2_048, ge=64, le=65_536, multiple_of=2, description="Samples of a frame")
    hop_length: int = Field(512, ge=1, description="Samples between the centres of neighbouring frames")
    n_mels: int = Field(128, ge=1, le=1_024, description="Mel bands below MFCC and onset strength")
    n_mfcc: int = Field(20, ge=1, description="Mel-frequency cepstral coefficients")
    tempo: bool = Field(True, description="Estimate the tempo, in beats per minute")
    duration: bool = Field(False, description="How long the recording lasts, in seconds")
    hpss: bool = Field(False, description="Separate harmonic from percussive energy; 1 s for 30 s of music")
    pyin: bool = Field(False, description="Track the pitch by probabilistic YIN; 3 s for 30 s of music")
    max_duration_s: float = Field(
        120.0, gt=0, le=1_200, description="Of a longer recording the middle is described, in seconds"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.n_mfcc > self.n_mels:
            raise ValueError(
                f"n_mfcc {self.n_mfcc} is above n_mels {self.n_mels}: lower n_mfcc or raise n_mels"
            )
        if self.sample_rate / self.n_fft > _CONTRAST_FMIN / 2:
            raise ValueError(
                f"n_fft {self.n_fft} at sample_rate {self.sample_rate} leaves bands of spectral contrast "
                f"without a bin: n_fft must be at least {2 * self.sample_rate / _CONTRAST_FMIN:.0f}"
            )
        check_mel(hop_length=self.hop_length, **self.filterbank())
        return self

    def filterbank(self) -> dict[str, Any]:
        """The arguments of `MelFilterbank`."""
        return {
            "sample_rate": self.sample_rate,
            "n_fft": self.n_fft,
            "n_mels": self.n_mels,
            "fmin": 0.0,
            "fmax": self.sample_rate / 2,
        }

    @property
    def contrast_bands(self) -> int:
        """Octaves of spectral contrast that begin below half the sample rate."""
        return min(_CONTRAST_BANDS, int(np.ceil(np.log2(self.sample_rate / 2 / _CONTRAST_FMIN))))


class DescriptorExtractor:
    """One vector of named features for a recording of any length.

    Descriptors frame by frame, from one short-time Fourier transform: MFCC, chroma (A4 = 440 Hz, not
    estimated), spectral contrast, centroid, bandwidth, roll-off, RMS, zero-crossing rate and onset strength;
    with `hpss` the percussive share of the energy, with `pyin` the pitch and the probability of a voice. Of
    each the mean and the deviation, and the mean and the deviation of its slope (Savitzky-Golay over nine
    frames, the outermost frame repeated beyond the ends, so that a clip of 0.1 s has finite features too).
    With `tempo`, one tempo; with `duration`, that of the whole recording.

    Example:
        >>> extractor = DescriptorExtractor(DescriptorParams())
        >>> dict(zip(extractor.names, extractor(waveform)))["mfcc_01_mean"]
    """

    def __init__(self, params: DescriptorParams) -> None:
        self.params = params
        self._filterbank = MelFilterbank(**params.filterbank())
        self._window = hann_window(params.n_fft)

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each feature, such as `mfcc_01_mean` and `chroma_12_delta_std`."""
        series = _series_names(self.params)
        names = [f"{name}_{statistic}" for statistic in _STATISTICS for name in series]
        return (*names, *(name for name in ("tempo", "duration") if getattr(self.params, name)))

    @property
    def digest(self) -> str:
        """Twelve hex digits that change whenever the features of some waveform may change."""
        return digest_of(type(self).__name__, VERSION, self.params)

    @property
    def sample_rate(self) -> int:
        """The rate in Hz that the waveform must have."""
        return self.params.sample_rate

    def __call__(self, waveform: NDArray[np.floating[Any]]) -> FloatArray:
        """The features of a waveform.

        Args:
            waveform: mono samples at `sample_rate` [shape=(n,)].

        Returns:
            float32 [shape=(len(names),)], all finite.

        Raises:
            AudioError: the waveform is empty, not mono, or holds NaN or infinity.
        """
        import librosa

        whole = checked_waveform(waveform)
        samples = self._middle(whole)
        magnitude = magnitude_spectrogram(samples, self._window, self.params.hop_length)
        log_mel = self._log_mel(magnitude)
        onset = librosa.onset.onset_strength(S=log_mel, sr=self.sample_rate)
        series = np.concatenate(
            [
                librosa.feature.mfcc(S=log_mel, n_mfcc=self.params.n_mfcc),
                *self._spectral(magnitude),
                librosa.feature.zero_crossing_rate(
                    samples, frame_length=self.params.n_fft, hop_length=self.params.hop_length
                ),
                onset[np.newaxis],
                *self._optional(samples, magnitude),
            ]
        )
        slopes = librosa.feature.delta(series, mode="nearest")
        features = [series.mean(axis=1), series.std(axis=1), slopes.mean(axis=1), slopes.std(axis=1)]
        if self.params.tempo:
            hop_length = self.params.hop_length
            features.append(
                librosa.feature.tempo(onset_envelope=onset, sr=self.sample_rate, hop_length=hop_length)
            )
        if self.params.duration:
            features.append(np.array([len(whole) / self.sample_rate]))
        return np.concatenate(features).astype(np.float32)

    def save_pretrained(self, folder: Path) -> None:
        """Write `preprocessor_config.json` into a folder."""
        write_config(folder, type(self).__name__, VERSION, self.params)

    @classmethod
    def from_pretrained(cls, folder: Path) -> Self:
        """The extractor that `save_pretrained` wrote.

        Raises:
            BundleError: the file is missing, damaged, of another extractor or of another version.
        """
        return cls(read_params(folder, cls.__name__, VERSION, DescriptorParams))

    def _middle(self, samples: FloatArray) -> FloatArray:
        longest = round(self.params.max_duration_s * self.sample_rate)
        surplus = max(0, len(samples) - longest)
        return samples[surplus // 2 : len(samples) - (surplus - surplus // 2)]

    def _log_mel(self, magnitude: FloatArray) -> FloatArray:
        mel = np.empty((magnitude.shape[1], self.params.n_mels), dtype=np.float32)
        self._filterbank.apply(np.square(magnitude).T, out=mel)
        return to_db(mel, top_db=80.0).T

    def _spectral(self, magnitude: FloatArray) -> list[NDArray[np.floating[Any]]]:
        from librosa import feature

        rate, n_fft = self.sample_rate, self.params.n_fft
        centroid = feature.spectral_centroid(S=magnitude, sr=rate)
        return [
            feature.chroma_stft(S=np.square(magnitude), sr=rate, n_fft=n_fft, tuning=0.0),
            feature.spectral_contrast(
                S=magnitude, sr=rate, fmin=_CONTRAST_FMIN, n_bands=self.params.contrast_bands
            ),
            centroid,
            feature.spectral_bandwidth(S=magnitude, sr=rate, centroid=centroid),
            feature.spectral_rolloff(S=magnitude, sr=rate),
            feature.rms(S=magnitude, frame_length=n_fft),
        ]

    def _optional(self, samples: FloatArray, magnitude: FloatArray) -> list[NDArray[np.floating[Any]]]:
        series = []
        if self.params.hpss:
            series.append(_percussive_share(magnitude))
        if self.params.pyin:
            series.extend(_pitch(samples, self.params))
        return series


def _series_names(params: DescriptorParams) -> list[str]:
    """Names of the rows that `DescriptorExtractor` stacks, in its order."""
    return [
        *(f"mfcc_{number:02d}" for number in range(1, params.n_mfcc + 1)),
        *(f"chroma_{number:02d}" for number in range(1, 13)),
        *(f"contrast_{number:02d}" for number in range(1, params.contrast_bands + 2)),
        "centroid",
        "bandwidth",
        "rolloff",
        "rms",
        "zero_crossing_rate",
        "onset_strength",
        *(["percussive_share"] if params.hpss else []),
        *(["pitch", "voiced_probability"] if params.pyin else []),
    ]


def _percussive_share(magnitude: FloatArray) -> NDArray[np.floating[Any]]:
    """Share of the energy that median filtering calls percussive (Fitzgerald, 2010) [shape=(1, frames)]."""
    import librosa

    harmonic, percussive = (np.square(part).sum(axis=0) for part in librosa.decompose.hpss(magnitude))
    share: NDArray[np.floating[Any]] = percussive / np.maximum(
        harmonic + percussive, np.finfo(np.float32).tiny
    )
    return share[np.newaxis]


def _pitch(samples: FloatArray, params: DescriptorParams) -> list[NDArray[np.floating[Any]]]:
    """Pitch in octaves above A0 and probability of a voice, by pYIN (Mauch and Dixon, 2014)."""
    import librosa

    # Two periods must fit into half a frame, and the range must lie below half the sample rate.
    lowest = max(_LOWEST_PITCH, 4 * params.sample_rate / params.n_fft)
    highest = max(min(_HIGHEST_PITCH, params.sample_rate / 4), 2 * lowest)
    pitch, _, probability = librosa.pyin(
        samples,
        fmin=lowest,
        fmax=highest,
        sr=params.sample_rate,
        frame_length=params.n_fft,
        hop_length=params.hop_length,
        fill_na=None,
    )
    return [librosa.hz_to_octs(pitch)[np.newaxis], probability[np.newaxis]]
