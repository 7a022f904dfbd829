"""The receipt in a demo folder: proof that Auricle rendered it, and what lies there."""

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from auricle.errors import ConfigurationError

RECEIPT_NAME = ".auricle-demo.json"
_FORMAT = 1
_FILE_NAME = re.compile(r"[0-9a-f]{12}\.(wav|flac|ogg|mp3)")
# What may lie in a folder that nobody has put anything into yet.
_PLACEHOLDERS = {".gitkeep", ".gitignore", ".DS_Store"}


@dataclass(frozen=True)
class Receipt:
    """What a demo folder holds.

    Attributes:
        params: the `DemoParams` it was rendered from, as JSON types.
        files: names of the audio files, those of an unfinished rendering included.
        complete: whether the rendering came to its end.
    """

    params: dict[str, Any]
    files: tuple[str, ...]
    complete: bool

    def write(self, folder: Path) -> None:
        """Write it into a folder, atomically."""
        text = json.dumps({"auricle_demo": _FORMAT, **asdict(self)}, indent=1) + "\n"
        write_atomically(folder / RECEIPT_NAME, text.encode())


def read_receipt(folder: Path) -> Receipt | None:
    """The receipt of a folder; None where nothing is there yet.

    Raises:
        ConfigurationError: the folder is a file, holds something that Auricle has not rendered, or its
            receipt cannot be read.
    """
    if not folder.exists():
        return None
    if not folder.is_dir():
        raise ConfigurationError(f"{folder} is a file: the demo corpus needs a folder of its own")
    path = folder / RECEIPT_NAME
    if not path.exists():
        if unknown := sorted(entry.name for entry in folder.iterdir() if entry.name not in _PLACEHOLDERS):
            raise ConfigurationError(
                f"{folder} holds {unknown[0]} and was not rendered by Auricle ({RECEIPT_NAME} is missing): "
                "the demo corpus is only ever written into an empty folder or its own. Choose another "
                "folder, or, if these recordings are yours, set demo: {enabled: false}"
            )
        return None
    return _parsed(path)


def _parsed(path: Path) -> Receipt:
    remedy = f"remove the folder {path.parent} to have the demo corpus rendered anew"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        receipt = Receipt(dict(content["params"]), tuple(content["files"]), bool(content["complete"]))
        version = content["auricle_demo"]
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path} is damaged ({error!r}): {remedy}") from error
    if version != _FORMAT:
        raise ConfigurationError(f"{path} is of format {version}, this Auricle reads {_FORMAT}: {remedy}")
    # These names decide what may be removed, so nothing but a name that the plan can give is believed.
    if strange := [name for name in receipt.files if not _FILE_NAME.fullmatch(str(name))]:
        raise ConfigurationError(f"{path} is damaged (it names {strange[0]!r}): {remedy}")
    return receipt


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file under a hidden temporary name and rename it: it is there whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    temporary.write_bytes(data)
    temporary.replace(path)
