"""One training in several processes on this machine, launched as torchrun does."""

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auricle.errors import AuricleError

if TYPE_CHECKING:
    from auricle.training.trainer import TrainingJob

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
FORMAT, TIME = "%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S"


def rank() -> int:
    """Which of the processes of a training this is; 0 where there is one only."""
    return int(os.environ.get("RANK", "0"))


def in_processes(job: "TrainingJob", checkpoint: Path | None) -> None:
    """Train by ``job.params.processes`` processes, each on its share of every batch.

    They run the training alone: whatever prepared it, and whatever comes after, runs once, in the process
    that called. What they leave is the checkpoints in ``job.workdir``, written by the first of them.

    Raises:
        AuricleError: one of them failed; the others are stopped.
    """
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=job.params.processes,
        run_id=job.name,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=0,
        start_method="spawn",
    )
    try:
        with _signals_kept():
            elastic_launch(config, _process)(job, checkpoint, os.getpid())
    except SignalException as stopped:  # the processes are ended; whoever would have had the signal gets it
        signal.raise_signal(stopped.sigval)
        raise
    except ChildFailedError as error:
        failed, failure = error.get_first_failure()
        raise AuricleError(
            f"{job.name}: process {failed} of {job.params.processes} failed: {_first_line(failure.message)}"
        ) from error


def _process(job: "TrainingJob", checkpoint: Path | None, parent: int) -> None:
    from torch.distributed.elastic.multiprocessing.errors import record

    from auricle.training.trainer import train_from

    logging.basicConfig(format=FORMAT, datefmt=TIME, level=logging.WARNING if rank() else logging.INFO)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    record(train_from)(job, checkpoint)


def _end_with(parent: int) -> None:
    """Nobody would take what an orphan trains."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


@contextmanager
def _signals_kept() -> Iterator[None]:
    """The launcher takes signals for itself, and gives them back to nobody."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _first_line(message: Any) -> str:
    told = message.get("message", message) if isinstance(message, dict) else message
    return str(told).strip().partition("\n")[0]
