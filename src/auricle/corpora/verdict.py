"""One file's hash and usability; apart from `inspection`, so that a child process need not import pandas."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from auricle.audio import fingerprint
from auricle.audio.decode import AudioInfo, check_readable, decode_with_info
from auricle.audio.limits import AudioLimits
from auricle.errors import AudioError


@dataclass(frozen=True)
class Inspected:
    """Whose bytes a file holds, and what they are worth.

    Attributes:
        recording_id: The hash of the bytes, "" where there is none.
        verdict: What the recording is, or why it cannot be used; None where its facts are known already.
        fingerprint: What it sounds like, as `auricle.audio.fingerprint.to_bytes` gives it; None where that
            was not asked for, or cannot be said.
    """

    recording_id: str
    verdict: AudioInfo | AudioError | None
    fingerprint: bytes | None = None


def inspect_file(
    path: Path, limits: AudioLimits, known: frozenset[str], *, fingerprints: bool = False
) -> Inspected:
    """Hash a file, and decode it unless its bytes are known: what a child process does with one file.

    Args:
        path: The file.
        limits: What a recording may be.
        known: The recordings whose facts need not be found out again.
        fingerprints: Compute the fingerprint too, from the same reading.
    """
    recording_id = hash_file(path, limits)
    if recording_id in known:
        return Inspected(recording_id, None)
    try:
        if not fingerprints:
            return Inspected(recording_id, check_readable(path, limits))
        waveform, info = decode_with_info(path, limits, fingerprint.SAMPLE_RATE)
        return Inspected(recording_id, info, fingerprint.to_bytes(fingerprint.fingerprint(waveform.samples)))
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
