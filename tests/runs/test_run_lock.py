"""The lock of retrainings: one owner, who need not be alive to give it back."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from auricle.errors import LockedError
from auricle.runs.run_lock import RunLock


def test_a_second_owner_is_refused_until_the_first_gives_it_back(tmp_path: Path) -> None:
    first, second = RunLock(), RunLock()
    first.take(tmp_path / "data/.lock", "nightly")
    with pytest.raises(LockedError, match=f"process {os.getpid()}, since 20"):
        second.take(tmp_path / "data/.lock", "by hand")
    first.give_back()
    second.take(tmp_path / "data/.lock", "by hand")
    assert json.loads((tmp_path / "data/.lock").read_text())["run"] == "by hand"


def test_what_a_dead_owner_has_written_locks_nobody_out(tmp_path: Path) -> None:
    (tmp_path / ".lock").write_text('{"pid": 1, "since": "2026-01-01T00:00:00+00:00", "run": "nightly"}')
    RunLock().take(tmp_path / ".lock", "the next")


def test_a_worker_that_outlives_a_dead_owner_does_not_keep_it(tmp_path: Path) -> None:
    receive, send = os.pipe()
    owner = os.fork()
    if owner == 0:
        RunLock().take(tmp_path / ".lock", "nightly")
        worker = os.fork()
        if worker == 0:
            os.write(send, str(os.getpid()).encode())
            time.sleep(60)
        os._exit(0)
    os.waitpid(owner, 0)
    worker = int(os.read(receive, 100))
    try:
        RunLock().take(tmp_path / ".lock", "the next")
    finally:
        os.kill(worker, signal.SIGKILL)
