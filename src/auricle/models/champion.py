"""The champion of a model: a pointer, `champion.json`, to the bundle that every consumer loads."""

import json
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from auricle.errors import BundleError
from auricle.models.bundle import BundleRef, open_bundle
from auricle.models.whole_file import write_whole

CHAMPION = "champion.json"


def write_champion(path: Path, ref: BundleRef, moved_by: str) -> None:
    """Point `champion.json` to a bundle, atomically: a reader sees the old pointer or the new one.

    Args:
        path: the pointer's file; the bundle must lie below its folder, so that both can be moved together.
        ref: the bundle.
        moved_by: who moves it: `training`, `retrain`, a person's name.

    Raises:
        BundleError: where the bundle lies elsewhere.
    """
    folder, target = path.parent.resolve(), ref.path.resolve()
    if not target.is_relative_to(folder):
        raise BundleError(
            f"{ref.path} cannot be the champion of {path}: it lies outside {path.parent}. "
            "Move the bundle there."
        )
    pointer = {
        "version": ref.version,
        "path": target.relative_to(folder).as_posix(),
        "digest": ref.digest,
        "moved_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "moved_by": moved_by,
    }
    write_whole(path, (json.dumps(pointer, indent=2) + "\n").encode())


def read_champion(path: Path, *, verify: bool = True) -> BundleRef:
    """The bundle that `champion.json` points to, its digest compared.

    Args:
        path: the pointer's file.
        verify: False trusts the bundle's files and does not hash them.

    Raises:
        BundleError: where the pointer or the bundle is missing or damaged, or the bundle is another one.
    """
    pointer = _read_pointer(path)
    relative = PurePosixPath(pointer["path"])
    if relative.is_absolute() or ".." in relative.parts:
        raise BundleError(f"{path} points outside its folder ({relative}). Train the model again.")
    ref = open_bundle(path.parent / relative, version=pointer["version"], verify=verify)
    if ref.digest != pointer["digest"]:
        raise BundleError(
            f"{path} was moved to a bundle with digest {pointer['digest'][:12]}, but the one at {ref.path} "
            f"has {ref.digest[:12]}: it was replaced since. Train the model again."
        )
    return ref


def _read_pointer(path: Path) -> dict[str, str]:
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BundleError(f"{path} does not exist: no model has been trained here yet.") from error
    except (ValueError, OSError) as error:
        raise BundleError(
            f"{path} is damaged and cannot be read ({error}). Train the model again."
        ) from error
    keys = ("version", "path", "digest")
    if not isinstance(content, dict) or not all(isinstance(content.get(key), str) for key in keys):
        raise BundleError(f"{path} is damaged: it must hold {', '.join(keys)}. Train the model again.")
    return content
