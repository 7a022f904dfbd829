"""The residual network for any number of labels, with channel attention."""

from dataclasses import field
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import initialization as init

from auricle.errors import ConfigurationError
from auricle.models.config import SpectrogramModelConfig
from auricle.models.outputs import AudioClassifierOutput
from auricle.models.residual import ClosedNorm, ResidualBlock, maximum, mean, strided
from auricle.models.spectrogram_model import Maps, SpectrogramModel


class MultiLabelAudioCNNConfig(SpectrogramModelConfig):  # type: ignore[no-untyped-call]
    """Configuration of a `MultiLabelAudioCNN`; `auricle.models.params.ResnetParams.config` makes it."""

    model_type = "auricle_multi_label_audio_cnn"

    input_channels: int = 1
    base_channels: int = 64
    blocks: list[int] = field(default_factory=lambda: [3, 4, 2])
    use_attention: bool = True
    attention_reduction: int = 16
    embedding_size: int = 256
    dropout: float = 0.3

    def __post_init__(self, **kwargs: Any) -> None:
        """Refuse channels that cannot be squeezed, and an input that the strides would reduce to nothing."""
        super().__post_init__(**kwargs)
        if self.use_attention and self.base_channels < self.attention_reduction:
            raise ConfigurationError(
                f"base_channels is {self.base_channels}, which attention_reduction "
                f"{self.attention_reduction} squeezes to nothing. Raise base_channels, lower "
                "attention_reduction, or set use_attention: false."
            )

    @property
    def channels(self) -> list[int]:
        """Filters of each stage: they double from one to the next."""
        return [self.base_channels << stage for stage in range(len(self.blocks))]


class MultiLabelAudioCNN(SpectrogramModel):
    """A residual network (He et al., Deep Residual Learning, CVPR 2016) with squeeze-and-excitation (Hu et
    al., CVPR 2018), mean and maximum over what is left, an embedding, and one logit a label.

    The vocabulary is the data's own, of any size: each label costs `embedding_size` + 1 parameters. One label
    a recording (softmax) or any number (sigmoid), as `problem_type` says. Clips of any length from one frame
    on; a padded one gives what it gives alone, if its length is given.
    """

    config_class = MultiLabelAudioCNNConfig
    base_model_prefix = "resnet"
    config: MultiLabelAudioCNNConfig

    def __init__(self, config: MultiLabelAudioCNNConfig) -> None:
        super().__init__(config)
        channels = config.channels
        self.stem = nn.Conv2d(
            config.input_channels, channels[0], kernel_size=7, stride=2, padding=3, bias=False
        )
        self.stem_norm = nn.BatchNorm2d(channels[0])
        squeezed = config.attention_reduction if config.use_attention else None
        self.blocks = nn.ModuleList()
        before = channels[0]
        for stage, (after, count) in enumerate(zip(channels, config.blocks, strict=True)):
            for number in range(count):
                stride = 2 if stage and not number else 1
                self.blocks.append(ResidualBlock(before, after, stride, squeezed))
                before = after
        self.embedding = nn.Linear(2 * before, config.embedding_size)
        self.classifier = nn.Linear(self.classified_size(config), config.n_classes)
        self.dropout = nn.Dropout(config.dropout)
        self.post_init()  # type: ignore[no-untyped-call]

    @staticmethod
    def classified_size(config: Any) -> int:
        """How many numbers the classifier takes."""
        return int(config.embedding_size)

    def explained_layer(self) -> nn.Module:
        """What the last block gives."""
        last = self.blocks[-1]
        assert isinstance(last, ResidualBlock)
        return last.output

    def _init_weights(self, module: nn.Module) -> None:
        """Each block begins as the way around it, so that a deep network starts where a shallow one does."""
        super()._init_weights(module)
        if isinstance(module, ClosedNorm):
            init.zeros_(module.weight)

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
            lengths: int64 (batch,), frames of each clip that are no padding; None where all are.

        Raises:
            ConfigurationError: where the input is not of the shape that the configuration promises.
        """
        return self.classified(self.embed(self.maps_of(input_values, lengths, least=1)), labels)

    def embed(self, maps: Maps) -> torch.Tensor:
        """What the network makes of normalized maps, (batch, embedding_size)."""
        maps = strided(maps, functional.relu(self.stem_norm(self.stem(maps.values))))
        maps = strided(maps, functional.max_pool2d(maps.values, 3, stride=2, padding=1))
        for block in self.blocks:
            maps = self.through(block, maps)
        pooled = torch.cat([mean(maps).mean(dim=2), maximum(maps).mean(dim=2)], dim=1)
        return functional.relu(self.embedding(self.dropout(pooled)))
