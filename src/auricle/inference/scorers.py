"""From a waveform to what a bundle's model says of it, for each kind of model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.audio.descriptors import DescriptorExtractor
from auricle.audio.extractor import Extractor, load_extractor
from auricle.audio.frontend import FrontEnd
from auricle.audio.joint_extractor import JointExtractor
from auricle.audio.waveform_front_end import WaveformFrontEnd
from auricle.errors import AudioError, BundleError
from auricle.inference.backend import Backend
from auricle.inference.note_batches import BatchParams, Clip, score_clips
from auricle.models.bundle import BundleRef
from auricle.models.domain import NO_SCORE, DomainScore, OutOfDomain, load_domain
from auricle.models.instruments import instrument_codes
from auricle.models.padding import fewest_frames
from auricle.models.registry import ENSEMBLE, FOREST, load_deep
from auricle.models.windows import WindowOutputs

if TYPE_CHECKING:
    from auricle.inference.onnx_network import OnnxForest

FloatArray = npt.NDArray[np.float32]
E = TypeVar("E")
OTHER_WINDOWS = DomainScore(reason="the windows are of another length than those that the score was made on")


@dataclass(frozen=True)
class Score:
    """What a model says of one waveform.

    Attributes:
        spans: start and end of each window, in seconds.
        probabilities: float32 (windows, classes).
        embedding: float32 (embedding_size,).
        members: of an ensemble what each member says, float32 (classes,), or why it says nothing.
        domain: how unlike the model's corpus the waveform is.
    """

    spans: list[tuple[float, float]]
    probabilities: FloatArray
    embedding: FloatArray
    members: Mapping[str, FloatArray | str] = field(default_factory=dict)
    domain: OutOfDomain = NO_SCORE

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
        backend: what computes the model: `torch`, `scikit-learn` or `onnx`.
    """

    sample_rate: int
    half_frame_s: float
    batches: BatchParams
    backend: str

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
        self.backend = "torch" if network is None else "onnx"
        own: tuple[int, int] = bundle.config["window_frames"], bundle.config["hop_frames"]
        self._window, self._hop = windows or own
        self._instruments = bundle.config.get("instruments")
        self._domain = load_domain(bundle) if self._window == own[0] else OTHER_WINDOWS
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
        domain = self._domain(output.embeddings)
        return Score(spans, output.probabilities, output.embeddings.mean(axis=0), domain=domain)

    def _code(self, instrument: str | None) -> int | None:
        """The number of an instrument for a model that asks which plays."""
        return (
            None if self._instruments is None else int(instrument_codes([instrument], self._instruments)[0])
        )


class ForestScorer:
    """A Random Forest: descriptors of the whole recording, one window.

    Args:
        bundle: of the forest.
        exported: computes in the place of the bundle's own trees.
    """

    def __init__(self, bundle: BundleRef, exported: "OnnxForest | None" = None) -> None:
        self.extractor = _expect(load_extractor(bundle.path), DescriptorExtractor, bundle)
        self._said = exported or _trees(bundle)
        self.backend = "scikit-learn" if exported is None else "onnx"
        self._bundle = bundle
        self._domain = load_domain(bundle)
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
        from auricle.models.forest import with_instruments

        if not heard:
            return []
        features = pd.DataFrame(np.stack([each.values for each in heard]), columns=list(self.extractor.names))
        instruments = [each.instrument for each in heard]
        features = with_instruments(features, instruments, self._bundle.config.get("instruments", ()))
        probabilities, embeddings = self._said(features)
        # Columns for the instruments come last; who plays is no matter of the domain.
        known = embeddings[:, : len(self.extractor.names)]
        return [
            Score(
                [(0.0, each.duration_s)],
                probabilities[[place]],
                embeddings[place],
                domain=self._domain(known[[place]]),
            )
            for place, each in enumerate(heard)
        ]

    def __call__(self, waveform: FloatArray, instrument: str | None = None) -> Score:
        """Score a mono waveform; see `Scorer`."""
        return self.score([self.hear(waveform, instrument)], BatchParams())[0]


def load_scorer(
    bundle: BundleRef,
    device: Any,
    *,
    windows: tuple[int, int] | None = None,
    backend: Backend = "auto",
) -> Scorer:
    """The scorer for the model that a bundle holds.

    Args:
        bundle: of any model.
        device: where to compute.
        windows: frames of a window, and to the next; None are the bundle's. A forest knows none.
        backend: see `auricle.inference.onnx_network.chosen_onnx`; of an ensemble, that of its members.

    Raises:
        BundleError: the bundle cannot be loaded.
        ConfigurationError: ONNX was asked for, and is not there.
    """
    if bundle.config["model_type"] == ENSEMBLE:
        from auricle.inference.ensemble import EnsembleScorer

        return EnsembleScorer(bundle, device, backend)
    from auricle.inference.onnx_network import OnnxNetwork, chosen_onnx  # needs torch

    exported = chosen_onnx(bundle, backend, device)
    if bundle.config["model_type"] == FOREST:
        assert not isinstance(exported, OnnxNetwork)
        return ForestScorer(bundle, exported)
    return DeepScorer(bundle, device, windows=windows, network=exported)


def _trees(bundle: BundleRef) -> Callable[[pd.DataFrame], tuple[FloatArray, FloatArray]]:
    """What a forest says of features by scikit-learn, as an `OnnxForest` would."""
    from auricle.models.forest import forest_embeddings, forest_probabilities, load_forest

    forest = load_forest(bundle.path / "model.skops")
    return lambda features: (
        forest_probabilities(forest, features, bundle.vocabulary),
        forest_embeddings(features, bundle.config),
    )


def _expect(extractor: object, kind: type[E], bundle: BundleRef) -> E:
    if not isinstance(extractor, kind):
        raise BundleError(
            f"{bundle.path} pairs a {type(extractor).__name__} with a {bundle.config['model_type']}, which "
            f"needs a {kind.__name__}. Train the model again."
        )
    return extractor
