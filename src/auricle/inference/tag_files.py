"""Tags in files without a loss: listed before they are written, the old ones kept, and written on a copy."""

import contextlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from auricle.errors import AuricleError, ConfigurationError
from auricle.models.backbones.packages import needed

EXTRA = "tags"
PLAN, BACKUPS = "tags.csv", "tag_backups"
WRITE = "write"
# Frames of ID3v2.4 that mutagen writes as others in 2.3.
TRANSLATED = frozenset({"TDOR", "TDRC", "TIPL", "TMCL"})
STAGED = ".tagging"
COPY = re.compile(rf"\.[0-9a-f]{{32}}{re.escape(STAGED)}\.\w+")


class TagError(AuricleError):
    """A file whose tags cannot be read or written; its message is the reason."""


def check_installed(*, by: str) -> None:
    """Refuse to begin without mutagen.

    Args:
        by: the parameter that asks for it, such as `predict.tags`.

    Raises:
        MissingPackageError: it is not installed.
    """
    needed("mutagen", extra=EXTRA, by=by)


def opened(path: Path) -> Any:
    """A file as mutagen has it.

    Raises:
        TagError: its tags cannot be read, or its format has none.
    """
    import mutagen

    try:
        audio = mutagen.File(path)
    except (mutagen.MutagenError, OSError) as error:
        raise TagError(f"its tags cannot be read ({error})") from error
    if audio is None:
        raise TagError("its format has no tags")
    return audio


def save_tags(audio: Any) -> None:
    """Write the tags of a file that was opened; ID3 stays of the version that it is of.

    Raises:
        TagError: they cannot be written.
    """
    import mutagen

    try:
        if tuple(getattr(audio.tags, "version", ())[:2]) != (2, 3):
            audio.save()
            return
        # Many players read ID3 of this version only: a file that has it keeps it.
        frames = list(audio.tags.values())
        audio.tags.update_to_v23()
        for kept in frames:  # it drops what only 2.4 has by name, and files of 2.3 have all the same
            if kept.FrameID not in TRANSLATED and kept.HashKey not in audio.tags:
                audio.tags.add(kept)
        audio.save(v2_version=3, v23_sep=None)
    except mutagen.MutagenError as error:
        raise TagError(f"its tags cannot be written ({error})") from error


def check_listed(wanted: pd.DataFrame, file: Path, *, by: str) -> None:
    """Refuse to write what the last dry run did not list.

    Args:
        wanted: `path` and `new`, as the dry run lists them.
        file: its list.
        by: the parameter that asks for it, such as `predict.tags`.

    Raises:
        ConfigurationError: there was no dry run, or it listed something else.
    """
    dry_run = f"Run with {by}.mode=dry_run, look at what it lists, and then with write."
    if not file.is_file():
        raise ConfigurationError(f"{by}.mode is write, and there was no dry run. {dry_run}")
    listed = pd.read_csv(file, dtype=str, keep_default_na=False)
    listed = listed[listed["then"] == WRITE]
    known = set(zip(listed["path"], listed["new"], strict=True))
    others = [entry for entry in zip(wanted["path"], wanted["new"], strict=True) if entry not in known]
    if others:
        path, new = others[0]
        raise ConfigurationError(
            f"{by}.mode is write, and the last dry run did not list {new!r} for {path}"
            f" (and {len(others) - 1:,} others). {dry_run}"
        )


def back_up(content: Mapping[str, Any], folder: Path) -> Path:
    """Keep the old tags in a file of their own, on the disk before anything is changed; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{datetime.now(UTC):%Y-%m-%dT%H.%M.%S.%fZ}.json"
    with file.open("x", encoding="utf-8") as stream:
        json.dump(content, stream, indent=2, ensure_ascii=False)
        stream.flush()
        os.fsync(stream.fileno())
    return file


def clear_copies(paths: Iterable[Path]) -> None:
    """Remove what a killed run has left beside these files."""
    for folder in {path.resolve().parent for path in paths}:
        for staged in folder.glob(f".*{STAGED}.*"):
            if COPY.fullmatch(staged.name):
                with contextlib.suppress(OSError):
                    staged.unlink()


def write_on_a_copy(path: Path, write: Callable[[Path], None], check: Callable[[Path], None]) -> Path:
    """Change a copy of a file, which then takes its place: a kill leaves either of them, whole.

    Args:
        path: of the file; of a link, what it leads to is changed.
        write: changes the copy.
        check: raises where the file is not what it was any more.

    Returns:
        The file that was replaced.

    Raises:
        TagError: it cannot be written.
    """
    target = path.resolve()
    # A name of its own: that of the file may have the length already that a file system allows.
    staged = target.with_name(f".{uuid.uuid4().hex}{STAGED}{target.suffix}")
    try:
        check(target)
        shutil.copy2(target, staged)
        write(staged)
        with staged.open("rb") as stream:
            os.fsync(stream.fileno())
        staged.replace(target)
    except OSError as error:
        raise TagError(f"it cannot be written ({error.strerror or error})") from error
    finally:
        with contextlib.suppress(OSError):
            staged.unlink(missing_ok=True)
    return target
