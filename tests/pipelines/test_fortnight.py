"""Nights of retraining by benchmarks/fortnight.py: all of them in small, and those that decide as is."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from project_runs import REPOSITORY

from auricle.runs.exit_codes import ExitCode

pytestmark = pytest.mark.long


def live(folder: Path, *arguments: str) -> tuple[list[dict[str, Any]], Path]:
    """The nights of one seed, and the folder that they have left."""
    command = [sys.executable, "benchmarks/fortnight.py", "--seeds=1", *arguments]
    kept, told = folder / "kept", folder / "nights.json"
    result = subprocess.run(
        [*command, f"--keep={kept}", f"--json={told}"],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY / "src"), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads(told.read_text())["1"], kept / "seed-1/project/data/fortnight"


def test_a_fortnight_with_all_that_can_go_wrong_is_lived_through_and_told(tmp_path: Path) -> None:
    nights, run_root = live(tmp_path, "--small")
    assert [night["day"] for night in nights] == list(range(1, 15))
    assert all(night["right"] for night in nights)
    codes = {night["day"]: night["code"] for night in nights}
    assert codes[1] == ExitCode.PROMOTED
    assert {codes[day] for day in (3, 4, 7, 13)} == {ExitCode.NOTHING_NEW}
    page = (run_root / "08_reporting/genre/random_forest/history.html").read_text(encoding="utf-8")
    assert "run killed" in page
    assert "rolled back" in page
    assert "it hums" in page
    summaries = [
        json.loads(file.read_text()) for file in run_root.glob("08_reporting/retraining/runs/*.json")
    ]
    assert sorted({summary["status"] for summary in summaries}) == ["killed", "succeeded"]


def test_mislabelled_recordings_lose_and_better_ones_win(tmp_path: Path) -> None:
    nights, _ = live(tmp_path, "--full=0")
    assert [night["code"] for night in nights] == [ExitCode.PROMOTED, ExitCode.KEPT, ExitCode.PROMOTED]
    assert nights[1]["challenger"] < nights[2]["challenger"]
