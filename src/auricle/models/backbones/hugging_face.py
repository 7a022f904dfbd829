"""Encoders of transformers: convolutional ones of images, and Audio Spectrogram Transformers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional
from transformers import AutoConfig, AutoModel

from auricle.errors import ConfigurationError
from auricle.models.backbones import Said, any_front_end, only_for, real_places
from auricle.models.backbones.hub import Source, encoder_settings, encoder_weights
from auricle.models.spectrogram_model import Maps

if TYPE_CHECKING:
    from auricle.models.params import TransferParams
    from auricle.models.transfer import TransferModelConfig

takes_decibels = False
front_end = any_front_end

IMAGE_CHANNELS = 3
# Of images convolutional ones only: what they say keeps its place, whatever the size of the picture.
OF_IMAGES = ("resnet", "regnet", "convnext", "convnextv2")
OF_SPECTROGRAMS = ("audio-spectrogram-transformer",)


def settings(told: "TransferParams") -> dict[str, Any]:
    """The encoder's own configuration; see `Family`."""
    only_for(told, "transformers' encoders", without=("weights", "output", "log_offset"))
    return encoder_settings(Source(told.backbone, told.revision))


def weights(told: "TransferParams", encoder: Any) -> dict[str, torch.Tensor]:
    """From safetensors in a folder or of the hub; see `Family`."""
    return encoder_weights(Source(told.backbone, told.revision), encoder)


def check(config: "TransferModelConfig") -> None:
    """Refuse other encoders, other channels, other bands and windows that are too long; see `Family`."""
    told, name = config.backbone_settings, config.backbone_name
    if told.get("model_type") not in (*OF_IMAGES, *OF_SPECTROGRAMS):
        raise ConfigurationError(
            f"backbone {name!r} is a {told.get('model_type')!r} encoder, and those that can be taken are"
            f" {', '.join([*OF_IMAGES, *OF_SPECTROGRAMS])}. Name another, such as microsoft/resnet-50."
        )
    if not _takes_images(told):
        _check_spectrograms(config)
    elif told["num_channels"] != IMAGE_CHANNELS:
        raise ConfigurationError(
            f"backbone {name!r} takes images of {told['num_channels']} channels, not of"
            f" {IMAGE_CHANNELS}. Name another, such as microsoft/resnet-50."
        )


def _check_spectrograms(config: "TransferModelConfig") -> None:
    bands, frames = config.backbone_settings["num_mel_bins"], config.backbone_settings["max_length"]
    if bands != config.n_bands:
        raise ConfigurationError(
            f"backbone {config.backbone_name!r} hears {bands} bands, the front end makes {config.n_bands}."
            f" Set front_end: {{n_mels: {bands}}}."
        )
    if frames < config.window_frames:
        raise ConfigurationError(
            f"backbone {config.backbone_name!r} hears {frames} frames at most, and a window has"
            f" {config.window_frames}. Lower window_seconds, or raise hop_length of the front end."
        )


def build(settings: Mapping[str, Any]) -> nn.Module:
    """The encoder of transformers that the settings describe; see `Family`."""
    own = {name: value for name, value in settings.items() if name != "model_type"}
    encoder: nn.Module = AutoModel.from_config(  # type: ignore[no-untyped-call]
        AutoConfig.for_model(settings["model_type"], **own), dtype=torch.float32
    )
    if _takes_images(settings) and hasattr(encoder, "layernorm"):
        encoder.layernorm.requires_grad_(False)  # of what ConvNeXt pools, which is not asked for
    return encoder


def width(encoder: Any) -> int:
    """The channels of its last stage, or its hidden size."""
    sizes = getattr(encoder.config, "hidden_sizes", None)
    return int(sizes[-1] if sizes else encoder.config.hidden_size)


def say(encoder: Any, config: "TransferModelConfig", maps: Maps) -> Said:
    """The last hidden state, laid out in places; see `Family`."""
    if _takes_images(config.backbone_settings):
        places = encoder(maps.values.expand(-1, IMAGE_CHANNELS, -1, -1)).last_hidden_state
    else:
        places = _said_of_patches(encoder, config.backbone_name, maps.values[:, 0])
    return Said(places, real_places(maps, places.shape[3]))


def _said_of_patches(encoder: Any, name: str, values: torch.Tensor) -> torch.Tensor:
    """What a transformer says of patches of (batch, bands, frames); its special tokens are left out."""
    told = encoder.config
    frames = values.shape[-1]
    if frames > told.max_length:
        raise ConfigurationError(
            f"backbone {name!r} hears {told.max_length} frames at most, not"
            f" {frames}. Lower crop_seconds and window_seconds."
        )
    heard = functional.pad(values, (0, told.max_length - frames)).transpose(1, 2)
    tokens = encoder(heard).last_hidden_state
    bands = (told.num_mel_bins - told.patch_size) // told.frequency_stride + 1
    steps = (told.max_length - told.patch_size) // told.time_stride + 1
    places: torch.Tensor = tokens[:, -bands * steps :].transpose(1, 2).unflatten(2, (bands, steps))
    real = min(steps, max(1, -(-frames // told.time_stride)))
    return places[..., :real]


def _takes_images(settings: Mapping[str, Any]) -> bool:
    """Whether the encoder takes images of three channels; else it takes (frames, bands)."""
    return settings["model_type"] in OF_IMAGES
