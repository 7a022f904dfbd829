"""`kedro run` itself, killed while it trains: the same command goes on, and computes nothing twice."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMAND = ["run", "--env=ci", "--pipelines=train_cnn", "--params=genre.cnn.train.epochs=400"]
DEADLINE_S = 180


def start(project: Path, log: Path, *more: str) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "kedro", *COMMAND, *more],
            cwd=project,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def wait_for(text: str, log: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while text not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


def is_there(group: int) -> bool:
    """Whether any process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.long
def test_the_same_command_goes_on(ready: Path, tmp_path: Path) -> None:
    logs = [tmp_path / f"{number}.log" for number in range(2)]
    for log, event in zip(logs, ("epoch 3 of 400", "epoch 12 of 400"), strict=True):
        process = start(ready, log)
        try:
            wait_for(event, log, process)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    again = logs[1].read_text()
    assert "goes on from checkpoint-" in again
    epochs = [int(number) for number in re.findall(r"epoch (\d+) of 400", again)]
    # Killed in the fourth epoch at the earliest, it has the third behind it, or was saving it just then.
    assert epochs[0] >= 3
    assert epochs == list(range(epochs[0], epochs[-1] + 1))
    assert "0 spectrograms to compute" in again


@pytest.mark.long
def test_sigterm_ends_all_processes_of_a_training_and_says_how_to_go_on(ready: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    two = "--params=genre.cnn.train.epochs=400,genre.cnn.train.processes=2,genre.cnn.train.device=cpu"
    process = start(ready, log, two)
    try:
        wait_for("epoch 3 of 400", log, process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 143, log.read_text()
        said = log.read_text()
        assert "SIGTERM has ended the run" in said
        assert '--from-nodes "genre.cnn.fit"' in said
        deadline = time.monotonic() + DEADLINE_S
        while is_there(process.pid):  # the last to go is the tracker of multiprocessing
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
