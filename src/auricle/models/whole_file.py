"""Files that are there whole, or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to be written bit by bit; it takes its place by a rename where the block ends without an error.

    Args:
        path: of the file; its folder is made where it is missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, staged = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        Path(staged).chmod(0o644)
        Path(staged).replace(path)
    finally:
        Path(staged).unlink(missing_ok=True)
    sync(path.parent)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file by a rename: a reader sees what was there before, or all of the new content.

    Args:
        path: of the file; its folder is made where it is missing.
        content: of the file.
    """
    with whole_file(path) as stream:
        stream.write(content)


def sync(path: Path) -> None:
    """Have the disk hold a file's content, or a folder's entries, before anything else is written.

    Without it a power cut may keep a rename and lose what was renamed.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """`sync` all files and folders below a folder, and the folder itself."""
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            sync(Path(parent, name))
        sync(Path(parent))
