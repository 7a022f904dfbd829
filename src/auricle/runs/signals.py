"""Signals that ask a run to end."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from auricle.errors import StopSignal


class Asked:
    """Whether a signal has asked for the end, whatever was made of it since."""

    number: int | None = None

    def end_if_asked(self) -> None:
        """End the run where it went on after a signal.

        Python drops what is raised in `__del__`, in callbacks of weak references and of the garbage
        collector, and a signal may come just then.

        Raises:
            StopSignal: the end was asked for.
        """
        if self.number is not None:
            raise StopSignal(self.number)


@contextmanager
def ended_by(*numbers: int) -> Iterator[Asked]:
    """Let signals end what runs by a `StopSignal`; while one is heeded, another changes nothing.

    Where this is not the main thread, which alone may say so, they do what they did.
    """
    asked = Asked()

    def end(number: int, _: FrameType | None) -> None:
        asked.number = number
        if not _is_heeded():
            raise StopSignal(number)

    is_main = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, end) for number in numbers} if is_main else {}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_heeded() -> bool:
    """Whether what is handled now, as in `except`, `finally` and `__exit__`, began with a `StopSignal`."""
    error = sys.exception()
    while error is not None and not isinstance(error, StopSignal):
        error = error.__cause__ or error.__context__
    return error is not None
