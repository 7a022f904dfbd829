"""A pretrained encoder of images or of spectrograms, and a new head for the vocabulary."""

from dataclasses import field
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import AutoConfig, AutoModel

from auricle.errors import ConfigurationError
from auricle.models.config import SpectrogramModelConfig
from auricle.models.outputs import AudioClassifierOutput
from auricle.models.spectrogram_model import SpectrogramModel, real_frames

IMAGE_CHANNELS = 3
# Of images convolutional ones only: what they say keeps its place, whatever the size of the picture.
OF_IMAGES = ("resnet", "regnet", "convnext", "convnextv2")
OF_SPECTROGRAMS = ("audio-spectrogram-transformer",)


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

    @property
    def takes_images(self) -> bool:
        """Whether the encoder takes images of three channels; else it takes (frames, bands)."""
        return self.backbone_settings.get("model_type") in OF_IMAGES

    def __post_init__(self, **kwargs: Any) -> None:
        """Refuse an encoder that cannot take these spectrograms."""
        super().__post_init__(**kwargs)
        told = self.backbone_settings
        kind = told.get("model_type")
        if not told:
            return  # transformers makes one without arguments, to compare with
        if kind not in (*OF_IMAGES, *OF_SPECTROGRAMS):
            raise ConfigurationError(
                f"backbone {self.backbone_name!r} is a {kind!r} encoder, and those that can be taken are"
                f" {', '.join([*OF_IMAGES, *OF_SPECTROGRAMS])}. Name another, such as microsoft/resnet-50."
            )
        if self.takes_images and told["num_channels"] != IMAGE_CHANNELS:
            raise ConfigurationError(
                f"backbone {self.backbone_name!r} takes images of {told['num_channels']} channels, not of"
                f" {IMAGE_CHANNELS}. Name another, such as microsoft/resnet-50."
            )
        if self.takes_images:
            return
        bands, frames = told["num_mel_bins"], told["max_length"]
        if bands != self.n_bands:
            raise ConfigurationError(
                f"backbone {self.backbone_name!r} hears {bands} bands, the front end makes {self.n_bands}."
                f" Set front_end: {{n_mels: {bands}}}."
            )
        if frames < self.window_frames:
            raise ConfigurationError(
                f"backbone {self.backbone_name!r} hears {frames} frames at most, and a window has"
                f" {self.window_frames}. Lower window_seconds, or raise hop_length of the front end."
            )


class TransferModel(SpectrogramModel):
    """An encoder that has learned from other data (a ResNet of images, an Audio Spectrogram Transformer), the
    mean of what it says of each place of the spectrogram, and one logit a label.

    Bands are normalized by the batch normalization of all networks here, not by the encoder's own constants:
    spectrograms are no photographs. The encoder may be kept as it is (`frozen`) or learn at its own rate. It
    convolves or attends over padding too, which then has no part in the mean: a padded clip gives nearly what
    it gives alone.
    """

    config_class = TransferModelConfig
    base_model_prefix = "transfer"
    config: TransferModelConfig

    def __init__(self, config: TransferModelConfig) -> None:
        super().__init__(config)
        self.backbone = AutoModel.from_config(  # type: ignore[no-untyped-call]
            _encoder_config(config.backbone_settings), dtype=torch.float32
        )
        self.supports_gradient_checkpointing = self.backbone.supports_gradient_checkpointing
        self.places = nn.Identity()
        self.classifier = nn.Linear(_width(self.backbone.config), config.n_classes)
        self.dropout = nn.Dropout(config.dropout)
        self.post_init()  # type: ignore[no-untyped-call]
        self.backbone.requires_grad_(not config.frozen)
        if config.frozen:
            self.input_norm.requires_grad_(False)  # else gradients went through the whole encoder to it
        if config.takes_images and hasattr(self.backbone, "layernorm"):
            self.backbone.layernorm.requires_grad_(False)  # of what ConvNeXt pools, which is not asked for

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
        frames = maps.values.shape[-1]
        say = self._said_of_images if self.config.takes_images else self._said
        # Explanations, which ask in evaluation, want the gradient of a frozen encoder's places too.
        with torch.set_grad_enabled(torch.is_grad_enabled() and not (self.config.frozen and self.training)):
            said = say(maps.values)
        places = self.places(said)
        over_bands = places.mean(dim=2)
        if maps.lengths is None:
            return self.classified(over_bands.mean(dim=2), labels)
        real = (maps.lengths * places.shape[3]).add(frames - 1) // frames
        heard = real_frames(real, places.shape[3])[:, None, :].to(places.dtype)
        return self.classified((over_bands * heard).sum(dim=2) / real[:, None].to(places.dtype), labels)

    def _said_of_images(self, values: torch.Tensor) -> torch.Tensor:
        """(batch, channels, bands, frames), coarser, of a convolutional encoder."""
        found: torch.Tensor = self.backbone(values.expand(-1, IMAGE_CHANNELS, -1, -1)).last_hidden_state
        return found

    def _said(self, values: torch.Tensor) -> torch.Tensor:
        """The same of a transformer over patches, whose special tokens are left out."""
        told = self.backbone.config
        frames = values.shape[-1]
        if frames > told.max_length:
            raise ConfigurationError(
                f"backbone {self.config.backbone_name!r} hears {told.max_length} frames at most, not"
                f" {frames}. Lower crop_seconds and window_seconds."
            )
        heard = functional.pad(values[:, 0], (0, told.max_length - frames)).transpose(1, 2)
        tokens = self.backbone(heard).last_hidden_state
        bands = (told.num_mel_bins - told.patch_size) // told.frequency_stride + 1
        steps = (told.max_length - told.patch_size) // told.time_stride + 1
        places: torch.Tensor = tokens[:, -bands * steps :].transpose(1, 2).unflatten(2, (bands, steps))
        real = min(steps, max(1, -(-frames // told.time_stride)))
        return places[..., :real]


def _encoder_config(told: dict[str, Any]) -> Any:
    settings = {name: value for name, value in told.items() if name != "model_type"}
    return AutoConfig.for_model(told["model_type"], **settings)


def _width(told: Any) -> int:
    """How many numbers an encoder says of each place."""
    sizes = getattr(told, "hidden_sizes", None)
    return int(sizes[-1] if sizes else told.hidden_size)
