"""Packages that only some encoders need: without them everything else works."""

import importlib
from typing import Any

from auricle.errors import MissingPackageError


def needed(package: str, *, extra: str, by: str) -> Any:
    """Import a package.

    Args:
        package: its name.
        extra: of Auricle's optional dependencies, the one that it belongs to.
        by: who needs it, such as "backbone 'torchvision/resnet50'".

    Raises:
        MissingPackageError: it is not installed.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise MissingPackageError(
            f"{by} needs {package}, which is not installed here ({error}). Install it with Auricle's extra"
            f" {extra!r}: pip install --editable '.[{extra}]' in Auricle's folder."
        ) from error
