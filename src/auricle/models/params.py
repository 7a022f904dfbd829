"""Parameters of the models; importing this loads neither torch nor scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict, Field, RootModel, field_validator, model_validator

from auricle.corpora.labels import MULTI, ProblemType, ancestors_by_level
from auricle.errors import ConfigurationError
from auricle.models.architecture import ArchitectureParams
from auricle.models.backbones import family_named, home_expanded, shown_name
from auricle.models.wav2vec2.params import Wav2Vec2Params
from auricle.params import Params, check_no_gaps

if TYPE_CHECKING:
    from transformers import PreTrainedModel


# What is never played so in training counts as a tenth of a time.
UNSEEN = 0.1
Filters = Annotated[int, Field(ge=1, le=2048)]


class CnnParams(ArchitectureParams):
    """Architecture of the `SpectrogramCNN`."""

    kind: Literal["cnn"] = "cnn"
    head: Literal["pooled", "flatten"] = Field(
        "pooled",
        description="pooled: any input length, under 1 M parameters; flatten: the textbook form, one fixed "
        "input length, 84 M parameters at 128 bands x 1292 frames",
    )
    channels: tuple[Filters, ...] = Field(
        (32, 64, 128, 256), min_length=1, max_length=6, description="filters of each convolution block"
    )
    hidden_size: int = Field(512, ge=1, le=8192, description="width of the first dense layer")
    embedding_size: int = Field(
        128, ge=1, le=8192, description="width of the second dense layer, whose activations are the embedding"
    )
    dropout: float = Field(0.3, ge=0.0, lt=1.0, description="dropout before each dense layer in training")


class HybridParams(ArchitectureParams):
    """Architecture of the `HybridCNNRNN`."""

    kind: Literal["hybrid"] = "hybrid"
    channels: tuple[Filters, ...] = Field(
        (32, 64, 128), min_length=1, max_length=6, description="filters of each convolution block"
    )
    lstm_size: int = Field(128, ge=1, le=4096, description="units of the LSTM in each direction")
    embedding_size: int = Field(
        128, ge=1, le=8192, description="width of the dense layer, whose activations are the embedding"
    )
    dropout: float = Field(
        0.3, ge=0.0, lt=1.0, description="dropout before the LSTM and each dense layer in training"
    )


class ResidualParams(ArchitectureParams):
    """What all residual networks share."""

    input_channels: int = Field(1, ge=1, le=16, description="spectrograms of one clip, such as its channels")
    base_channels: int = Field(
        64, ge=1, le=1024, description="filters of the first stage; they double at each further one"
    )
    blocks: tuple[Annotated[int, Field(ge=1, le=64)], ...] = Field(
        (3, 4, 2),
        min_length=1,
        max_length=5,
        description="residual blocks of each stage, of two convolutions",
    )
    use_attention: bool = Field(True, description="channel attention: squeeze-and-excitation in each block")
    attention_reduction: int = Field(16, ge=1, le=256, description="by how much it squeezes the channels")
    embedding_size: int = Field(256, ge=1, le=8192, description="width of the layer before the classes")
    dropout: float = Field(0.3, ge=0.0, lt=1.0, description="dropout around the embedding in training")


class ResnetParams(ResidualParams):
    """Architecture of the `MultiLabelAudioCNN`."""

    kind: Literal["resnet"] = "resnet"


class CnnLstmParams(ResidualParams):
    """Architecture of the `AudioCNNLSTM`."""

    kind: Literal["cnn_lstm"] = "cnn_lstm"
    segment_frames: int = Field(
        65, ge=1, le=10_000, description="frames of each segment that is described; 65 are 1.5 s"
    )
    segment_hop: int = Field(33, ge=1, le=10_000, description="frames from one segment to the next")
    lstm_size: int = Field(256, ge=1, le=4096, description="units of the LSTM in each direction")
    lstm_layers: int = Field(2, ge=1, le=8, description="layers of the LSTM")


class NoteParams(ArchitectureParams):
    """What the note analyzers share."""

    takes_instruments: ClassVar[bool] = True

    instrument_size: int = Field(64, ge=1, le=1024, description="length of an instrument's embedding")
    instrument_dropout: float = Field(
        0.1, ge=0, lt=1, description="share of the notes in training whose instrument is not told"
    )
    instrument_loss: float = Field(
        0.0,
        ge=0,
        le=10,
        description="weight of a second loss: a head names the instrument; 0: no head",
    )
    unknown_instrument: Literal["embedding", "predicted"] = Field(
        "embedding",
        description="what stands for an instrument that is not told: an embedding of its own, or those of the"
        " instruments as the head guesses them",
    )
    normalization: Literal["corpus", "note", "note_with_level"] = Field(
        "corpus",
        description="corpus: each band by the corpus; note: each note by its own peak first, which hides how"
        " loud it is; note_with_level: likewise, and its level is told apart",
    )
    channels: tuple[Filters, ...] = Field(
        (64, 128, 256), min_length=1, max_length=5, description="filters of each convolution of stride 2"
    )
    pooling: Literal["mean", "mean_max", "statistics", "attention"] = Field(
        "mean",
        description="over the frames of a note: their mean, also their peaks, also their standard deviation,"
        " or a learned weighing",
    )
    duration_told: bool = Field(False, description="how long the note is, is an input")
    instrument_prior: float = Field(
        0.0,
        ge=0,
        le=1,
        description="how far logits begin with how often the instrument is played so in training; 1: whole",
    )
    level_loss: float = Field(
        0.0,
        ge=0,
        le=10,
        description="weight of a further loss on each level of `labels.parents` above the classes, where a"
        " label is as probable as its classes together; 0: none",
    )
    attack_ms: float = Field(
        0.0,
        ge=0,
        le=1000,
        description="milliseconds after the onset that have their own branch; 0: none",
    )
    renormalized: bool = Field(
        False,
        description="batch renormalization: batches of one length, which are no fair sample of the corpus,"
        " are corrected to what the running statistics would give",
    )
    embedding_size: int = Field(512, ge=1, le=8192, description="width of the layer before the classes")
    dropout: float = Field(0.3, ge=0.0, lt=1.0, description="dropout before the classes in training")

    def settings(self) -> dict[str, Any]:
        """The attack is told in frames."""
        return self.model_dump(mode="json", exclude={"kind", "attack_ms", "instrument_prior"})

    def in_frames(self, frames_per_second: float | None) -> dict[str, Any]:
        """How many frames the attack lasts.

        Raises:
            ConfigurationError: there are frames to count, and their rate is not known.
        """
        if self.attack_ms and frames_per_second is None:
            raise ConfigurationError("attack_ms needs a front end that says how many frames a second has.")
        frames = round(self.attack_ms / 1000 * (frames_per_second or 0))
        return {"attack_frames": max(1, frames) if self.attack_ms else 0}

    def expecting(self, counts: npt.NDArray[np.int64] | None) -> dict[str, Any]:
        """The logarithm of how often each class is played by each instrument, a little more than counted."""
        if not self.instrument_prior or counts is None:
            return {}
        seen = counts + UNSEEN
        shares = seen / seen.sum(axis=1, keepdims=True)
        return {"instrument_prior": (self.instrument_prior * np.log(shares)).round(4).tolist()}

    def on_levels(
        self, vocabulary: Sequence[str], parents: Mapping[str, str], problem_type: ProblemType
    ) -> dict[str, Any]:
        """Which label of each level above it a class belongs to."""
        if not self.level_loss:
            return {}
        if problem_type == MULTI:
            raise ConfigurationError(
                f"level_loss is {self.level_loss:g}, which is for one class a recording, and problem_type is"
                f" {problem_type}: there the levels above a label are labels of their own. Set level_loss: 0."
            )
        levels = ancestors_by_level(vocabulary, parents)
        if not levels:
            raise ConfigurationError(
                f"level_loss is {self.level_loss:g}, but labels.parents has no level that takes some of these"
                f" {len(vocabulary)} classes together (the first is {vocabulary[0]!r}). Set level_loss: 0, or"
                " labels.parents to the hierarchy of these labels."
            )
        return {"levels": levels}


class NoteAnalyzerParams(NoteParams):
    """Architecture of the `NoteAnalyzer`."""

    kind: Literal["note_analyzer"] = "note_analyzer"
    kept_bands: int = Field(8, ge=1, le=64, description="frequency bands that convolutions over time see")
    time_channels: int = Field(512, ge=1, le=4096, description="filters of the convolution over time")


class NoteAnalyzerSmallParams(NoteParams):
    """Architecture of the `NoteAnalyzer` without the convolution over time: the starter."""

    kind: Literal["note_analyzer_small"] = "note_analyzer_small"
    instrument_size: int = Field(32, ge=1, le=1024, description="length of an instrument's embedding")
    channels: tuple[Filters, ...] = Field(
        (32, 64), min_length=1, max_length=5, description="filters of each convolution of stride 2"
    )
    embedding_size: int = Field(256, ge=1, le=8192, description="width of the layer before the classes")

    def settings(self) -> dict[str, Any]:
        """All bands are pooled."""
        return {**super().settings(), "kept_bands": 0}


class TransferParams(ArchitectureParams):
    """Architecture of the `TransferModel`: a pretrained encoder with a new head."""

    kind: Literal["transfer"] = "transfer"
    backbone: str = Field(
        "microsoft/resnet-50",
        min_length=1,
        description="A folder, or a name of the hub: a convolutional image encoder (ResNet, ConvNeXt, "
        "RegNet) or an Audio Spectrogram Transformer; torchvision/ and a name of torchvision's, such as "
        "torchvision/resnet50; or VGGish or YAMNet in ONNX, as a file, a folder or owner/name/file.onnx "
        "of the hub.",
    )
    revision: str | None = Field(None, description="Commit of the hub; null takes the newest.")
    weights: str | None = Field(
        None,
        min_length=1,
        description="Of torchvision's encoders: a file (.safetensors, or .pth), a folder with one, or a name "
        "that torchvision has them by, such as DEFAULT, which downloads them.",
    )
    output: str | None = Field(
        None, description="Of encoders in ONNX: the output that is the embedding; null finds it."
    )
    log_offset: float | None = Field(
        None,
        gt=0,
        description="Of encoders in ONNX: what was added to magnitudes before their logarithm; null takes "
        "0.01, and 0.001 for 1,024 numbers, which are YAMNet's.",
    )
    frozen: bool = Field(False, description="Train the new head only; encoders in ONNX cannot but be frozen.")
    backbone_rate: float = Field(
        0.1, gt=0, le=1, description="The encoder learns at learning_rate times this; not where it is frozen."
    )
    dropout: float = Field(0.3, ge=0.0, lt=1.0, description="dropout before the classes in training")

    _expanded = field_validator("backbone", "weights")(home_expanded)

    def kept(self) -> dict[str, Any]:
        """All parameters; the encoder without the folder that it lies in."""
        weights = None if self.weights is None else shown_name(self.weights)
        return super().kept() | {"backbone": shown_name(self.backbone), "weights": weights}

    def settings(self) -> dict[str, Any]:
        """The encoder's own configuration, and its name without the folder that it lies in."""
        return {
            "backbone_name": shown_name(self.backbone),
            "backbone_settings": family_named(self.backbone).settings(self),
            **self.model_dump(include={"frozen", "backbone_rate", "dropout"}),
        }

    def front_end(self) -> dict[str, Any]:
        """What the encoder was trained to hear, where it hears nothing else."""
        family = family_named(self.backbone)
        return family.front_end(family.settings(self))

    def begin(self, model: PreTrainedModel) -> None:
        """Give the encoder the weights that it was trained to elsewhere."""
        network: Any = model
        network.backbone.load_state_dict(family_named(self.backbone).weights(self, network.backbone))


Architecture = (
    CnnParams
    | HybridParams
    | ResnetParams
    | CnnLstmParams
    | TransferParams
    | NoteAnalyzerParams
    | NoteAnalyzerSmallParams
    | Wav2Vec2Params
)


class ModelParams(RootModel[Annotated[Architecture, Field(discriminator="kind")]]):
    """The architecture of a deep model: the parameters of the `kind` that is named."""

    model_config = ConfigDict(frozen=True)


class WindowParams(Params):
    """How a recording is cut for evaluation and prediction; its probabilities are the windows' mean."""

    window_seconds: float = Field(3.0, gt=0, le=600, description="length of one window")
    hop_seconds: float = Field(1.5, gt=0, le=600, description="from the start of one window to the next")
    batch_size: int = Field(32, ge=1, le=4096, description="windows in one pass through the model")

    @model_validator(mode="after")
    def _no_gaps(self) -> Self:
        check_no_gaps(self.window_seconds, self.hop_seconds)
        return self


class ForestParams(Params):
    """Parameters of the `RandomForestClassifier`; its classes are balanced."""

    n_estimators: int = Field(300, ge=1, le=10_000, description="number of trees")
    max_depth: int | None = Field(None, ge=1, description="depth limit of a tree; none by default")
    min_samples_leaf: int = Field(1, ge=1, description="fewest recordings in a leaf")
    max_features: Literal["sqrt", "log2"] | Annotated[float, Field(gt=0, le=1)] = Field(
        "sqrt", description="features tried at each split: a rule, or a share above 0 up to 1"
    )
    class_weight: Literal["balanced", "balanced_subsample"] = Field(
        "balanced", description="weights against unequal classes: over the corpus, or in each tree's sample"
    )
    use_instrument: bool = Field(
        False, description="the instrument, as the source names it, is an input beside the features"
    )
    seed: int = Field(0, ge=0, le=2**32 - 1, description="seed of the bootstrap and of the features tried")
    n_jobs: Literal[-1] | Annotated[int, Field(ge=1)] = Field(
        -1, description="cores that fit trees; -1 takes all"
    )
    importance_repeats: int = Field(
        5, ge=1, le=1000, description="shuffles of each feature for its importance"
    )
