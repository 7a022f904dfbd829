"""The node that tells the history of a model. Heavy imports stand inside the function."""

from pathlib import Path
from typing import Any


def draw_history(
    decisions: list[dict[str, Any]],
    moves: list[dict[str, Any]],
    runs: Path,
    source: dict[str, Any],
    name: str,
    **after: Any,
) -> str:
    """The page of a model's history; `after` is what has to have been done before."""
    from auricle.retraining.decisions import read_runs
    from auricle.retraining.history import tell_history
    from auricle.retraining.history_page import render_history

    return render_history(tell_history(name, decisions, moves, read_runs(runs)), name=name, source=source)
