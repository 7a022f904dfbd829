"""Run a function over many untrusted files in child processes, so that a bad file costs only itself.

Why not a process pool: a pool's workers share one pipe and its lock, and a worker that is killed while it
writes breaks or hangs the pool (seen with pebble 5.2.3 under SIGKILL at random moments). And multiprocessing
either forks a parent whose threads torch has started, or imports the parent's `__main__`, which is the
whole of Kedro, once per child. Here each child is a fresh interpreter with a pipe of its own. It answers
item by item, so that the first unanswered item is the one that killed it, and has the next item at hand
while its answer is on the way.

This keeps a crash, a bomb or a hang apart from the run; it is not a sandbox against code execution.
"""

import logging
import os
import pickle
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import Pipe
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, TypeVar

from auricle.audio.limits import AudioLimits
from auricle.errors import AudioError
from auricle.progress import track

T = TypeVar("T")
R = TypeVar("R")

STARTUP_TIMEOUT_S = 120.0
# The operating system takes no wait of any length.
MAX_WAIT_S = 3600.0
# One item in work and one at hand keep a child busy.
ITEMS_PER_CHILD = 2
# Finished results that may wait for an earlier, slow one, for each child.
WINDOW_PER_CHILD = 4
# An item lies in the pipe until the child takes it: it must fit into the socket's buffer.
MAX_ITEM_BYTES = 32 * 1024

logger = logging.getLogger(__name__)


class IsolationError(AudioError):
    """One attempt that failed: the child died, ran out of time or memory, or met an unforeseen error.

    Unlike its base it may say more about the machine or the code than about the file, so it should not be
    remembered.
    """


def map_isolated(
    function: Callable[[T], R],
    items: Sequence[T],
    *,
    workers: int | None = None,
    limits: AudioLimits,
    description: str,
) -> Iterator[tuple[T, R | AudioError]]:
    """Apply a function to each item in child processes with limits on time and memory.

    Args:
        function: A function of an importable module, or a `functools.partial` of one (of a script too, if
            the script can be imported, as with `if __name__ == "__main__"`). It runs in a fresh interpreter
            that has loaded nothing but what unpickling the function needs, and on one thread.
        items: What to apply it to: small picklable things such as paths.
        workers: Number of child processes; None for one per core that this process may use.
        limits: `timeout_s` for each item, `max_memory_mb` for each child beyond what it maps at its start
            (on Linux; elsewhere memory is not limited).
        description: What is being done, for the progress bar.

    Yields:
        Each item with its result, in the order of `items`. An `AudioError` that the function raised, a killed
        or overlong child, or an unforeseen error is the result of its item only.

    Raises:
        ValueError: `workers` is below 1, or an item is too large.
        RuntimeError: The children cannot be started.
    """
    count = workers if workers is not None else _usable_cores()
    if count < 1:
        raise ValueError(f"workers is {count}; it must be at least 1, or None for all cores")
    payload = pickle.dumps((_path_of_main(function), limits, pickle.dumps(function)))
    results = _Pool(payload, items, limits, min(count, len(items))).results()
    return track(results, total=len(items), description=description)


class _Child:
    """One child process, its pipe, and the items that it was given and has not answered."""

    def __init__(self, payload: bytes) -> None:
        self.pipe, theirs = Pipe()
        # A fresh interpreter is started without forking the parent's threads or running its __main__.
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", "-m", "auricle.audio.isolated", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=_environment(),
        )
        theirs.close()
        self.items: deque[int] = deque()
        self.deadline = time.monotonic() + STARTUP_TIMEOUT_S
        self.is_ready = False
        self._send(payload)

    def give(self, index: int, item: Any, timeout_s: float) -> None:
        data = pickle.dumps(item)
        if len(data) > MAX_ITEM_BYTES:
            raise ValueError(
                f"item {index} takes {len(data):,} bytes, the limit is {MAX_ITEM_BYTES:,}: "
                "pass the name of what is to be read, not its contents"
            )
        if self.is_ready and not self.items:
            self.deadline = time.monotonic() + timeout_s
        self.items.append(index)
        self._send(data)

    def _send(self, data: bytes) -> None:
        try:
            self.pipe.send_bytes(data)
        except (BrokenPipeError, ConnectionResetError):
            # It died: reading from the pipe will say so, after any answers that are still in it.
            logger.debug("child process %d is gone", self.process.pid)

    def is_busy(self) -> bool:
        return bool(self.items) or not self.is_ready

    def stop(self) -> int:
        self.process.kill()
        self.pipe.close()
        return self.process.wait()


class _Pool:
    """Hands items to children, gathers their answers in order, and replaces children that died."""

    def __init__(self, payload: bytes, items: Sequence[Any], limits: AudioLimits, workers: int) -> None:
        self.payload = payload
        self.items = items
        self.limits = limits
        self.workers = workers
        self.waiting = deque(range(len(items)))
        self.finished: dict[int, Any] = {}
        self.children: list[_Child] = []
        self.traced: set[str] = set()

    def results(self) -> Iterator[tuple[Any, Any]]:
        try:
            for position, item in enumerate(self.items):
                while position not in self.finished:
                    self._hand_out(position + WINDOW_PER_CHILD * self.workers)
                    self._gather()
                yield item, self.finished.pop(position)
        finally:
            for child in self.children:
                child.stop()

    def _hand_out(self, end: int) -> None:
        while len(self.children) < min(self.workers, len(self.waiting)):
            self.children.append(_Child(self.payload))
        # Breadth first: no child gets a second item while another has none.
        for depth in range(ITEMS_PER_CHILD):
            for child in self.children:
                if len(child.items) == depth and self.waiting and self.waiting[0] < end:
                    index = self.waiting.popleft()
                    child.give(index, self.items[index], self.limits.timeout_s)

    def _gather(self) -> None:
        now = time.monotonic()
        deadlines = [child.deadline for child in self.children if child.is_busy()]
        patience = min(deadlines, default=now) - now
        ready = wait([child.pipe for child in self.children], timeout=min(max(patience, 0.0), MAX_WAIT_S))
        for child in list(self.children):
            if child.pipe in ready:
                self._receive(child)
            elif child.is_busy() and time.monotonic() > child.deadline:
                self._bury(child, self._overdue())

    def _receive(self, child: _Child) -> None:
        try:
            kind, value = child.pipe.recv()
        except (EOFError, OSError):
            self._bury(child, None)
            return
        child.deadline = time.monotonic() + self.limits.timeout_s
        if kind == "ready":
            child.is_ready = True
        elif kind == "cannot start":
            raise RuntimeError(f"a child process cannot start:\n{value}")
        else:
            self.finished[child.items.popleft()] = self._result(kind, value)

    def _result(self, kind: str, value: Any) -> Any:
        if kind == "memory":
            return IsolationError(f"needs more than max_memory_mb {self.limits.max_memory_mb:,}")
        if kind == "unforeseen":
            name, message, traceback = value
            if name not in self.traced:
                self.traced.add(name)
                logger.error("Unforeseen %s in a child process:\n%s", name, traceback)
            return IsolationError(f"unforeseen {name}: {message}")
        return value

    def _overdue(self) -> str:
        return f"took longer than timeout_s {self.limits.timeout_s:g} to read"

    def _bury(self, child: _Child, reason: str | None) -> None:
        """Blame the item that the child was at, give the next one back, and let a new child be started."""
        self.children.remove(child)
        code = child.process.poll() if reason else child.process.wait()
        child.stop()
        if not child.is_ready:
            late = f"was not ready within {STARTUP_TIMEOUT_S:g} s"
            early = f"ended before it was ready (exit code {code})"
            raise RuntimeError(f"a child process {late if reason else early}")
        if child.items:
            if code == -signal.SIGALRM:  # the child's own alarm was faster
                reason = self._overdue()
            self.finished[child.items.popleft()] = IsolationError(reason or _cause_of_death(code))
            self.waiting.extendleft(reversed(child.items))


def _cause_of_death(code: int | None) -> str:
    if code is None or code >= 0:
        return f"the child process that read it ended with exit code {code}"
    name = signal.Signals(-code).name
    hint = ", most likely because memory ran out" if name == "SIGKILL" else ""
    return f"the child process that read it was killed by {name}{hint}"


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _environment() -> dict[str, str]:
    """The parent's, with its import path, and one thread per child: the parallelism is in the children."""
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    # glibc would otherwise give a recording's memory back after each file, and page it in again for the next.
    kept = dict.fromkeys(("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"), str(512 * 2**20))
    return {**os.environ, **dict.fromkeys(threads, "1"), **kept, "PYTHONPATH": path}


def _path_of_main(function: Callable[..., Any]) -> str | None:
    """The script to import in the child, only where the function was defined in it."""
    defined_in = getattr(getattr(function, "func", function), "__module__", None)
    return getattr(sys.modules["__main__"], "__file__", None) if defined_in == "__main__" else None
