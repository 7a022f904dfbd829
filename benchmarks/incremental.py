"""What runs after which change: the forest of the demo corpus, by the incremental runner.

Makes a copy of the project, changes one thing after another, runs the same pipeline after each, and prints
the table of docs/retraining.md. At the end it times the command in which nothing has changed, by itself.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from auricle.runner import IncrementalRunner, modules
from project_copy import REPOSITORY, copy_of_project

RUNNER = f"{IncrementalRunner.__module__}.{IncrementalRunner.__name__}"
SMALL = {
    "demo": {
        "genres": ["blues", "metal"],
        "clips_per_genre": 5,
        "artists_per_genre": 5,
        "broken_files": False,
    },
    "descriptors": {"tempo": False},
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = copy_of_project(Path(folder, "project"), source=True)
        # What is edited is the copy; the runner reads source and imports nothing.
        modules.SOURCE = project / "src/auricle"
        bootstrap_project(project)
        print("| change | seconds | nodes that ran |\n|---|---|---|", flush=True)
        parameters: dict[str, Any] = {}
        for told, change in CHANGES:
            parameters |= change(project) or {}
            started = time.monotonic()
            ran = run(project, parameters)
            print(f"| {told} | {time.monotonic() - started:.1f} | {said(ran)} |", flush=True)
    print(f"\nThe command, where nothing has changed: {seconds_of_nothing():.1f} s", flush=True)


def run(project: Path, parameters: dict[str, Any]) -> dict[str, str]:
    """The nodes that ran, in their order, and why."""
    runner = IncrementalRunner()
    with KedroSession.create(project, env="ci", runtime_params={"genre": SMALL | parameters}) as session:
        session.run(
            pipeline_names=["train_rf"],
            runner=runner,
            to_outputs=["genre.comparison", "genre.random_forest.metrics"],
        )
    return runner.ran


def seconds_of_nothing() -> float:
    """What `kedro run` takes after the same command, the start of Python included."""
    with tempfile.TemporaryDirectory() as folder:
        project = copy_of_project(Path(folder, "project"), source=True)
        return [_seconds_of_run(project) for _ in range(2)][-1]


def _seconds_of_run(project: Path) -> float:
    command = [sys.executable, "-m", "kedro", "run", "--env=ci", f"--runner={RUNNER}"]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY / "src"), "DO_NOT_TRACK": "1"}
    started = time.monotonic()
    subprocess.run(command, cwd=project, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


def said(ran: dict[str, str]) -> str:
    if not ran:
        return "none"
    names = [name.removeprefix("genre.") for name in ran]
    return f"{len(ran)}: " + ", ".join(f"`{name}`" for name in names)


Change = Callable[[Path], dict[str, Any] | None]


def nothing(_: Path) -> None:
    """Leave everything as it is."""


def edited(file: str, old: str, new: str) -> Change:
    def change(project: Path) -> None:
        path = project / "src/auricle" / file
        text = path.read_text(encoding="utf-8")
        assert old in text, (file, old)
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def parameter(_: Path) -> dict[str, Any]:
    return {"random_forest": {"train": {"n_estimators": 31}}}


def new_file(project: Path) -> None:
    folder = project / "data/ci/01_raw/demo_genre/audio"
    shutil.copy(min(folder.glob("*.flac")), folder / "once_more.flac")


def gone(output: str) -> Change:
    return lambda project: (project / "data/ci" / output).unlink()


def touched(project: Path) -> None:
    min((project / "data/ci/01_raw/demo_genre/audio").glob("*.flac")).touch()


CHANGES: list[tuple[str, Change]] = [
    ("the first run", nothing),
    ("nothing", nothing),
    ("a docstring", edited("training/forest.py", '"""', '"""Now: ')),
    (
        "a function that nothing calls",
        edited("evaluation/calibration.py", "def ", "def unused() -> None: ...\n\n\ndef "),
    ),
    (
        "a helper of the forest's predictions",
        edited("inference/scoring.py", "def score_features(", "def score_features(*_: None, "),
    ),
    ("a parameter of the forest", parameter),
    ("the time of a recording", touched),
    ("a recording more", new_file),
    ("the comparison deleted", gone("08_reporting/genre/comparison.json")),
    ("the manifest deleted", gone("02_intermediate/genre/manifest.parquet")),
]


if __name__ == "__main__":
    main()
