"""Prediction while samples arrive: windows of the latest ones, one after every hop."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from auricle.errors import AudioError
from auricle.inference.prediction import Prediction
from auricle.inference.waveforms import as_mono, checked_rate
from auricle.params import Params


class StreamParams(Params):
    """How a stream is heard."""

    window_s: float = Field(1.0, ge=0.05, le=60, description="how much is heard for an answer, in seconds")
    hop_s: float = Field(0.25, ge=0.01, le=60, description="from one answer to the next, in seconds")
    silence_dbfs: float | None = Field(
        -60.0, ge=-120, le=0, description="a window whose level is lower is not judged; null judges all"
    )

    @model_validator(mode="after")
    def _no_gaps(self) -> Self:
        if self.hop_s > self.window_s:
            raise ValueError(
                f"hop_s ({self.hop_s}) is greater than window_s ({self.window_s}): parts of the stream would"
                " never be heard. Choose hop_s <= window_s."
            )
        return self


@dataclass(frozen=True)
class StreamAnswer:
    """What a model says of one window of a stream.

    Attributes:
        start_s: where the window begins, in seconds from the first sample of the stream.
        end_s: where it ends: the answer is of all samples up to there.
        prediction: of the window; with `error` where it is silent or cannot be heard.
        compute_s: how long the answer took, in seconds.
    """

    start_s: float
    end_s: float
    prediction: Prediction
    compute_s: float

    @property
    def label(self) -> str | None:
        """The most probable class; None where the window is silent or cannot be heard."""
        return self.prediction.label

    @property
    def confidence(self) -> float | None:
        """Its probability."""
        return self.prediction.confidence


class Stream:
    """An iterator over the answers of a stream, and how late they are.

    A window is judged as a recording of its own, so an answer equals `predict` on the same samples. What
    remains at the end, less than a hop, is not judged, and a stream shorter than a window has no answer.

    Attributes:
        window_s: how much is heard for an answer, in seconds, a whole number of samples.
        hop_s: from one answer to the next.
        half_frame_s: half of a frame of the front end.
        hops: answers so far.
        last_compute_s, mean_compute_s, longest_compute_s: how long they took to compute; 0 before the first.
    """

    def __init__(
        self,
        chunks: Iterable[npt.NDArray[Any]],
        predict: Callable[[npt.NDArray[np.float32]], Prediction],
        *,
        sampling_rate: int,
        half_frame_s: float,
        params: StreamParams,
    ) -> None:
        self._rate = checked_rate(sampling_rate)
        self._chunks, self._predict, self._params = chunks, predict, params
        self._window = max(1, round(params.window_s * self._rate))
        self._hop = max(1, round(params.hop_s * self._rate))
        self.window_s, self.hop_s = self._window / self._rate, self._hop / self._rate
        self.half_frame_s = half_frame_s
        self.hops = 0
        self.last_compute_s = self.longest_compute_s = self._computed_s = 0.0
        self._answers = self._each()

    @property
    def latency_s(self) -> float:
        """The algorithmic latency: how long after its beginning a sound that fills a window counts in full.

        The window must be there, and half a frame more, for the front end's frames fade what lies at the
        edge of a window. Computing comes on top, and up to a hop until a window ends.
        """
        return self.window_s + self.half_frame_s

    @property
    def mean_compute_s(self) -> float:
        """How long an answer takes on average, in seconds; above `hop_s` the stream falls behind."""
        return self._computed_s / self.hops if self.hops else 0.0

    def __iter__(self) -> Iterator[StreamAnswer]:
        return self

    def __next__(self) -> StreamAnswer:
        return next(self._answers)

    def _each(self) -> Iterator[StreamAnswer]:
        kept, first = np.zeros(0, dtype=np.float32), 0
        for chunk in self._chunks:
            kept = np.concatenate([kept, as_mono(np.asarray(chunk))])
            while len(kept) >= self._window:
                yield self._answer(kept[: self._window], first)
                kept, first = kept[self._hop :], first + self._hop

    def _answer(self, window: npt.NDArray[np.float32], first: int) -> StreamAnswer:
        begun = perf_counter()
        prediction = self._judged(window)
        taken = perf_counter() - begun
        self.hops += 1
        self._computed_s += taken
        self.last_compute_s, self.longest_compute_s = taken, max(taken, self.longest_compute_s)
        return StreamAnswer(
            first / self._rate, (first + self._window) / self._rate, prediction, self.last_compute_s
        )

    def _judged(self, window: npt.NDArray[np.float32]) -> Prediction:
        quiet = self._params.silence_dbfs
        level = 20 * np.log10(max(float(np.sqrt(np.mean(np.square(window, dtype=np.float64)))), 1e-10))
        if quiet is not None and level < quiet:
            return Prediction.failed(None, f"silent: {level:.0f} dBFS, below silence_dbfs ({quiet:g})")
        try:
            return self._predict(window)
        except AudioError as error:
            return Prediction.failed(None, str(error))
