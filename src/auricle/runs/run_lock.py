"""One retraining at a time below a `run_root`: a lock that its owner's death gives back at once."""

import json
import os
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from auricle.errors import LockedError
from auricle.models.folder_lock import locked


class RunLock:
    """A file that the system locks for one process.

    What stands in the file says who has it, for those who find it locked; whether somebody has it the system
    alone knows, so a file that a dead owner left locks nobody out.
    """

    def __init__(self) -> None:
        self._descriptor: int | None = None
        # A forked worker has the same open file, and would keep the lock of an owner that was killed.
        os.register_at_fork(after_in_child=self._forget)

    def take(self, file: Path, what: str) -> None:
        """Lock a file, which is made where it is missing; a lock that this object has is given back first.

        Args:
            file: on a disk of this machine; over a network not every file system locks.
            what: the owner's name of what it does, for those who find the file locked.

        Raises:
            LockedError: another process has it; it says which, and since when.
        """
        self.give_back()
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
        if not locked(descriptor, patience_s=0):
            owner = os.read(descriptor, 4096)
            os.close(descriptor)
            raise LockedError(_refusal(file, owner))
        since = datetime.now(UTC).isoformat(timespec="seconds")
        told = {"pid": os.getpid(), "host": socket.gethostname(), "since": since, "run": what}
        os.ftruncate(descriptor, 0)
        os.write(descriptor, json.dumps(told).encode())
        self._descriptor = descriptor

    def give_back(self) -> None:
        """Let others have it; nothing happens where this process does not."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
        self._forget()

    def _forget(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _refusal(file: Path, owner: bytes) -> str:
    try:
        told: Any = json.loads(owner)
    except ValueError:  # it is about to say who it is
        told = {}
    named = isinstance(told, Mapping) and {"pid", "since"} <= told.keys()
    who = f"process {told['pid']}, since {told['since']}," if named else "another process"
    return (
        f"A retraining is under way: {who} has {file}. Two would train and decide over one another. Wait for"
        " its end, or end it with SIGTERM. If it dies, the lock is free at once: no file has to be removed."
    )
