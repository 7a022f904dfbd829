"""The decisions on challengers, and the summaries of runs, as they were kept: one file each."""

import json
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from auricle.models.champion import Move
from auricle.retraining.history import WAITING

Json = dict[str, Any]
OF_DECISION = {"outcome", "challenger", "decided_at"}
OF_RUN = {"status", "started_at", "is_retraining"}

logger = logging.getLogger(__name__)


def decision_files(path: Path) -> list[Path]:
    """The files of all decisions of a model, the oldest first.

    Args:
        path: as the catalog has it; Kedro makes a folder of that name, and one in it for each version.
    """
    return sorted(file for file in path.glob(f"*/{path.name}") if file.is_file())


def read_decisions(path: Path) -> list[Json]:
    """All decisions on a model, the oldest first; one that cannot be read is left out, with a warning."""
    found = _read(decision_files(path), OF_DECISION)
    return sorted(found, key=lambda decision: str(decision["decided_at"]))


def still_needed(decisions: Sequence[Json], moves: Sequence[Move]) -> set[str]:
    """Challengers that are not to be removed.

    That is the one that was decided on last, whose recordings are nothing new any more, and those that have
    waited for a person since the champion was moved.

    Args:
        decisions: all, the oldest first.
        moves: of the champion, the oldest first.
    """
    since = moves[-1].moved_at if moves else ""
    waiting = [told for told in decisions if told["outcome"] == WAITING and str(told["decided_at"]) >= since]
    return {str(told["challenger"]["version"]) for told in (*waiting, *decisions[-1:])}


def read_runs(folder: Path) -> list[Json]:
    """The summaries of retrainings in a folder, see `auricle.runs.summary.RunSummary`, the oldest first."""
    found = _read(sorted(folder.glob("*.json")), OF_RUN)
    return sorted((run for run in found if run["is_retraining"]), key=lambda run: str(run["started_at"]))


def _read(files: Iterable[Path], needed: set[str]) -> list[Json]:
    found = []
    for file in files:
        try:
            told: Any = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            logger.warning("%s is left out: it cannot be read (%s)", file, error)
            continue
        if isinstance(told, dict) and told.keys() >= needed:
            found.append(told)
        else:
            logger.warning("%s is left out: it lacks %s", file, ", ".join(sorted(needed)))
    return found
