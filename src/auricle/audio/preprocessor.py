"""`preprocessor_config.json`, which carries an extractor's parameters in a bundle, and their digest."""

import hashlib
import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from auricle.errors import BundleError
from auricle.params import Params

FILE_NAME = "preprocessor_config.json"
TYPE_KEY = "feature_extractor_type"
VERSION_KEY = "feature_extractor_version"

P = TypeVar("P", bound=Params)


def digest_of(type_name: str, version: int, params: Params) -> str:
    """Twelve hex digits that change with the kind of extractor, with its code's version or any parameter."""
    canonical = json.dumps(_config(type_name, version, params), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def write_config(folder: Path, type_name: str, version: int, params: Params) -> None:
    """Write `preprocessor_config.json` into `folder`, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_config(type_name, version, params), indent=2, sort_keys=True)
    (folder / FILE_NAME).write_text(text + "\n", encoding="utf-8")


def read_config(folder: Path) -> dict[str, Any]:
    """The parsed `preprocessor_config.json` of a bundle's folder.

    Raises:
        BundleError: the file is missing or is not a JSON object.
    """
    path = folder / FILE_NAME
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BundleError(
            f"{path} is missing: {folder} is not a complete bundle, train or copy it again"
        ) from error
    except (OSError, ValueError) as error:
        raise BundleError(
            f"{path} cannot be read as JSON ({error}): train or copy the bundle again"
        ) from error
    if not isinstance(config, dict):
        raise BundleError(
            f"{path} holds {type(config).__name__} instead of an object: train or copy the bundle again"
        )
    return config


def read_params(folder: Path, type_name: str, version: int, params_type: type[P]) -> P:
    """The parameters in a bundle's `preprocessor_config.json`, checked for type, version and values.

    Raises:
        BundleError: the file is missing, damaged, of another extractor or of another version.
    """
    config = read_config(folder)
    path = folder / FILE_NAME
    found_type, found_version = config.pop(TYPE_KEY, None), config.pop(VERSION_KEY, None)
    if found_type != type_name:
        raise BundleError(
            f"{path} is of a {found_type!r}, expected {type_name!r}: use load_extractor(folder)"
        )
    if found_version != version:
        raise BundleError(
            f"{path} is of version {found_version!r} of {type_name}, this Auricle computes version "
            f"{version}: train the model again, or use the Auricle that its training.json names"
        )
    try:
        return params_type.model_validate(config)
    except ValidationError as error:
        raise BundleError(f"{path} holds parameters that {type_name} refuses: {error}") from error


def _config(type_name: str, version: int, params: Params) -> dict[str, Any]:
    return {TYPE_KEY: type_name, VERSION_KEY: version, **params.model_dump(mode="json")}
