"""From a waveform to what a bundle's model says of it, for each kind of model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.audio.descriptors import DescriptorExtractor
from auricle.audio.extractor import Extractor, load_extractor
from auricle.audio.frontend import FrontEnd
from auricle.audio.joint_extractor import JointExtractor
from auricle.audio.waveform_front_end import WaveformFrontEnd
from auricle.errors import AudioError, BundleError
from auricle.inference.note_batches import BatchParams, Clip, score_clips
from auricle.models.bundle import BundleRef
from auricle.models.instruments import instrument_codes
from auricle.models.padding import fewest_frames
from auricle.models.registry import ENSEMBLE, FOREST, load_deep
from auricle.models.windows import WindowOutputs

FloatArray = npt.NDArray[np.float32]
E = TypeVar("E")


@dataclass(frozen=True)
class Score:
    """What a model says of one waveform.

    Attributes:
        spans: start and end of each window, in seconds.
        probabilities: float32 (windows, classes).
        embedding: float32 (embedding_size,).
        members: of an ensemble what each member says, float32 (classes,), or why it says nothing.
    """

    spans: list[tuple[float, float]]
    probabilities: FloatArray
    embedding: FloatArray
    members: Mapping[str, FloatArray | str] = field(default_factory=dict)

    def copy(self) -> Self:
        """The same, with an embedding of its own, for that is what a person gets hold of."""
        return replace(self, embedding=self.embedding.copy())


@dataclass(frozen=True)
class Heard:
    """What a front end makes of one waveform.

    Attributes:
        values: a spectrogram, float32 (bands, frames), a waveform for an encoder, float32 (1, samples), or
            descriptors, float32 (features,).
        duration_s: of the waveform, in seconds.
        instrument: that plays; None where it is not known.
    """

    values: FloatArray
    duration_s: float
    instrument: str | None = None

    @property
    def frames(self) -> int:
        """Of a spectrogram; descriptors are one."""
        return self.values.shape[1] if self.values.ndim == 2 else 1


class Scorer(Protocol):
    """A model together with the front end that it was trained behind.

    Attributes:
        sample_rate: that waveforms must have, in Hz.
        half_frame_s: half of what a frame of the front end spans, in seconds.
        batches: what goes through the model at once, unless somebody chooses.
    """

    sample_rate: int
    half_frame_s: float
    batches: BatchParams

    @property
    def extractor(self) -> Extractor | JointExtractor:
        """The front end itself, or those of several members, for whoever hears in another process."""

    def hear(self, waveform: FloatArray, instrument: str | None = None) -> Heard:
        """What the model is shown of a mono waveform, float32 (n,), at `sample_rate`.

        Raises:
            AudioError: the waveform cannot be heard.
        """

    def heard(self, values: Any, duration_s: float, instrument: str | None = None) -> Heard:
        """What `extractor` made of a waveform, here or elsewhere, as the model takes it.

        Raises:
            AudioError: it is too short for the model.
        """

    def score(self, heard: Sequence[Heard], batches: BatchParams) -> list[Score]:
        """What the model says of each, in order."""

    def __call__(self, waveform: FloatArray, instrument: str | None = None) -> Score:
        """Score a mono waveform, float32 (n,), at `sample_rate`, and the instrument where it is known."""


class DeepScorer:
    """Any deep model: spectrogram or waveform, windows, mean of their embeddings.

    Args:
        bundle: of the model.
        device: where to compute.
        windows: frames of a window, and to the next; None are the bundle's.
        network: computes in the place of the bundle's own, such as an `OnnxNetwork`.
    """

    def __init__(
        self,
        bundle: BundleRef,
        device: Any,
        *,
        windows: tuple[int, int] | None = None,
        network: Any = None,
    ) -> None:
        self.extractor = _expect(load_extractor(bundle.path), FrontEnd, bundle)
        model: Any = load_deep(bundle) if network is None else network
        self._model = model.eval().to(device) if network is None else model
        self._device = device
        own: tuple[int, int] = bundle.config["window_frames"], bundle.config["hop_frames"]
        self._window, self._hop = windows or own
        self._instruments = bundle.config.get("instruments")
        self.sample_rate = self.extractor.sample_rate
        self.half_frame_s = self.extractor.half_frame_s
        self.batches = (
            BatchParams.of_waveforms(device, self.sample_rate)
            if isinstance(self.extractor, WaveformFrontEnd)
            else BatchParams.on(device)
        )

    def hear(self, waveform: FloatArray, instrument: str | None = None) -> Heard:
        """The spectrogram, or the waveform as an encoder takes it; see `Scorer`."""
        return self.heard(self.extractor(waveform), len(waveform) / self.sample_rate, instrument)

    def heard(self, values: FloatArray, duration_s: float, instrument: str | None = None) -> Heard:
        """The same, heard elsewhere, if the network can take it; see `Scorer`."""
        heard = Heard(values, duration_s, instrument)
        if heard.frames < (least := fewest_frames(self._model.config)):
            raise AudioError(
                f"lasts {1000 * heard.duration_s:.1f} ms, and the model's encoder needs"
                f" {1000 * self.extractor.seconds(least):.1f} ms for its first frame"
            )
        return heard

    def score(self, heard: Sequence[Heard], batches: BatchParams) -> list[Score]:
        """One pass through the network for each batch of recordings of about one length."""
        outputs = score_clips(
            self._model,
            [Clip(each.values, self._code(each.instrument)) for each in heard],
            self._window,
            self._hop,
            params=batches,
            device=self._device,
        )
        return [self._score(output, each.duration_s) for output, each in zip(outputs, heard, strict=True)]

    def __call__(self, waveform: FloatArray, instrument: str | None = None) -> Score:
        """Score a mono waveform; see `Scorer`."""
        return self.score([self.hear(waveform, instrument)], self.batches)[0]

    def _score(self, output: WindowOutputs, duration: float) -> Score:
        seconds = self.extractor.seconds
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

        self.extractor = _expect(load_extractor(bundle.path), DescriptorExtractor, bundle)
        self._forest = load_forest(bundle.path / "model.skops")
        self._bundle = bundle
        self.sample_rate = self.extractor.sample_rate
        self.half_frame_s = self.extractor.params.n_fft / 2 / self.sample_rate
        self.batches = BatchParams()

    def hear(self, waveform: FloatArray, instrument: str | None = None) -> Heard:
        """The descriptors; see `Scorer`."""
        return self.heard(self.extractor(waveform), len(waveform) / self.sample_rate, instrument)

    def heard(self, values: FloatArray, duration_s: float, instrument: str | None = None) -> Heard:
        """The same, heard elsewhere: a forest takes any; see `Scorer`."""
        return Heard(values, duration_s, instrument)

    def score(self, heard: Sequence[Heard], batches: BatchParams) -> list[Score]:
        """All at once: a forest pads nothing."""
        from auricle.models.forest import forest_embeddings, forest_probabilities, with_instruments

        if not heard:
            return []
        features = pd.DataFrame(np.stack([each.values for each in heard]), columns=list(self.extractor.names))
        instruments = [each.instrument for each in heard]
        features = with_instruments(features, instruments, self._bundle.config.get("instruments", ()))
        probabilities = forest_probabilities(self._forest, features, self._bundle.vocabulary)
        embeddings = forest_embeddings(features, self._bundle.config)
        return [
            Score([(0.0, each.duration_s)], probabilities[[place]], embeddings[place])
            for place, each in enumerate(heard)
        ]

    def __call__(self, waveform: FloatArray, instrument: str | None = None) -> Score:
        """Score a mono waveform; see `Scorer`."""
        return self.score([self.hear(waveform, instrument)], BatchParams())[0]


def load_scorer(
    bundle: BundleRef, device: Any, *, windows: tuple[int, int] | None = None, network: Any = None
) -> Scorer:
    """The scorer for the model that a bundle holds; a forest knows neither windows nor networks."""
    if bundle.config["model_type"] == FOREST:
        return ForestScorer(bundle)
    if bundle.config["model_type"] == ENSEMBLE:
        from auricle.inference.ensemble import EnsembleScorer

        return EnsembleScorer(bundle, device)
    return DeepScorer(bundle, device, windows=windows, network=network)


def _expect(extractor: object, kind: type[E], bundle: BundleRef) -> E:
    if not isinstance(extractor, kind):
        raise BundleError(
            f"{bundle.path} pairs a {type(extractor).__name__} with a {bundle.config['model_type']}, which "
            f"needs a {kind.__name__}. Train the model again."
        )
    return extractor
