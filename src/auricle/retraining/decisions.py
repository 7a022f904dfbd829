"""The decisions on challengers as they were kept, one file each."""

import json
import logging
from pathlib import Path
from typing import Any

Json = dict[str, Any]
NEEDED = {"outcome", "challenger", "decided_at"}

logger = logging.getLogger(__name__)


def decision_files(path: Path) -> list[Path]:
    """The files of all decisions of a model, the oldest first.

    Args:
        path: as the catalog has it; Kedro makes a folder of that name, and one in it for each version.
    """
    return sorted(file for file in path.glob(f"*/{path.name}") if file.is_file())


def read_decisions(path: Path) -> list[Json]:
    """All decisions on a model, the oldest first; one that cannot be read is left out, with a warning."""
    found = []
    for file in decision_files(path):
        try:
            told: Any = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            logger.warning("%s is left out: it cannot be read (%s)", file, error)
            continue
        if isinstance(told, dict) and told.keys() >= NEEDED:
            found.append(told)
        else:
            logger.warning("%s is left out: it is no decision", file)
    return sorted(found, key=lambda decision: str(decision["decided_at"]))
