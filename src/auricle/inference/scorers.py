"""From a waveform to what a bundle's model says of it, for each kind of model."""

from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.audio.descriptors import DescriptorExtractor
from auricle.audio.extractor import load_extractor
from auricle.audio.frontend import FrontEnd
from auricle.errors import BundleError
from auricle.models.bundle import BundleRef
from auricle.models.instruments import instrument_codes
from auricle.models.registry import FOREST, load_deep
from auricle.models.windows import predict_windows

FloatArray = npt.NDArray[np.float32]
E = TypeVar("E")


@dataclass(frozen=True)
class Score:
    """What a model says of one waveform.

    Attributes:
        spans: start and end of each window, in seconds.
        probabilities: float32 (windows, classes).
        embedding: float32 (embedding_size,).
    """

    spans: list[tuple[float, float]]
    probabilities: FloatArray
    embedding: FloatArray


class Scorer(Protocol):
    """A model together with the front end that it was trained behind."""

    sample_rate: int

    def __call__(self, waveform: FloatArray, instrument: str | None = None) -> Score:
        """Score a mono waveform, float32 (n,), at `sample_rate`, and the instrument where it is known."""


class DeepScorer:
    """Any deep model: log-mel spectrogram, windows, mean of their embeddings."""

    def __init__(self, bundle: BundleRef, device: Any) -> None:
        self._extractor = _expect(load_extractor(bundle.path), FrontEnd, bundle)
        self._model: Any = load_deep(bundle)
        self._model.to(device)
        self._device = device
        self._window, self._hop = bundle.config["window_frames"], bundle.config["hop_frames"]
        self._instruments = bundle.config.get("instruments")
        self.sample_rate = self._extractor.sample_rate

    def __call__(self, waveform: FloatArray, instrument: str | None = None) -> Score:
        """Score a mono waveform; see `Scorer`."""
        output = predict_windows(
            self._model,
            self._extractor(waveform),
            self._window,
            self._hop,
            instrument=self._code(instrument),
            device=self._device,
        )
        duration, seconds = len(waveform) / self.sample_rate, self._extractor.seconds
        spans = [
            (min(seconds(int(start)), duration), min(seconds(int(start) + self._window), duration))
            for start in output.starts
        ]
        return Score(spans, output.probabilities, output.embeddings.mean(axis=0))

    def _code(self, instrument: str | None) -> int | None:
        """The number of an instrument for a model that asks which plays."""
        return (
            None if self._instruments is None else int(instrument_codes([instrument], self._instruments)[0])
        )


class ForestScorer:
    """A Random Forest: descriptors of the whole recording, one window."""

    def __init__(self, bundle: BundleRef) -> None:
        from auricle.models.forest import load_forest

        self._extractor = _expect(load_extractor(bundle.path), DescriptorExtractor, bundle)
        self._forest = load_forest(bundle.path / "model.skops")
        self._bundle = bundle
        self.sample_rate = self._extractor.sample_rate

    def __call__(self, waveform: FloatArray, instrument: str | None = None) -> Score:
        """Score a mono waveform; see `Scorer`."""
        from auricle.models.forest import forest_embeddings, forest_probabilities, with_instruments

        features = pd.DataFrame([self._extractor(waveform)], columns=list(self._extractor.names))
        features = with_instruments(features, [instrument], self._bundle.config.get("instruments", ()))
        return Score(
            [(0.0, len(waveform) / self.sample_rate)],
            forest_probabilities(self._forest, features, self._bundle.vocabulary),
            forest_embeddings(features, self._bundle.config)[0],
        )


def load_scorer(bundle: BundleRef, device: Any) -> Scorer:
    """The scorer for the model that a bundle holds."""
    if bundle.config["model_type"] == FOREST:
        return ForestScorer(bundle)
    return DeepScorer(bundle, device)


def _expect(extractor: object, kind: type[E], bundle: BundleRef) -> E:
    if not isinstance(extractor, kind):
        raise BundleError(
            f"{bundle.path} pairs a {type(extractor).__name__} with a {bundle.config['model_type']}, which "
            f"needs a {kind.__name__}. Train the model again."
        )
    return extractor
