"""Fingerprints of what lies on the disk: equal exactly where nothing that a node reads has changed."""

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from auricle.corpora.inspection import walk

MISSING = "missing"
DAMAGED = "damaged"
# Larger files are known by size and time, not by content: hashing them would cost what the runner is to save.
HASHED_BYTES = 64 * 2**20


def fingerprint_of(dataset: Any) -> str | None:
    """What tells whether a dataset has changed since; None where that is no reason to run a node again.

    A dataset that knows better than its bytes what it holds has a method `fingerprint`. Of any other the
    local file or folder is taken; where there is none, nothing can be told, and no two answers are equal.
    """
    if hasattr(dataset, "fingerprint"):
        told: str | None = dataset.fingerprint()
        return told
    path = path_of(dataset)
    return fingerprint_of_path(path) if path else f"unknown:{uuid.uuid4().hex}"


def path_of(dataset: Any) -> Path | None:
    """The local file or folder of a dataset, the version that would be loaded; None where there is none."""
    if getattr(dataset, "_protocol", "file") != "file":
        return None
    described = dataset._describe()
    path = described.get("filepath") or described.get("path")
    if path is None:
        return None
    has_versions = described.get("version") and dataset.exists()
    return Path(dataset._get_load_path() if has_versions else path)


def fingerprint_of_path(path: Path) -> str:
    """By the content of a file, or of every file of a folder; hidden ones, as of writers, do not count."""
    if path.is_file():
        return _of_file(path)
    if not path.is_dir():
        return MISSING
    return digest(f"{name}={_of_file(file)}" for name, file in _files(path))


def fingerprint_of_listing(path: Path) -> str:
    """By name, size and time of every file of a folder, such as recordings: there may be too many to read.

    A single file is taken by its content.
    """
    if path.is_file():
        return _of_file(path)
    if not path.is_dir():
        return MISSING
    return digest(f"{name}={_stat(file)}" for name, file in _files(path))


def digest(parts: Iterable[str]) -> str:
    """One short digest of many strings, in their order."""
    found = hashlib.sha256()
    for part in parts:
        found.update(part.encode(errors="surrogateescape") + b"\0")
    return found.hexdigest()[:32]


def _of_file(file: Path) -> str:
    if file.stat().st_size > HASHED_BYTES:
        return _stat(file)
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:32]


def _stat(file: Path) -> str:
    try:
        found = file.stat()
    except FileNotFoundError:  # a link that leads nowhere, or a file that somebody takes away just now
        return MISSING
    return f"{found.st_size}:{found.st_mtime_ns}"


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below, by its relative name, in one order wherever the folder lies."""
    for name in walk(folder, lambda _: True):
        yield name, folder / name
