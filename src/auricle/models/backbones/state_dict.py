"""Weights that torchvision publishes: from a file, or under their name from where torchvision has them."""

import re
from pathlib import Path
from pickle import UnpicklingError

import torch

from auricle.errors import ConfigurationError
from auricle.models.backbones.packages import needed

SUFFIXES = (".safetensors", ".pth", ".pt")
# DenseNet's files are older than the names of its layers.
OLD_NAME = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12])\.")


def published_weights(encoder: str, weights: str) -> dict[str, torch.Tensor]:
    """The weights of a whole network of torchvision, on the CPU; nothing that they bring is run.

    Args:
        encoder: its name in torchvision.
        weights: a file, a folder with one, or their name in torchvision, under which they are downloaded
            where torchvision's cache does not have them.

    Raises:
        ConfigurationError: they cannot be had, or are no state dict.
    """
    path = Path(weights)
    state = _read(_file_in(path)) if path.exists() else _downloaded(encoder, weights)
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise ConfigurationError(
            f"The weights {weights!r} are no state dict, which is names and tensors and nothing else. Save"
            " model.state_dict() alone, best by safetensors.torch.save_file."
        )
    return {OLD_NAME.sub(r"\1\2.", name): value for name, value in state.items()}


def _file_in(path: Path) -> Path:
    files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES) if path.is_dir() else [path]
    if len(files) != 1 or files[0].suffix not in SUFFIXES:
        raise ConfigurationError(
            f"weights {str(path)!r} must be a file {', '.join(SUFFIXES)} or a folder with one of them; there"
            f" are {', '.join(file.name for file in files) or 'none'}. Name the file."
        )
    return files[0]


def _read(file: Path) -> object:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        return torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, UnpicklingError, SafetensorError) as error:
        first = str(error).strip().partition("\n")[0]
        raise ConfigurationError(
            f"The weights {str(file)!r} cannot be read as tensors alone: {first} Download or convert them"
            " again; a file that brings code is not run."
        ) from error


def _downloaded(encoder: str, weights: str) -> object:
    library = needed("torchvision", extra="pipelines", by=f"backbone 'torchvision/{encoder}'")
    known = library.models.get_model_weights(encoder)
    if weights not in known.__members__:
        raise ConfigurationError(
            f"weights {weights!r} is neither a file nor a folder, nor what torchvision has for {encoder}:"
            f" {', '.join(known.__members__) or 'nothing'}. Mend the path, or take one of these names."
        )
    chosen = known[weights]
    try:
        return chosen.get_state_dict(progress=False, check_hash=True, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, UnpicklingError) as error:
        raise ConfigurationError(
            f"The weights {weights} of {encoder} cannot be had: {error}. Download {chosen.url} where that can"
            " be reached, put the file on this machine, for instance below data/pretrained/, and give it as"
            " weights."
        ) from error
