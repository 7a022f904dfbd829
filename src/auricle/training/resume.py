"""Which checkpoint a killed training goes on from: the newest whose every byte is there."""

import hashlib
import json
import logging
import shutil
from pathlib import Path
from typing import Any

MARKER = "complete.json"
_PREFIX = "checkpoint-"

logger = logging.getLogger(__name__)


def mark_complete(checkpoint: Path) -> None:
    """Write the marker that vouches for a checkpoint: size and SHA-256 of each file, as its last act.

    A kill before the marker's rename leaves a checkpoint that nobody resumes; a torn deletion later, or a
    power failure that loses pages, shows against the listed sums.
    """
    files = sorted(file for file in checkpoint.iterdir() if file.is_file() and file.name != MARKER)
    write_json(checkpoint / MARKER, {file.name: _fingerprint(file) for file in files})


def is_complete(checkpoint: Path) -> bool:
    """Whether the marker is there and every file that it lists has the size and the sum it had when saved."""
    try:
        listed = json.loads((checkpoint / MARKER).read_text(encoding="utf-8"))
        return bool(listed) and all(
            _fingerprint(checkpoint / name) == fingerprint for name, fingerprint in listed.items()
        )
    except (OSError, ValueError, AttributeError):
        return False


def newest_complete(folder: Path) -> Path | None:
    """The complete checkpoint with the highest step in ``folder``, or None; torn newer ones are removed."""
    for checkpoint in sorted(folder.glob(f"{_PREFIX}*"), key=_step, reverse=True):
        if is_complete(checkpoint):
            return checkpoint
        logger.warning("Discarded %s: it was not completely saved.", checkpoint.name)
        shutil.rmtree(checkpoint)
    return None


def best_checkpoint(folder: Path, state: dict[str, Any]) -> Path | None:
    """The checkpoint of the best validation figure so far, or None where no figure was ever finite."""
    step = state["best_global_step"]
    return folder / f"{_PREFIX}{step}" if step else None


def read_state(checkpoint: Path) -> dict[str, Any]:
    """The Trainer's own state: steps, epochs, the best figure and the log so far."""
    state: dict[str, Any] = json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    return state


def write_json(file: Path, content: Any) -> None:
    """Write a JSON file in one step: it is there as a whole, or as it was before."""
    staged = file.with_name(f".{file.name}.part")
    staged.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    staged.replace(file)


def _fingerprint(file: Path) -> dict[str, Any]:
    with file.open("rb") as stream:
        return {"bytes": file.stat().st_size, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}


def _step(checkpoint: Path) -> int:
    number = checkpoint.name.removeprefix(_PREFIX)
    return int(number) if number.isdigit() else -1
