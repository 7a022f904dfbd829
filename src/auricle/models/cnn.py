"""The spectrogram CNN: four convolution blocks, two dense layers, classes; importing this loads torch."""

from dataclasses import field
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import PreTrainedModel
from transformers import initialization as init

from auricle.errors import ConfigurationError
from auricle.models.config import SpectrogramModelConfig
from auricle.models.outputs import AudioClassifierOutput, classification_loss


class SpectrogramCNNConfig(SpectrogramModelConfig):  # type: ignore[no-untyped-call]
    """Configuration of a `SpectrogramCNN`; `auricle.models.params.CnnParams.config` makes it."""

    model_type = "auricle_spectrogram_cnn"

    head: str = "pooled"
    channels: list[int] = field(default_factory=lambda: [32, 64, 128, 256])
    hidden_size: int = 512
    embedding_size: int = 128
    dropout: float = 0.3

    def __post_init__(self, **kwargs: Any) -> None:
        """Refuse an input that the poolings would reduce to nothing."""
        super().__post_init__(**kwargs)
        if self.n_bands < self.reduction:
            raise ConfigurationError(
                f"n_bands is {self.n_bands}, but {len(self.channels)} blocks halve the bands to nothing "
                f"below {self.reduction}. Raise n_mels of the front end, or use fewer channels."
            )
        if self.head == "flatten" and self.window_frames < self.reduction:
            raise ConfigurationError(
                f"A flatten head needs windows of at least {self.reduction} frames, "
                f"not {self.window_frames}. Raise window_seconds."
            )

    @property
    def reduction(self) -> int:
        """By how much the poolings divide bands and frames."""
        return 1 << len(self.channels)


class SpectrogramCNN(PreTrainedModel):  # type: ignore[no-untyped-call]
    """Classifies spectrograms of shape (bands, frames).

    Batch normalization of each band replaces a separate normalization of the input. Each block is
    Conv2d 3x3, BatchNorm, ReLU, MaxPool 2x2. The pooled head averages over bands, then takes mean and maximum
    over time (after Kong et al., PANNs, IEEE/ACM TASLP 28, 2020), so that any length from one frame on works:
    an input shorter than the poolings need has its last frame repeated. The flatten head is the textbook
    form; it takes exactly `window_frames` frames.
    """

    config_class = SpectrogramCNNConfig
    base_model_prefix = "cnn"
    main_input_name = "input_values"
    config: SpectrogramCNNConfig

    def __init__(self, config: SpectrogramCNNConfig) -> None:
        super().__init__(config)
        channels = config.channels
        self.input_norm = nn.BatchNorm1d(config.n_bands)
        self.blocks = nn.Sequential(
            *(_block(before, after) for before, after in zip([1, *channels[:-1]], channels, strict=True))
        )
        self.hidden = nn.Linear(_head_size(config), config.hidden_size)
        self.embedding = nn.Linear(config.hidden_size, config.embedding_size)
        self.classifier = nn.Linear(config.embedding_size, config.n_classes)
        self.dropout = nn.Dropout(config.dropout)
        self.post_init()  # type: ignore[no-untyped-call]

    def _init_weights(self, module: nn.Module) -> None:
        """He initialization; a small classifier, so that training starts from a loss of ln(classes)."""
        if isinstance(module, nn.Conv2d | nn.Linear):
            if module is self.classifier:
                init.normal_(module.weight, std=0.001)
            else:
                init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                init.zeros_(module.bias)
        else:
            super()._init_weights(module)  # type: ignore[no-untyped-call]

    def forward(
        self, input_values: torch.Tensor, labels: torch.Tensor | None = None
    ) -> AudioClassifierOutput:
        """Classify a batch.

        Args:
            input_values: (batch, bands, frames) in dB, of any floating dtype.
            labels: int64 (batch,), or (batch, classes) of 0 and 1 for several labels per recording.

        Raises:
            ConfigurationError: where the input is not of the shape that the configuration promises.
        """
        self._check(input_values)
        features = self.input_norm(self._lengthen(input_values.to(self.input_norm.weight.dtype)))
        features = features.unsqueeze(1).contiguous(memory_format=torch.channels_last)
        pooled = self._pool(self.blocks(features))
        hidden = functional.relu(self.hidden(self.dropout(pooled)))
        embeddings = functional.relu(self.embedding(self.dropout(hidden)))
        logits = self.classifier(self.dropout(embeddings)).float()
        loss = None if labels is None else classification_loss(logits, labels, self.config)
        return AudioClassifierOutput(loss=loss, logits=logits, embeddings=embeddings)

    def _check(self, input_values: torch.Tensor) -> None:
        shape, bands, frames = tuple(input_values.shape), self.config.n_bands, self.config.window_frames
        if len(shape) != 3 or shape[1] != bands or shape[2] < 1:
            raise ConfigurationError(f"Expected input of shape (batch, {bands}, frames >= 1), not {shape}.")
        if self.config.head == "flatten" and shape[2] != frames:
            raise ConfigurationError(
                f"A flatten head takes exactly {frames} frames, not {shape[2]}: cut windows of that length, "
                "or train with head: pooled, which takes any."
            )

    def _lengthen(self, input_values: torch.Tensor) -> torch.Tensor:
        missing = self.config.reduction - input_values.shape[2]
        return functional.pad(input_values, (0, missing), mode="replicate") if missing > 0 else input_values

    def _pool(self, maps: torch.Tensor) -> torch.Tensor:
        if self.config.head == "flatten":
            return maps.flatten(1)
        over_time = maps.mean(dim=2)
        return torch.cat([over_time.mean(dim=2), over_time.amax(dim=2)], dim=1)


def _block(channels_before: int, channels_after: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_before, channels_after, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(channels_after),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
    )


def _head_size(config: SpectrogramCNNConfig) -> int:
    last = config.channels[-1]
    if config.head == "flatten":
        return last * (config.n_bands // config.reduction) * (config.window_frames // config.reduction)
    return 2 * last
