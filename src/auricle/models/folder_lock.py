"""Locks between processes, of a file or a folder, which the system gives back when their owner dies."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from auricle.errors import BundleError

PATIENCE_S = 30.0


@contextmanager
def alone_in(folder: Path, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Keep others out of a folder, which is made where it is missing; only those who ask likewise are.

    The system holds the lock and gives it up when its owner dies, however that happens: no file is left that
    somebody would have to remove.

    Raises:
        BundleError: another process has been in there for all of `patience_s`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if not locked(descriptor, patience_s):
            raise BundleError(
                f"Another process has been changing {folder} for more than {patience_s:g} s."
                " Nothing was changed: try again, or end that process if it hangs."
            )
        yield
    finally:
        os.close(descriptor)


def locked(descriptor: int, patience_s: float) -> bool:
    """Lock what is opened until it is closed; False where another process holds it all `patience_s`."""
    import fcntl

    end = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        else:
            return True
