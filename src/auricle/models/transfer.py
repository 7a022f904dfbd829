"""A pretrained encoder of images or of spectrograms, and a new head for the vocabulary."""

from dataclasses import field
from typing import Any

import torch
from torch import nn

from auricle.models.backbones import family_of
from auricle.models.backbones.onnx_encoder import OnnxEncoder
from auricle.models.config import SpectrogramModelConfig
from auricle.models.outputs import AudioClassifierOutput
from auricle.models.spectrogram_model import SpectrogramModel, real_frames


class TransferModelConfig(SpectrogramModelConfig):  # type: ignore[no-untyped-call]
    """Configuration of a `TransferModel`; `auricle.models.params.TransferParams.config` makes it.

    It holds the configuration of the encoder whole, so that a bundle needs nothing but itself.
    """

    model_type = "auricle_transfer"

    backbone_name: str = ""
    backbone_settings: dict[str, Any] = field(default_factory=dict)
    frozen: bool = False
    backbone_rate: float = 0.1
    dropout: float = 0.3

    def __post_init__(self, **kwargs: Any) -> None:
        """Refuse an encoder that cannot take these spectrograms."""
        super().__post_init__(**kwargs)
        if self.backbone_settings:  # transformers makes one without arguments, to compare with
            family_of(self.backbone_settings).check(self)


class TransferModel(SpectrogramModel):
    """An encoder that has learned from other data (a ResNet of images, an Audio Spectrogram Transformer,
    VGGish), the mean of what it says of each place of the spectrogram, and one logit a label.

    Bands are normalized by the batch normalization of all networks here, not by the encoder's own constants:
    spectrograms are no photographs. Only encoders in ONNX hear decibels as they are. The encoder may be kept
    as it is (`frozen`) or learn at its own rate. It convolves or attends over padding too, which then has no
    part in the mean: a padded clip gives nearly what it gives alone.
    """

    config_class = TransferModelConfig
    base_model_prefix = "transfer"
    config: TransferModelConfig

    def __init__(self, config: TransferModelConfig) -> None:
        super().__init__(config)
        family = family_of(config.backbone_settings)
        self.backbone = family.build(config.backbone_settings)
        self._say = family.say
        if family.takes_decibels:
            self.input_norm = nn.Identity()
        # What never changes need not be sent to the other processes of a training at every step.
        self._ddp_params_and_buffers_to_ignore = ["backbone.graph"]
        self.supports_gradient_checkpointing = getattr(
            self.backbone, "supports_gradient_checkpointing", False
        )
        self.places = nn.Identity()
        self.classifier = nn.Linear(family.width(self.backbone), config.n_classes)
        self.dropout = nn.Dropout(config.dropout)
        self.post_init()  # type: ignore[no-untyped-call]
        if config.frozen:
            self.backbone.requires_grad_(False)
            self.input_norm.requires_grad_(False)  # else gradients went through the whole encoder to it

    def ready(self) -> None:
        """Open an encoder that is more than weights; see `SpectrogramModel`."""
        if isinstance(self.backbone, OnnxEncoder):
            self.backbone.ready()

    def rates(self) -> dict[str, float]:
        """The encoder learns more slowly than the head."""
        return {} if self.config.frozen else {"backbone.": self.config.backbone_rate}

    def train(self, mode: bool = True) -> "TransferModel":
        """A frozen encoder keeps the statistics of its normalizations too."""
        super().train(mode)
        if self.config.frozen:
            self.backbone.eval()
        return self

    def explained_layer(self) -> nn.Module:
        """What the encoder says of each place."""
        return self.places

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
        maps = self.maps_of(input_values, lengths, least=1)
        # Explanations, which ask in evaluation, want the gradient of a frozen encoder's places too.
        with torch.set_grad_enabled(torch.is_grad_enabled() and not (self.config.frozen and self.training)):
            said, real = self._say(self.backbone, self.config, maps)
        if torch.is_grad_enabled() and not (said.requires_grad or self.training):
            said.requires_grad_()  # what has no gradient can be explained from here on
        places = self.places(said)
        over_bands = places.mean(dim=2)
        if real is None:
            return self.classified(over_bands.mean(dim=2), labels)
        heard = real_frames(real, places.shape[3])[:, None, :].to(places.dtype)
        return self.classified((over_bands * heard).sum(dim=2) / real[:, None].to(places.dtype), labels)
