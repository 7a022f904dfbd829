"""Convolutional encoders of torchvision, without what it pools and classifies by."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from auricle.errors import ConfigurationError
from auricle.models.backbones import TORCHVISION, Said, any_front_end, only_for, real_places
from auricle.models.backbones.packages import needed
from auricle.models.backbones.state_dict import published_weights
from auricle.models.spectrogram_model import Maps

if TYPE_CHECKING:
    from auricle.models.params import TransferParams
    from auricle.models.transfer import TransferModelConfig

takes_decibels = False
front_end = any_front_end

IMAGE_CHANNELS = 3
# What they say keeps its place, and the mean of it over the picture is what their own classifier takes.
FAMILIES = (
    *("resnet", "resnext", "wide_resnet", "regnet", "convnext", "efficientnet", "mobilenet", "densenet"),
    *("shufflenet", "mnasnet"),
)
HEADS = ("avgpool", "classifier", "fc")
LEAST = 32  # bands and frames: by so much all of them shrink a picture


class Trunk(nn.Sequential):
    """An encoder without its head, that remembers how many channels the head takes."""

    def __init__(self, parts: "OrderedDict[str, nn.Module]", width: int) -> None:
        super().__init__(parts)
        self.width = width


def settings(told: "TransferParams") -> dict[str, Any]:
    """The architecture that is named; see `Family`."""
    only_for(told, "torchvision's encoders", without=("revision", "output", "log_offset"))
    name = told.backbone.removeprefix(TORCHVISION)
    library = needed("torchvision", extra="pipelines", by=f"backbone {told.backbone!r}")
    known = [entry for entry in library.models.list_models() if entry.startswith(FAMILIES)]
    if name not in known:
        raise ConfigurationError(
            f"backbone {told.backbone!r}: torchvision has no convolutional encoder {name!r} that can be"
            f" taken; those that can are {', '.join(sorted(known))}."
        )
    if not told.weights:
        raise ConfigurationError(
            f"backbone {told.backbone!r} has learned nothing without weights. Set weights to the file that"
            " holds them (.safetensors, or the .pth that torchvision publishes), to a folder with one such"
            " file, or, where they can be downloaded, to their name in torchvision, such as DEFAULT."
        )
    return {"model_type": "torchvision", "name": name}


def weights(told: "TransferParams", encoder: nn.Module) -> dict[str, torch.Tensor]:
    """Those of the trunk; what the published head has learned is left out. See `Family`."""
    name = told.backbone.removeprefix(TORCHVISION)
    found = published_weights(name, str(told.weights))
    state = {key: value for key, value in found.items() if key.partition(".")[0] not in HEADS}
    asked = encoder.state_dict()
    wrong = sorted(
        key
        for key in asked.keys() | state.keys()
        if not key.endswith("num_batches_tracked")  # older files have none, which torch makes up for
        and (key not in state or key not in asked or asked[key].shape != state[key].shape)
    )
    if wrong:
        raise ConfigurationError(
            f"The weights {told.weights!r} are not those of backbone {told.backbone!r}: {len(wrong)} are"
            f" missing, of another shape or unknown to it (first: {wrong[0]}). Name the encoder that they"
            " belong to."
        )
    return state


def check(config: "TransferModelConfig") -> None:
    """Refuse spectrograms that would shrink to nothing; see `Family`."""
    _check_size(config.backbone_name, config.n_bands, config.window_frames)


def build(settings: Mapping[str, Any]) -> nn.Module:
    """What of torchvision's network comes before the pooling, under its own names; see `Family`."""
    name = settings["name"]
    library = needed("torchvision", extra="pipelines", by=f"backbone 'torchvision/{name}'")
    with torch.device("cpu"):  # RegNet computes its widths by tensors, which need values
        network = library.models.get_model(name, weights=None)
    trunk = OrderedDict((part, module) for part, module in network.named_children() if part not in HEADS)
    if name.startswith("densenet"):
        trunk["relu"] = nn.ReLU()  # a function of the whole network's, not a part of it
    head = (module for part in HEADS[1:] for module in getattr(network, part, nn.Identity()).modules())
    channels = next(module.in_features for module in head if isinstance(module, nn.Linear))
    return Trunk(trunk, channels).to(torch.get_default_device())


def width(encoder: Any) -> int:
    """The channels of its last stage."""
    return int(encoder.width)


def say(encoder: nn.Module, config: "TransferModelConfig", maps: Maps) -> Said:
    """The maps of its last stage; see `Family`."""
    _check_size(config.backbone_name, *maps.values.shape[2:])
    places = encoder(maps.values.expand(-1, IMAGE_CHANNELS, -1, -1))
    return Said(places, real_places(maps, places.shape[3]))


def _check_size(name: str, bands: int, frames: int) -> None:
    if min(bands, frames) < LEAST:
        raise ConfigurationError(
            f"backbone {name!r} makes one place of {LEAST} bands and {LEAST} frames, and is to hear {bands}"
            f" bands and {frames} frames. Raise n_mels of the front end, or window_seconds and crop_seconds."
        )
