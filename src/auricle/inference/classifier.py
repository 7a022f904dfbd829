"""A trained model ready for use on files and waveforms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from auricle.audio.limits import AudioLimits
from auricle.errors import AudioError, ConfigurationError
from auricle.inference.abstention import check_abstention
from auricle.inference.answers import Answers
from auricle.inference.instruments import Instruments, told
from auricle.inference.note_batches import BatchParams
from auricle.inference.note_cache import CacheInfo, NoteCache
from auricle.inference.onsets import PassageParams, find_notes
from auricle.inference.passage import Passage, PassageNote
from auricle.inference.prediction import Prediction
from auricle.inference.scorers import Score, load_scorer
from auricle.inference.stream import Stream, StreamParams
from auricle.inference.waveforms import Audio, FloatArray, naming, path_of, read_waveform
from auricle.models.bundle import BundleRef
from auricle.models.windows import REGRESSION
from auricle.training.device import resolve_device
from auricle.training.params import DeviceName

if TYPE_CHECKING:
    from auricle.inference.neighbours import Neighbours


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
        cache_size: int = 1024,
        batches: BatchParams | None = None,
    ) -> None:
        check_classes(bundle)
        check_abstention(bundle.config, abstain_below)
        self.bundle = bundle
        self.abstain_below = abstain_below
        self.limits = limits or AudioLimits()
        self._cache = NoteCache(cache_size, bundle.digest)
        self._device = resolve_device(device)
        self._scorer = load_scorer(bundle, self._device)
        self._answers = Answers(self._scorer, self._cache, batches or self._scorer.batches)

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
        self, audio: Sequence[Audio], *, sampling_rate: int | None = None, instrument: Instruments = None
    ) -> list[Prediction]: ...

    def predict(
        self,
        audio: Audio | Sequence[Audio],
        *,
        sampling_rate: int | None = None,
        instrument: Instruments = None,
    ) -> Prediction | list[Prediction]:
        """Label, confidence, probabilities and windows of a recording, or of each in a list.

        Args:
            audio: the path of a file; or a waveform of floats, full scale at 1, of shape (n,) or
                (channels, n); or a list of these.
            sampling_rate: of the waveforms, in Hz; files bring their own.
            instrument: that plays in all of them, one of `instruments`; or a list with one for each. None
                is unknown, and so, with a warning, is any other name.

        The recordings of a list go through a network in batches, sorted by length. One that the model was
        asked about before is answered from memory; see `cache_info`.

        Raises:
            AudioError: where a single recording cannot be used. In a list, such a recording is an entry
                with `error` instead.
            ConfigurationError: for a waveform without `sampling_rate`, or of another shape; for more or
                fewer instruments than recordings.
        """
        items = _as_list(audio)
        scores = self._scores(items, sampling_rate, instrument)
        if isinstance(audio, str | Path | np.ndarray):
            with naming(audio):
                return self._prediction(_usable(next(scores)), path_of(audio))
        return [self._prediction(score, path_of(item)) for item, score in zip(items, scores, strict=True)]

    @overload
    def embed(  # type: ignore[overload-overlap]
        self, audio: Audio, *, sampling_rate: int | None = None, instrument: str | None = None
    ) -> npt.NDArray[np.float32]: ...

    @overload
    def embed(
        self, audio: Sequence[Audio], *, sampling_rate: int | None = None, instrument: Instruments = None
    ) -> list[npt.NDArray[np.float32]]: ...

    def embed(
        self,
        audio: Audio | Sequence[Audio],
        *,
        sampling_rate: int | None = None,
        instrument: Instruments = None,
    ) -> npt.NDArray[np.float32] | list[npt.NDArray[np.float32]]:
        """Embedding, float32 (embedding_size,), of a recording, or of each in a list.

        Takes what `predict` takes. Every recording must be usable; for a list in which some may be broken,
        take `predict`, whose entries carry `embedding` or `error`.

        Raises:
            AudioError: where a recording cannot be used.
        """
        items = _as_list(audio)
        found = []
        for item, score in zip(items, self._scores(items, sampling_rate, instrument), strict=True):
            with naming(item):
                found.append(_usable(score).embedding)
        return found[0] if isinstance(audio, str | Path | np.ndarray) else found

    def predict_passage(
        self,
        recording: Audio,
        instrument: str | None = None,
        *,
        sampling_rate: int | None = None,
        params: PassageParams | None = None,
    ) -> Passage:
        """Cut a recording of one instrument, one note after the other, into its notes, and predict each.

        Args:
            recording: the path of a file, or a waveform as `predict` takes it.
            instrument: that plays, one of `instruments`; None is unknown.
            sampling_rate: of a waveform, in Hz.
            params: where notes begin and end, and whether they are judged with their neighbours in mind.

        Raises:
            AudioError: the recording cannot be used.
            ConfigurationError: for a waveform without `sampling_rate`, or of another shape; for `neighbours`
                where no sequence model was trained for this model.
            BundleError: for `neighbours` where the sequence model is damaged, or of another bundle.
        """
        params = params or PassageParams()
        neighbours = self._neighbours if params.neighbours else None
        with naming(recording):
            waveform = read_waveform(recording, sampling_rate, self.sample_rate, self.limits)
        spans = find_notes(waveform, self.sample_rate, params)
        known = told(instrument, len(spans), self.instruments)
        scores = list(self._answers.each((waveform[start:stop] for start, stop in spans), known))
        config = None
        if neighbours is not None:
            scores, config = neighbours(scores), neighbours.config
        return Passage(
            tuple(
                PassageNote(
                    start / self.sample_rate,
                    (stop - start) / self.sample_rate,
                    self._prediction(score, None, config),
                )
                for (start, stop), score in zip(spans, scores, strict=True)
            ),
            waveform,
            self.sample_rate,
            path=path_of(recording),
            instrument=instrument,
            model=str(self.bundle.config["model_type"]),
            version=self.bundle.version,
            neighbours=neighbours is not None,
        )

    def predict_stream(
        self,
        chunks: Iterable[npt.NDArray[Any]],
        *,
        sampling_rate: int,
        instrument: str | None = None,
        params: StreamParams | None = None,
    ) -> Stream:
        """Predict while samples arrive: a window of the latest ones, again after every hop.

        Args:
            chunks: samples as they come, floats of any number, of shape (n,) or (channels, n).
            sampling_rate: of the samples, in Hz.
            instrument: that plays, one of `instruments`; None is unknown.
            params: how long a window is, and how far it is to the next.

        Returns:
            An iterator over answers, which takes chunks only as it is asked, and knows its latency.

        Raises:
            ConfigurationError: for a rate that is none; when asked for an answer, for samples that are not
                floats, or of another shape.
        """
        (known,) = told(instrument, 1, self.instruments)

        def predict(window: FloatArray) -> Prediction:
            waveform = read_waveform(window, sampling_rate, self.sample_rate, self.limits)
            return self._prediction(self._scorer(waveform, known), None)

        return Stream(
            chunks,
            predict,
            sampling_rate=sampling_rate,
            half_frame_s=self._scorer.half_frame_s,
            params=params or StreamParams(),
        )

    def cache_info(self) -> CacheInfo:
        """Hits, misses, bound and size of the memory of what the model has said, as functools tells them.

        Known is what has the same samples at the model's rate and the same instrument.
        """
        return self._cache.info()

    def cache_clear(self) -> None:
        """Forget what the model has said, and count from 0."""
        self._cache.clear()

    @cached_property
    def _neighbours(self) -> Neighbours | None:
        from auricle.inference.neighbours import load_neighbours

        return load_neighbours(self.bundle, self._device)

    def _scores(
        self, items: Sequence[Audio], sampling_rate: int | None, instrument: Instruments
    ) -> Iterator[Score | AudioError]:
        known = told(instrument, len(items), self.instruments)
        return self._answers.each((self._read(item, sampling_rate) for item in items), known)

    def _read(self, audio: Audio, sampling_rate: int | None) -> FloatArray | AudioError:
        try:
            return read_waveform(audio, sampling_rate, self.sample_rate, self.limits)
        except AudioError as error:
            return error

    def _prediction(
        self, score: Score | AudioError, path: str | None, config: Mapping[str, Any] | None = None
    ) -> Prediction:
        if isinstance(score, AudioError):
            return Prediction.failed(path, str(score))
        return Prediction.of_windows(
            self.labels,
            score.spans,
            score.probabilities,
            score.embedding,
            path=path,
            config=config or self.bundle.config,
            abstain_below=self.abstain_below,
            members=score.members,
        )

    def __repr__(self) -> str:
        kind = self.bundle.config["model_type"]
        return f"<AudioClassifier {kind}, version {self.bundle.version}, labels: {', '.join(self.labels)}>"


def _as_list(audio: Audio | Sequence[Audio]) -> list[Audio]:
    return [audio] if isinstance(audio, str | Path | np.ndarray) else list(audio)


def _usable(score: Score | AudioError) -> Score:
    if isinstance(score, AudioError):
        raise score
    return score


def check_classes(bundle: BundleRef) -> None:
    """Refuse a model that names no class.

    Raises:
        ConfigurationError: it rates.
    """
    if bundle.config.get("problem_type") == REGRESSION:
        raise ConfigurationError(
            f"{bundle.path} is of a model that rates recordings and names no class. Let it rate by"
            " auricle.inference.scoring.score_stored."
        )
