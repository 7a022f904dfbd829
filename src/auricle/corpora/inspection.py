"""The inventory of a folder of recordings: which files are there, and which of them can be used."""

import hashlib
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, cast

import pandas as pd

from auricle.audio.decode import AudioInfo
from auricle.audio.fingerprint import FINGERPRINT_VERSION
from auricle.audio.isolation import IsolationError, map_isolated
from auricle.audio.limits import AudioLimits
from auricle.corpora.verdict import Inspected, hash_file, inspect_file
from auricle.errors import AudioError, UnreadableError

FILE_DTYPES = {
    "path": "str",
    "size": "int64",
    "mtime_ns": "int64",
    "recording_id": "str",
    "duration_s": "float64",
    "sample_rate": "Int64",
    "channels": "Int64",
    "status": "str",
    "reason": "str",
    "checked_with": "str",
    "fingerprint": "object",
    "fingerprint_version": "int64",
}
FILE_COLUMNS = tuple(FILE_DTYPES)

# The second line cannot be decoded. It is listed all the same: a quarantine with its reason can be asked
# about, a recording that is silently left out cannot.
AUDIO_EXTENSIONS = frozenset(
    {".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3"}
    | {".aif", ".aiff", ".aifc", ".au", ".caf", ".w64", ".m4a", ".aac", ".mp4", ".wma", ".ape", ".wv"}
)

NO_FINGERPRINT = {"fingerprint": b"", "fingerprint_version": 0}

# Counted up when the code judges files differently, so that known files are judged again.
CHECK_VERSION = 1

logger = logging.getLogger(__name__)


def find_audio(root: Path) -> list[str]:
    """List the audio files below a folder, by the extension of their name in whatever case.

    Hidden files and folders are left out; links are followed, each folder being visited once.

    Args:
        root: The folder.

    Returns:
        Paths relative to `root`, with forward slashes, sorted.
    """
    return walk(root, _is_audio_name)


def walk(root: Path, wanted: Callable[[str], bool]) -> list[str]:
    """Paths of files below a folder, relative to it, sorted; what `find_audio` leaves out is left out.

    Args:
        root: The folder.
        wanted: Whether a file of this name is meant.
    """
    found: list[str] = []
    visited: set[tuple[int, int]] = set()
    for folder, folders, names in os.walk(root, followlinks=True):
        status = Path(folder).stat()
        if (status.st_dev, status.st_ino) in visited:
            folders.clear()
            continue
        visited.add((status.st_dev, status.st_ino))
        # Sorted, so that of two links to one folder the same one is taken on every machine.
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths = [Path(folder, name) for name in names if not name.startswith(".") and wanted(name)]
        found += [path.relative_to(root).as_posix() for path in paths if path.is_file()]
    return sorted(filter(is_storable, found))


def inspect_files(
    root: Path,
    paths: Sequence[str],
    known: pd.DataFrame | None,
    limits: AudioLimits,
    *,
    fingerprints: bool = False,
    workers: int | None = None,
    chunk_size: int = 256,
) -> Iterator[pd.DataFrame]:
    """Decode every new or changed file once, in child processes, and say whether it can be used.

    A file with the size and modification time of its row in `known` is passed over. One that was touched,
    copied or moved is known by the hash of its bytes and takes over their facts. Rows that were made under
    other limits, usable ones without the fingerprint that is asked for, and failures that may be the
    machine's, are made anew.

    Args:
        root: The folder of recordings.
        paths: The files, relative to `root`, with forward slashes.
        known: Rows that an earlier call yielded, one per path, or None.
        limits: What a recording may be, and what inspecting one may cost.
        fingerprints: Compute acoustic fingerprints, by which near-duplicates are found.
        workers: Number of child processes; None for all cores.
        chunk_size: Rows per table.

    Yields:
        Tables of `FILE_COLUMNS` with at most `chunk_size` rows: `path`; `size` in bytes; `mtime_ns`;
        `recording_id`, the first 16 hexadecimal digits of the SHA-256 of the bytes ("" where the file
        cannot be read or is too large); `duration_s`, `sample_rate` in Hz and `channels` (missing in
        quarantine); `status`, "ok" or "quarantined"; `reason` of the quarantine, else ""; `checked_with`,
        a digest of the limits, "" for a failure that is to be tried again; `fingerprint`, bytes for
        `auricle.audio.fingerprint.from_bytes`, b"" where there is none; and its `fingerprint_version`, 0
        where none was computed.
    """
    digest = _digest(limits)
    current = _current(known, digest, fingerprints=fingerprints)
    inspect = partial(inspect_file, limits=limits, known=_identities(current), fingerprints=fingerprints)
    rows = _inspected_rows(
        root, _changed(root, paths, current), current, limits, inspect, digest=digest, workers=workers
    )
    counts = {"ok": 0, "quarantined": 0}
    while chunk := list(islice(rows, chunk_size)):
        for row in chunk:
            counts[row["status"]] += 1
        yield pd.DataFrame(chunk, columns=list(FILE_COLUMNS)).astype(FILE_DTYPES)
    total = sum(counts.values())
    logger.info(
        "%s files: %s known and unchanged, %s inspected (%s ok, %s quarantined)",
        *(f"{n:,}" for n in (len(paths), len(paths) - total, total, counts["ok"], counts["quarantined"])),
    )


def _is_audio_name(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in AUDIO_EXTENSIONS


def is_storable(path: str) -> bool:
    """Whether a name can stand in a table that other machines read."""
    try:
        path.encode()
    except UnicodeEncodeError:
        logger.warning("Left out %r: its name is not valid UTF-8, rename it", path)
        return False
    if "\\" in path:
        logger.warning("Left out %r: its name contains a backslash, rename it", path)
        return False
    return True


def _digest(limits: AudioLimits) -> str:
    return hashlib.sha256(f"{CHECK_VERSION} {limits.model_dump_json()}".encode()).hexdigest()[:12]


def _current(known: pd.DataFrame | None, digest: str, *, fingerprints: bool) -> pd.DataFrame:
    """The known rows that hold under the present limits, by path."""
    if known is None or known.empty:
        return pd.DataFrame(columns=list(FILE_COLUMNS)).astype(FILE_DTYPES).set_index("path", drop=False)
    rows = known.loc[known["checked_with"] == digest].reindex(columns=list(FILE_COLUMNS))
    # An inventory of before there were fingerprints has none of both.
    rows["fingerprint"] = [data if isinstance(data, bytes) else b"" for data in rows["fingerprint"]]
    rows["fingerprint_version"] = rows["fingerprint_version"].fillna(0)
    rows = rows.astype(FILE_DTYPES)
    lacking = (rows["status"] == "ok") & (rows["fingerprint_version"] != FINGERPRINT_VERSION)
    if fingerprints and lacking.any():
        logger.info(
            "%s known recordings have no fingerprint of this version: they are decoded again.",
            f"{int(lacking.sum()):,}",
        )
        rows = rows[~lacking]
    return rows.set_index("path", drop=False)


def _identities(current: pd.DataFrame) -> frozenset[str]:
    return frozenset(current["recording_id"]) - {""}


def _changed(root: Path, paths: Sequence[str], current: pd.DataFrame) -> list[dict[str, Any]]:
    """The beginning of a row for each path whose size or time of modification is not the known one."""
    seen = dict(zip(current.index, zip(current["size"], current["mtime_ns"], strict=True), strict=True))
    changed = []
    for path in paths:
        try:
            status = (root / path).stat()
            size, mtime_ns = status.st_size, status.st_mtime_ns
        except OSError:
            size, mtime_ns = 0, 0  # opening it will say why
        if seen.get(path) != (size, mtime_ns):
            changed.append({"path": path, "size": size, "mtime_ns": mtime_ns})
    return changed


def _inspected_rows(
    root: Path,
    changed: list[dict[str, Any]],
    current: pd.DataFrame,
    limits: AudioLimits,
    inspect: Callable[[Path], Inspected],
    *,
    digest: str,
    workers: int | None,
) -> Iterator[dict[str, Any]]:
    records = cast("list[dict[str, Any]]", current.to_dict("records"))
    facts = {record["recording_id"]: record for record in records if record["recording_id"]}
    results = map_isolated(
        inspect,
        [root / row["path"] for row in changed],
        workers=workers,
        limits=limits,
        description="inspect recordings",
    )
    for row, (path, result) in zip(changed, results, strict=True):
        inspected = _with_hash(path, result, limits)
        if inspected.verdict is None:
            yield {**facts[inspected.recording_id], **row}
        else:
            judged = _judged(inspected.verdict, digest)
            yield {**row, "recording_id": inspected.recording_id, **judged, **_heard(inspected)}


def _with_hash(path: Path, result: Inspected | AudioError, limits: AudioLimits) -> Inspected:
    """The child's answer; where it died without one, the parent hashes the file."""
    return Inspected(hash_file(path, limits), result) if isinstance(result, AudioError) else result


def _judged(verdict: AudioInfo | AudioError, digest: str) -> Mapping[str, Any]:
    if isinstance(verdict, AudioInfo):
        return {
            "duration_s": verdict.duration_s,
            "sample_rate": verdict.sample_rate,
            "channels": verdict.channels,
            "status": "ok",
            "reason": "",
            "checked_with": digest,
        }
    passing = isinstance(verdict, IsolationError | UnreadableError)
    return {
        "duration_s": None,
        "sample_rate": None,
        "channels": None,
        "status": "quarantined",
        "reason": str(verdict),
        "checked_with": "" if passing else digest,
    }


def _heard(inspected: Inspected) -> Mapping[str, Any]:
    if inspected.fingerprint is None:
        return NO_FINGERPRINT
    return {"fingerprint": inspected.fingerprint, "fingerprint_version": FINGERPRINT_VERSION}
