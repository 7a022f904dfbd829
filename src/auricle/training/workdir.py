"""The folder of one unfinished training, named after all that decides its result; one process uses it."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from auricle.errors import ConfigurationError
from auricle.models.folder_lock import locked
from auricle.training.resume import write_json

# Raise this when the same parameters on the same data no longer lead to the same weights.
CODE_VERSION = 4


def training_digest(**parts: Any) -> str:
    """12 hex digits of everything that decides what a training results in (JSON-able parts)."""
    canonical = json.dumps({"code_version": CODE_VERSION, **parts}, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def begun_as(folder: Path) -> str:
    """A name for the training of a work directory, which it keeps when it goes on after a kill.

    The time when it was begun (UTC), then the digest: a training that is done again has another one.
    """
    file = folder / "begun.json"
    if not file.is_file():
        begun = datetime.now(UTC).strftime("%Y-%m-%dT%H.%M.%S")
        write_json(file, {"name": f"{begun}-{folder.name}"})
    return str(json.loads(file.read_text(encoding="utf-8"))["name"])


@contextmanager
def open_workdir(root: Path, digest: str, *, wait_s: float = 10.0) -> Iterator[Path]:
    """The work directory ``<root>/<digest>``, made where it is missing, held against other processes.

    The lock is the operating system's: it ends with the process that holds it, however that ends, and with
    its worker processes, which notice within some seconds that they are alone.

    Args:
        root: where unfinished trainings live.
        digest: of the training.
        wait_s: seconds to wait for workers that a killed process has left.

    Raises:
        ConfigurationError: another process is at the same training.
    """
    folder = root / digest
    folder.mkdir(parents=True, exist_ok=True)
    busy = (
        f"Another process is training the same model on the same data in {folder}. "
        "Wait until it has finished, or stop it; what it has saved is then gone on from."
    )
    with hold(folder / "lock", busy=busy, wait_s=wait_s):
        yield folder


@contextmanager
def hold(file: Path, *, busy: str, wait_s: float = 10.0) -> Iterator[None]:
    """Hold a file against other processes.

    Args:
        file: made where it is missing.
        busy: what is said where another process holds it.
        wait_s: seconds to wait for it.

    Raises:
        ConfigurationError: another process holds it for longer.
    """
    with file.open("w") as lock:
        if not locked(lock.fileno(), wait_s):
            raise ConfigurationError(busy)
        yield
