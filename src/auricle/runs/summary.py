"""The summary of a run: a JSON file that is there from its first second, and says how it ended."""

import json
import logging
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from auricle.models.whole_file import write_whole
from auricle.runs.exit_codes import ExitCode

logger = logging.getLogger(__name__)

Status = Literal["running", "succeeded", "failed", "stopped", "killed", "locked"]


class RunSummary(BaseModel):
    """What a run was, and what came of it."""

    model_config = ConfigDict(extra="forbid")

    run: str
    """The session, by which versions of what it made are called."""
    status: Status = "running"
    outcome: str | None = None
    """Of a retraining that has run to its end: `promoted`, `kept`, `waiting` or `nothing new`."""
    exit_code: int | None = None
    models: dict[str, str] = {}
    """What was decided of each model."""
    gates: dict[str, dict[str, Any]] = {}
    """What each gate has said, by catalog entry."""
    pipelines: list[str] = []
    env: str | None = None
    started_at: str
    """UTC, in ISO 8601; so is `ended_at`."""
    ended_at: str | None = None
    seconds: float | None = None
    nodes: dict[str, float] = {}
    """The seconds that each node took, saving included, in their order."""
    error: dict[str, str] | None = None
    """`type`, `message`, and `node`: the last that began."""
    git_revision: str | None = None
    asked_by: str | None = None
    pid: int
    is_retraining: bool = False
    """Whether it held the lock of its run_root."""
    decides: bool = False
    """Whether its pipeline has nodes that decide about models; one that is narrowed to others, such as those
    of `drift`, comes to no end for any model."""

    def end(self, status: Status, exit_code: int | None, seconds: float) -> None:
        """Note that the run has ended."""
        self.status, self.exit_code, self.seconds = status, exit_code, round(seconds, 1)
        self.ended_at = now()

    @property
    def text(self) -> str:
        """One line for people."""
        what = ", ".join(self.pipelines) + (f" of {self.env}" if self.env else "")
        ended = self.outcome or self.status
        models = f" ({', '.join(f'{name}: {outcome}' for name, outcome in self.models.items())})"
        why = f": {self.error['message']}" if self.error else ""
        reasons = [told["reason"] for told in self.gates.values() if told.get("reason")]
        gates = f" ({'; '.join(map(str, reasons))})" if reasons and not self.models and not why else ""
        return f"Auricle, {what}: {ended}{models if self.models else gates}{why}"


def now() -> str:
    """UTC, in ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def new_summary(run: str, **told: Any) -> RunSummary:
    """The summary of a run that begins."""
    return RunSummary(run=run, started_at=now(), pid=os.getpid(), **told)


def write_summary(folder: Path, summary: RunSummary) -> None:
    """Write or replace the summary of a run. A full disk is logged: the run is not to fail for this."""
    _write(folder / f"{summary.run}.json", summary.model_dump(mode="json"))


def mark_killed(folder: Path) -> list[str]:
    """Say of retrainings that were left running that they were killed; whoever holds the lock knows.

    Returns:
        Their sessions.
    """
    killed = []
    for file in sorted(folder.glob("*.json")):
        told = _read(file)
        if told.get("status") == "running" and told.get("is_retraining"):
            _write(file, {**told, "status": "killed"})
            killed.append(file.stem)
    return killed


def _write(file: Path, told: Mapping[str, Any]) -> None:
    try:
        write_whole(file, (json.dumps(told, indent=2) + "\n").encode())
    except OSError as error:
        logger.warning("%s cannot be written: %s", file, error)


def _read(file: Path) -> Mapping[str, Any]:
    try:
        told: Any = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def error_of(error: BaseException, node: str | None) -> dict[str, str]:
    """An error as a summary has it."""
    told = {"type": type(error).__name__, "message": str(error).strip()[:2000]}
    return told | ({"node": node} if node else {})


def exit_code_of(status: Status) -> ExitCode:
    """Of a run that did not come to its end."""
    return {"stopped": ExitCode.STOPPED, "locked": ExitCode.LOCKED}.get(status, ExitCode.FAILED)
