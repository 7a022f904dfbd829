"""What the children of test_isolation run: apart from the tests, so that a child does not import pytest."""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from auricle.errors import AudioError


def double(item: int) -> int:
    return 2 * item


def slow_if_first(item: int) -> int:
    time.sleep(0.5 if item == 0 else 0.0)
    return item


def refuse_odd(item: int) -> int:
    if item % 2:
        error = AudioError(f"{item} is odd")
        error.add_note(f"file: {item}")
        raise error
    return item


def refuse_odd_and_allocate(item: int) -> int:
    return int(np.ones(refuse_odd(item), dtype=np.uint8)[0])


def obey(order: str) -> str:
    """Do what the order says: the misfortunes that a file can cause."""
    match order:
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "segfault":
            ctypes.string_at(0)
        case "exit":
            os._exit(3)
        case "sleep":
            time.sleep(60)
        case "spin":
            while True:
                pass
        case "memory":
            return str(np.ones(400 * 2**20, dtype=np.uint8).sum())
        case "bug":
            raise KeyError("a bug")
        case "unpicklable":
            return lambda: None  # type: ignore[return-value]
        case "killed while answering":
            return _Fatal()  # type: ignore[return-value]
    return order


class _Fatal:
    """An answer whose pickling kills the process."""

    def __reduce__(self) -> str:
        os.kill(os.getpid(), signal.SIGKILL)
        return "never"


def loaded_modules(item: int) -> list[str]:
    return sorted(sys.modules)


def threads(item: int) -> dict[str, str | None]:
    return {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}


def allocate_mb(item: int) -> int:
    return int(np.ones(item * 2**20, dtype=np.uint8)[-1])


def pid(item: int) -> int:
    return os.getpid()


def pid_then_hang(item: int) -> int:
    if item:
        time.sleep(600)
    return os.getpid()


def leave_mark(item: int, folder: Path) -> int:
    (folder / str(item)).touch()
    return item


def large(item: int) -> np.ndarray:
    return np.full(1_000_000, item, dtype=np.uint8)
