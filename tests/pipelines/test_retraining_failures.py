"""A retraining that meets a full disk, or is killed, leaves the champion as it was; the next one goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from project_runs import make_project

import auricle

MODEL = "data/ci/06_models/genre/random_forest"
PARAMS = {
    "retrain.models": "[genre.random_forest]",
    "triggers.min_new_recordings": 1,
    "genre.demo.enabled": False,
    "genre.ingest.layout": "folder_per_class",
    "genre.ingest.group_by": "recording",
    "genre.ingest.near_duplicates.enabled": False,
    "genre.ingest.workers": 1,
    "genre.descriptors.tempo": False,
    "genre.random_forest.train.n_estimators": 20,
}
COMMAND = [
    *(sys.executable, "-m", "kedro", "run", "--env=ci", "--config=conf/jobs/retrain.yml"),
    "--params=" + ",".join(f"{name}={value}" for name, value in PARAMS.items()),
]
DEADLINE_S = 300
# Whoever writes more than 100 kB to a file has an error then, as on a full disk; summaries are smaller.
FULL = ("sh", "-c", "trap '' XFSZ; ulimit -f 200; exec \"$@\"", "sh")


def record(project: Path, *numbers: int) -> None:
    """Half a second of noise each, of one of two labels."""
    for number in numbers:
        file = project / "data/ci/01_raw/demo_genre" / ("hiss", "rumble")[number % 2] / f"{number}.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(file, np.random.default_rng(number).normal(0, 0.1, 11_025), 22_050)


def start(project: Path, *before: str) -> subprocess.Popen[str]:
    """The nightly job, its log in a file; `before` is a command that starts it."""
    with (project / "log").open("w") as log:
        return subprocess.Popen(
            [*before, *COMMAND],
            cwd=project,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
            env=os.environ | {"PYTHONPATH": str(Path(auricle.__file__).parents[1]), "DO_NOT_TRACK": "1"},
        )


def champion(project: Path) -> dict[str, Any]:
    return json.loads((project / MODEL / "champion.json").read_text())


@pytest.mark.long
def test_the_champion_stays_and_the_next_run_goes_on(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    record(project, *range(10))
    assert start(project).wait(DEADLINE_S) == 0, (project / "log").read_text()
    before = champion(project)

    record(project, 10, 11)
    assert start(project, *FULL).wait(DEADLINE_S) == 1, (project / "log").read_text()
    assert "File too large" in (project / "log").read_text()
    assert champion(project) == before

    process = start(project)
    deadline = time.monotonic() + DEADLINE_S
    while "Running node: fit" not in (project / "log").read_text():
        assert process.poll() is None and time.monotonic() < deadline, (project / "log").read_text()
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert champion(project) == before

    code = start(project).wait(DEADLINE_S)
    assert code in (0, 10), (project / "log").read_text()
    history = champion(project)["history"]
    assert len(history) == (1 if code == 0 else 0)
    runs = sorted((project / "data/ci/08_reporting/retraining/runs").glob("*.json"))
    told = [json.loads(file.read_text()) for file in runs]
    assert [summary["status"] for summary in told] == ["succeeded", "failed", "killed", "succeeded"]
    assert [summary["exit_code"] for summary in told] == [0, 1, None, code]
