"""The child's side of `auricle.audio.isolation`: set the limits, then answer one item after the other."""

import os
import pickle
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.spawn import import_main_path
from pathlib import Path
from typing import Any

from auricle.audio.limits import AudioLimits
from auricle.errors import AudioError

STATM = Path("/proc/self/statm")
ORPHAN_GRACE_S = 5.0


def main(handle: int) -> None:
    """Serve the parent at the other end of a pipe until it closes its end."""
    # Ctrl-C reaches the whole group of processes; the parent alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Connection(handle) as pipe:
        try:
            function, limits = _load(pipe.recv_bytes())
        except Exception:  # whatever importing a module can raise is told to the parent
            pipe.send(("cannot start", traceback.format_exc()))
            return
        limit_memory(limits.max_memory_mb)
        pipe.send(("ready", None))
        # Decoders write a line to stderr for each flaw; the reason goes to the parent instead.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
        serve(pipe, function, limits)


def _load(payload: bytes) -> tuple[Callable[[Any], Any], AudioLimits]:
    script, limits, function = pickle.loads(payload)  # noqa: S301  the parent's own bytes
    if script is not None:
        import_main_path(script)
    return pickle.loads(function), limits  # noqa: S301


def limit_memory(max_memory_mb: int) -> None:
    """Limit this process's address space to what it maps now and `max_memory_mb` more.

    Libraries map gigabytes that they never touch, so an absolute limit would either stop numpy from loading
    or allow anything. Without /proc (outside Linux) the limit is left out: it is not enforced there.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if STATM.exists():
        mapped = int(STATM.read_text().split()[0]) * resource.getpagesize()
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = mapped + max_memory_mb * 2**20
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, soft))


def serve(pipe: Connection, function: Callable[[Any], Any], limits: AudioLimits) -> None:
    """Answer items until the parent is gone."""
    while True:
        try:
            item = pickle.loads(pipe.recv_bytes())  # noqa: S301  the parent's own bytes
        except EOFError:
            return
        # The parent ends a child that hangs. Where the parent was killed, the alarm does, in C code too.
        signal.setitimer(signal.ITIMER_REAL, limits.timeout_s + ORPHAN_GRACE_S)
        answer = _answer(function, item)
        signal.setitimer(signal.ITIMER_REAL, 0)
        try:
            pipe.send_bytes(answer)
        except OSError:  # nobody listens any more
            return


def _answer(function: Callable[[Any], Any], item: Any) -> bytes:
    try:
        return pickle.dumps(("ok", function(item)), protocol=pickle.HIGHEST_PROTOCOL)
    except AudioError as error:
        return pickle.dumps(("refused", error))
    except MemoryError:
        return pickle.dumps(("memory", None))
    except Exception as error:  # a file must not end the run, whatever it provokes
        told = (type(error).__name__, str(error), traceback.format_exc())
        return pickle.dumps(("unforeseen", told))


if __name__ == "__main__":
    main(int(sys.argv[1]))
