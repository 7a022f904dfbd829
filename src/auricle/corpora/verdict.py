"""One file's hash and usability; apart from `inspection`, so that a child process need not import pandas."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from auricle.audio.decode import AudioInfo, check_readable
from auricle.audio.limits import AudioLimits
from auricle.errors import AudioError


@dataclass(frozen=True)
class Inspected:
    """Whose bytes a file holds, and what they are worth.

    Attributes:
        recording_id: The hash of the bytes, "" where there is none.
        verdict: What the recording is, or why it cannot be used; None where its facts are known already.
    """

    recording_id: str
    verdict: AudioInfo | AudioError | None


def inspect_file(path: Path, limits: AudioLimits, known: frozenset[str]) -> Inspected:
    """Hash a file, and decode it unless its bytes are known: what a child process does with one file.

    Args:
        path: The file.
        limits: What a recording may be.
        known: The recordings whose facts need not be found out again.
    """
    recording_id = hash_file(path, limits)
    if recording_id in known:
        return Inspected(recording_id, None)
    try:
        return Inspected(recording_id, check_readable(path, limits))
    except AudioError as error:
        return Inspected(recording_id, error)


def hash_file(path: Path, limits: AudioLimits) -> str:
    """First 16 hexadecimal digits of the SHA-256 of a file's bytes, "" if unreadable or too large."""
    try:
        if not path.is_file() or path.stat().st_size > limits.max_file_mb * 2**20:
            return ""
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()[:16]
    except OSError:
        return ""
