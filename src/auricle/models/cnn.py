"""The spectrogram CNN: four convolution blocks, two dense layers, classes; importing this loads torch."""

from dataclasses import field
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from auricle.errors import ConfigurationError
from auricle.models.config import SpectrogramModelConfig
from auricle.models.outputs import AudioClassifierOutput
from auricle.models.spectrogram_model import SpectrogramModel


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


class SpectrogramCNN(SpectrogramModel):
    """Classifies spectrograms of shape (bands, frames).

    Each block is Conv2d 3x3, BatchNorm, ReLU, MaxPool 2x2. The pooled head averages over bands, then takes
    mean and maximum over time (after Kong et al., PANNs, IEEE/ACM TASLP 28, 2020), so that any length from
    one frame on works: an input shorter than the poolings need has its last frame repeated. The flatten head
    is the textbook form; it takes exactly `window_frames` frames.
    """

    config_class = SpectrogramCNNConfig
    base_model_prefix = "cnn"
    config: SpectrogramCNNConfig

    def __init__(self, config: SpectrogramCNNConfig) -> None:
        super().__init__(config)
        channels = config.channels
        self.blocks = nn.Sequential(
            *(conv_block(before, after) for before, after in zip([1, *channels[:-1]], channels, strict=True))
        )
        self.hidden = nn.Linear(_head_size(config), config.hidden_size)
        self.embedding = nn.Linear(config.hidden_size, config.embedding_size)
        self.classifier = nn.Linear(config.embedding_size, config.n_classes)
        self.dropout = nn.Dropout(config.dropout)
        self.post_init()  # type: ignore[no-untyped-call]

    def forward(
        self,
        input_values: torch.Tensor,
        labels: torch.Tensor | None = None,
        lengths: torch.Tensor | None = None,
    ) -> AudioClassifierOutput:
        """Classify a batch.

        Args:
            input_values: (batch, bands, frames) in dB, of any floating dtype.
            labels: int64 (batch,), or (batch, classes) between 0 and 1 for several labels or mixed ones.
            lengths: taken from every deep model; this one hears padding as the silence that it is.

        Raises:
            ConfigurationError: where the input is not of the shape that the configuration promises.
        """
        maps = self.maps_of(input_values, None, self.config.reduction)
        self._check_window(input_values)
        values = maps.values
        for block in self.blocks:
            values = self.through(block, values)
        pooled = self._pool(values)
        hidden = functional.relu(self.hidden(self.dropout(pooled)))
        embeddings = functional.relu(self.embedding(self.dropout(hidden)))
        return self.classified(embeddings, labels)

    @property
    def exact_frames(self) -> int | None:
        """A flatten head takes whole windows only."""
        return self.config.window_frames if self.config.head == "flatten" else None

    def explained_layer(self) -> nn.Module:
        """The last block's maps, before they are pooled."""
        return rectified(self.blocks[-1])

    def _check_window(self, input_values: torch.Tensor) -> None:
        given, expected = input_values.shape[-1], self.exact_frames
        if expected is not None and given != expected:
            raise ConfigurationError(
                f"A flatten head takes exactly {expected} frames, not {given}: cut windows of that length, "
                "or train with head: pooled, which takes any."
            )

    def _pool(self, maps: torch.Tensor) -> torch.Tensor:
        if self.config.head == "flatten":
            return maps.flatten(1)
        over_time = maps.mean(dim=2)
        return torch.cat([over_time.mean(dim=2), over_time.amax(dim=2)], dim=1)


def conv_block(channels_before: int, channels_after: int) -> nn.Sequential:
    """Conv2d 3x3, BatchNorm, ReLU, MaxPool 2x2."""
    return nn.Sequential(
        nn.Conv2d(channels_before, channels_after, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(channels_after),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
    )


def rectified(block: nn.Module) -> nn.Module:
    """The layer of a `conv_block` after which its maps are normalized and rectified, and not yet pooled."""
    return next(layer for layer in block.children() if isinstance(layer, nn.ReLU))


def _head_size(config: SpectrogramCNNConfig) -> int:
    last = config.channels[-1]
    if config.head == "flatten":
        return last * (config.n_bands // config.reduction) * (config.window_frames // config.reduction)
    return 2 * last
