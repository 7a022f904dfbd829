"""The embedding of a trained model as an encoder: learn genres first, and ratings on top."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from auricle.audio.front_ends import load_front_end
from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.audio.waveform_front_end import WaveformFrontEnd, WaveformParams
from auricle.errors import BundleError, ConfigurationError
from auricle.models.bundle import BundleRef, open_bundle
from auricle.models.champion import CHAMPION, read_champion
from auricle.models.encoders.log_mel import LogMel
from auricle.models.encoders.resampled import Resampled
from auricle.params import Params

FRONT_ENDS: dict[str, type[Params]] = {"log_mel": FrontEndParams, "waveform": WaveformParams}


class BundleEncoder(nn.Module):
    """What a network of another study heard before it named a class.

    Args:
        sample_rate: of the waveforms, in Hz; they are resampled to that of the bundle.
        bundle: a bundle's folder, or one with a `champion.json`, such as `data/06_models/genre/cnn`. Where
            `config` and `front_end` are given, nothing is looked for.
        frozen: the network stays as it is; false: it learns along.
        config: of the network, as bundles keep it.
        front_end: likewise, its parameters.

    Raises:
        ConfigurationError: a forest or an ensemble, or a network that hears what cannot be computed on a
            device, that takes windows of one length only, or that is told an instrument.
        BundleError: the bundle cannot be read.
    """

    def __init__(
        self,
        sample_rate: int,
        bundle: str | None = None,
        frozen: bool = True,
        config: dict[str, Any] | None = None,
        front_end: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        if config is not None and front_end is not None:
            self.network: Any = _untrained(config)
            told = dict(front_end)
        elif bundle is None:
            raise ConfigurationError(
                "BundleEncoder has no bundle: give encoder_kwargs the folder of a trained network, such as"
                " bundle: data/06_models/genre/cnn."
            )
        else:
            found = _found(Path(bundle))
            _check_kind(found)
            told = _front_end_of(found)
            self.network, config = _trained(found), found.config
        self.kept = {"frozen": frozen, "config": config, "front_end": told}
        self.frozen = frozen
        params: Any = FRONT_ENDS[told["kind"]].model_validate(told)
        self.resample = Resampled(sample_rate, params.sample_rate)
        self.hears: nn.Module = LogMel(params) if isinstance(params, FrontEndParams) else _Level(params)
        self.embedding_dim = self._embedding_dim(params.sample_rate)
        if frozen:
            self.network.requires_grad_(False)
            self.network.eval()

    def bundle_arguments(self) -> dict[str, Any]:
        """Arguments that need no other bundle: configuration here, weights beside it."""
        return dict(self.kept)

    def get_embedding_dim(self) -> int:
        """Length of an embedding of the network."""
        return self.embedding_dim

    def train(self, mode: bool = True) -> "BundleEncoder":
        """A frozen network drops nothing, and keeps its running statistics."""
        super().train(mode)
        if self.frozen:
            self.network.eval()
        return self

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """From (batch, samples) to (batch, embedding_dim)."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            embeddings: torch.Tensor = self.network(
                input_values=self.hears(self.resample(waveforms))
            ).embeddings
        return embeddings

    def _embedding_dim(self, rate: int) -> int:
        was = self.network.training
        self.network.eval()
        with torch.no_grad():
            shape = self.network(input_values=self.hears(torch.zeros(1, rate))).embeddings.shape
        self.network.train(was)
        return int(shape[1])


class _Level(nn.Module):
    """Each clip to mean 0 and variance 1, where the network was trained so."""

    def __init__(self, params: WaveformParams) -> None:
        super().__init__()
        self.normalizes = params.do_normalize

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        return (
            functional.layer_norm(waveforms, waveforms.shape[-1:], eps=1e-7) if self.normalizes else waveforms
        )


def _found(path: Path) -> BundleRef:
    if (path / CHAMPION).is_file():
        return read_champion(path / CHAMPION)
    if not path.is_dir():
        raise BundleError(
            f"BundleEncoder is given the bundle {str(path)!r}, and there is no such folder. Train that model"
            " first, or correct the path."
        )
    return open_bundle(path)


def _front_end_of(found: BundleRef) -> dict[str, Any]:
    front_end = load_front_end(found.path)
    on_device = isinstance(front_end, WaveformFrontEnd) or (
        isinstance(front_end, LogMelFrontEnd) and front_end.params.kind == "log_mel"
    )
    if not on_device:
        raise ConfigurationError(
            f"{found.path} hears by a {type(front_end).__name__} of kind {front_end.params.kind!r}, and"
            " BundleEncoder can take networks behind log_mel or on waveforms. Name another bundle."
        )
    told: dict[str, Any] = json.loads(front_end.params.model_dump_json())
    return told


def _check_kind(found: BundleRef) -> None:
    from auricle.models.registry import DEEP_MODELS

    if found.config.get("model_type") not in DEEP_MODELS:
        raise ConfigurationError(
            f"{found.path} is of the model_type {found.config.get('model_type')!r}, and BundleEncoder takes"
            " networks only. Name the bundle of one."
        )


def _trained(found: BundleRef) -> nn.Module:
    from auricle.models.registry import load_deep

    return _usable(load_deep(found), found.path)


def _untrained(config: dict[str, Any]) -> nn.Module:
    from transformers import AutoConfig

    from auricle.models.registry import build_model, register_models

    register_models()
    own = {name: value for name, value in config.items() if name != "model_type"}
    # JSON has no keys that are numbers.
    own["id2label"] = {int(number): label for number, label in own.get("id2label", {}).items()}
    return build_model(AutoConfig.for_model(config["model_type"], **own))


def _usable(network: Any, path: Path) -> nn.Module:
    if network.exact_frames is not None:
        raise ConfigurationError(
            f"{path} is of a network that takes {network.exact_frames} frames and no others (head: flatten),"
            " and an encoder takes clips of any length. Name another bundle."
        )
    if hasattr(network.config, "instruments"):
        raise ConfigurationError(
            f"{path} is of a network that is told an instrument, which ratings do not have. Name another"
            " bundle."
        )
    usable: nn.Module = network
    return usable
