"""Progress of a long loop: a bar on a terminal, sparse log lines everywhere else."""

import logging
import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")

# A log is read afterwards: ten lines tell the story of a run, and a fast loop must not flood it.
LOG_SHARE = 0.1
LOG_INTERVAL_S = 3.0

logger = logging.getLogger(__name__)


def track(
    iterable: Iterable[T], *, total: int | None = None, description: str, unit: str = "file"
) -> Iterator[T]:
    """Yield the items of a loop while showing how far it has come.

    Args:
        iterable: What to loop over; read lazily.
        total: Number of items, where it is known and `iterable` has no length.
        description: What the loop does, such as "decode recordings".
        unit: What one item is.

    Yields:
        The items, unchanged.
    """
    if total is None and isinstance(iterable, Sized):
        total = len(iterable)
    if sys.stderr.isatty():
        yield from tqdm(iterable, total=total, desc=description, unit=unit)
    else:
        yield from _logged(iterable, total, description, unit)


def _logged(iterable: Iterable[T], total: int | None, description: str, unit: str) -> Iterator[T]:
    start = said_at = time.monotonic()
    said = count = 0
    for count, item in enumerate(iterable, start=1):
        yield item
        now = time.monotonic()
        due = total is None or count - said >= LOG_SHARE * total
        if due and now - said_at >= LOG_INTERVAL_S and count != total:
            logger.info(_line(description, count, total, unit, now - start))
            said, said_at = count, now
    if count:
        logger.info(_line(description, count, count, unit, time.monotonic() - start))


def _line(description: str, count: int, total: int | None, unit: str, seconds: float) -> str:
    rate = count / max(seconds, 1e-9)
    if total is None:
        return f"{description}: {count:,} {unit}s, {rate:,.1f} {unit}s/s"
    left = (total - count) / rate
    ending = f"{left:,.0f} s left" if left else f"done in {seconds:,.1f} s"
    share = f"{count:,} of {total:,} {unit}s ({count / total:.0%})"
    return f"{description}: {share}, {rate:,.1f} {unit}s/s, {ending}"
