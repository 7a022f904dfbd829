"""A trained model ready for use on files and waveforms."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from auricle.audio.decode import decode
from auricle.audio.limits import AudioLimits
from auricle.errors import AudioError, ConfigurationError
from auricle.inference.abstention import check_abstention
from auricle.inference.prediction import Prediction
from auricle.inference.scorers import load_scorer
from auricle.models.bundle import BundleRef
from auricle.training.device import resolve_device
from auricle.training.params import DeviceName

Audio = str | Path | npt.NDArray[Any]

logger = logging.getLogger(__name__)


class AudioClassifier:
    """Predicts from recordings with the model and the front end of one bundle.

    Files are decoded in this process, within limits on their header and on what is read: right for one's
    own files. Files that strangers send belong into a child process (`auricle.audio.isolation`).
    """

    def __init__(
        self,
        bundle: BundleRef,
        *,
        device: DeviceName = "auto",
        limits: AudioLimits | None = None,
        abstain_below: float | None = None,
    ) -> None:
        check_abstention(bundle.config, abstain_below)
        self.bundle = bundle
        self.abstain_below = abstain_below
        self.limits = limits or AudioLimits()
        self._scorer = load_scorer(bundle, resolve_device(device))

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes that the model knows, in vocabulary order."""
        return self.bundle.vocabulary

    @property
    def sample_rate(self) -> int:
        """The rate that recordings are resampled to, in Hz."""
        return self._scorer.sample_rate

    @property
    def instruments(self) -> tuple[str, ...]:
        """The instruments that the model may be told; none where it has no input for them."""
        return tuple(self.bundle.config.get("instruments", ()))

    # A string is a sequence of strings to the type checker; here it is always one path.
    @overload
    def predict(  # type: ignore[overload-overlap]
        self, audio: Audio, *, sampling_rate: int | None = None, instrument: str | None = None
    ) -> Prediction: ...

    @overload
    def predict(
        self, audio: Sequence[Audio], *, sampling_rate: int | None = None, instrument: str | None = None
    ) -> list[Prediction]: ...

    def predict(
        self,
        audio: Audio | Sequence[Audio],
        *,
        sampling_rate: int | None = None,
        instrument: str | None = None,
    ) -> Prediction | list[Prediction]:
        """Label, confidence, probabilities and windows of a recording, or of each in a list.

        Args:
            audio: the path of a file; or a waveform of floats, full scale at 1, of shape (n,) or
                (channels, n); or a list of these.
            sampling_rate: of the waveforms, in Hz; files bring their own.
            instrument: that plays in all of them, one of `instruments`. None is unknown, and so, with a
                warning, is any other name.

        Raises:
            AudioError: where a single recording cannot be used. In a list, such a recording is an entry
                with `error` instead.
            ConfigurationError: for a waveform without `sampling_rate`, or of another shape.
        """
        known = self._known(instrument)
        if isinstance(audio, str | Path | np.ndarray):
            with _naming(audio):
                return self._predict_one(audio, sampling_rate, known)
        return list(self._predict_each(audio, sampling_rate, known))

    @overload
    def embed(  # type: ignore[overload-overlap]
        self, audio: Audio, *, sampling_rate: int | None = None, instrument: str | None = None
    ) -> npt.NDArray[np.float32]: ...

    @overload
    def embed(
        self, audio: Sequence[Audio], *, sampling_rate: int | None = None, instrument: str | None = None
    ) -> list[npt.NDArray[np.float32]]: ...

    def embed(
        self,
        audio: Audio | Sequence[Audio],
        *,
        sampling_rate: int | None = None,
        instrument: str | None = None,
    ) -> npt.NDArray[np.float32] | list[npt.NDArray[np.float32]]:
        """Embedding, float32 (embedding_size,), of a recording, or of each in a list.

        Takes what `predict` takes. Every recording must be usable; for a list in which some may be broken,
        take `predict`, whose entries carry `embedding` or `error`.

        Raises:
            AudioError: where a recording cannot be used.
        """
        known = self._known(instrument)
        if isinstance(audio, str | Path | np.ndarray):
            return self._embed_one(audio, sampling_rate, known)
        return [self._embed_one(item, sampling_rate, known) for item in audio]

    def _known(self, instrument: str | None) -> str | None:
        """The instrument where the model has an input for it, else None."""
        if instrument is None or instrument in self.instruments:
            return instrument
        logger.warning(
            "The instrument %r is taken as unknown: this model knows %s.",
            instrument,
            ", ".join(self.instruments) or "of no instruments",
        )
        return None

    def _predict_each(
        self, audio: Sequence[Audio], sampling_rate: int | None, instrument: str | None
    ) -> Iterator[Prediction]:
        for item in audio:
            try:
                yield self._predict_one(item, sampling_rate, instrument)
            except AudioError as error:
                yield Prediction.failed(_path(item), str(error))

    def _predict_one(self, audio: Audio, sampling_rate: int | None, instrument: str | None) -> Prediction:
        score = self._scorer(self._waveform(audio, sampling_rate), instrument)
        return Prediction.of_windows(
            self.labels,
            score.spans,
            score.probabilities,
            score.embedding,
            path=_path(audio),
            config=self.bundle.config,
            abstain_below=self.abstain_below,
        )

    def _embed_one(
        self, audio: Audio, sampling_rate: int | None, instrument: str | None
    ) -> npt.NDArray[np.float32]:
        with _naming(audio):
            return self._scorer(self._waveform(audio, sampling_rate), instrument).embedding

    def _waveform(self, audio: Audio, sampling_rate: int | None) -> npt.NDArray[np.float32]:
        if isinstance(audio, np.ndarray):
            return as_waveform(audio, sampling_rate, self.sample_rate)
        return decode(Path(audio), self.limits, self.sample_rate).samples

    def __repr__(self) -> str:
        kind = self.bundle.config["model_type"]
        return f"<AudioClassifier {kind}, version {self.bundle.version}, labels: {', '.join(self.labels)}>"


def as_waveform(
    samples: npt.NDArray[Any], sampling_rate: int | None, target_rate: int
) -> npt.NDArray[np.float32]:
    """Mix samples of shape (n,) or (channels, n) down to mono at the target rate, float32.

    Raises:
        ConfigurationError: for samples without a rate, that are not floats, or of another shape.
        AudioError: for samples that are empty or not finite.
    """
    import soxr

    if sampling_rate is None or sampling_rate < 1:
        raise ConfigurationError(
            f"sampling_rate is {sampling_rate}: a waveform needs its rate in Hz, as in "
            "predict(samples, sampling_rate=44100)."
        )
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
    if not len(samples) or not np.all(np.isfinite(samples)):
        raise AudioError("the waveform is empty or has samples that are not finite")
    mono = samples.astype(np.float32)
    resampled: npt.NDArray[np.float32] = soxr.resample(mono, sampling_rate, target_rate)
    return resampled


@contextmanager
def _naming(audio: Audio) -> Iterator[None]:
    """Put the file before the reason why it cannot be used; a list's entry has its path beside the reason."""
    try:
        yield
    except AudioError as error:
        path = _path(audio)
        raise error if path is None else AudioError(f"{path}: {error}") from error


def _path(audio: Audio) -> str | None:
    return None if isinstance(audio, np.ndarray) else str(audio)
