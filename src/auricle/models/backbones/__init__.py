"""Families of pretrained encoders behind one interface; importing this loads none of them, nor torch."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from auricle.errors import ConfigurationError

if TYPE_CHECKING:
    import torch
    from torch import nn

    from auricle.models.params import TransferParams
    from auricle.models.spectrogram_model import Maps
    from auricle.models.transfer import TransferModelConfig

TORCHVISION = "torchvision/"
ONNX = ".onnx"
FAMILIES = ("torchvision", "onnx")
OTHERS = "hugging_face"


class Said(NamedTuple):
    """What an encoder says of each place of a batch of spectrograms.

    Attributes:
        places: (batch, width, bands, frames), coarser than the spectrograms.
        real: int64 (batch,), how many of these frames are no padding; None where all are.
    """

    places: torch.Tensor
    real: torch.Tensor | None


class Family(Protocol):
    """What a module of this package offers for the encoders of one library."""

    @property
    def takes_decibels(self) -> bool:
        """Whether it hears decibels as they are, instead of bands that are normalized."""

    def settings(self, told: TransferParams) -> dict[str, Any]:
        """All that is needed to build the encoder that is named, for `config.json`.

        Raises:
            ConfigurationError: there is none, or the parameters do not go with it.
        """

    def weights(self, told: TransferParams, encoder: nn.Module) -> dict[str, torch.Tensor]:
        """What the encoder has learned, for `encoder.load_state_dict`.

        Raises:
            ConfigurationError: the weights cannot be had, or are of another encoder.
        """

    def front_end(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of the front end that it cannot do without, and their values."""

    def check(self, config: TransferModelConfig) -> None:
        """Refuse an encoder that cannot take the spectrograms of a model.

        Raises:
            ConfigurationError: which says what to change.
        """

    def build(self, settings: Mapping[str, Any]) -> nn.Module:
        """The untrained encoder; what of it never learns requires no gradient."""

    def width(self, encoder: nn.Module) -> int:
        """How many numbers it says of each place."""

    def say(self, encoder: nn.Module, config: TransferModelConfig, maps: Maps) -> Said:
        """What it says of spectrograms (batch, 1, bands, frames)."""


def family_named(backbone: str) -> Family:
    """The family of an encoder by what the user calls it, see `TransferParams.backbone`."""
    if backbone.startswith(TORCHVISION):
        return _family("torchvision")
    if backbone.endswith(ONNX) or (_holds(backbone, "*.onnx") and not _holds(backbone, "*.safetensors")):
        return _family("onnx")
    return _family(OTHERS)


def family_of(settings: Mapping[str, Any]) -> Family:
    """The family of an encoder by its settings in a model's configuration."""
    kind = settings.get("model_type")
    return _family(str(kind) if kind in FAMILIES else OTHERS)


def only_for(told: TransferParams, kind: str, *, without: Iterable[str]) -> None:
    """Refuse parameters that say nothing of a kind of encoders.

    Raises:
        ConfigurationError: one of them is given.
    """
    for name in without:
        if getattr(told, name) is not None:
            raise ConfigurationError(
                f"{name} is {getattr(told, name)!r}, but backbone {told.backbone!r} is one of {kind}, which"
                f" have no {name}. Leave {name} out."
            )


def shown_name(backbone: str) -> str:
    """An encoder's name without the folder that it lies in, which means nothing elsewhere."""
    return Path(backbone).name if Path(backbone).exists() else backbone


def home_expanded(name: str | None) -> str | None:
    """A folder with the home that `~` stands for; names of the hub as they are."""
    if name is None or not name.startswith("~"):
        return name
    try:
        return str(Path(name).expanduser())
    except RuntimeError:  # of a user that there is not: whoever looks for the folder will say so
        return name


def real_places(maps: Maps, frames: int) -> torch.Tensor | None:
    """How many of so many frames of an encoder are no padding, where it shrinks time evenly."""
    if maps.lengths is None:
        return None
    heard = maps.values.shape[-1]
    return (maps.lengths * frames).add(heard - 1) // heard


def any_front_end(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What encoders ask for whose bands are normalized before: nothing."""
    return {}


def _holds(folder: str, pattern: str) -> bool:
    return any(Path(folder).glob(pattern))


def _family(name: str) -> Family:
    return cast(Family, importlib.import_module(f"{__name__}.{name}"))
