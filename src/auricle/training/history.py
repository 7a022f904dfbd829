"""The story of a training, one entry per epoch, from the Trainer's log."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

# What validation may give besides the loss, and what the log calls it.
FIGURES = {"accuracy": "accuracy", "mean_average_precision": "mAP", "macro_f1": "macro F1", "mae": "MAE"}
# What trackers call the entries of a history.
SCALARS = {
    "loss": "train/loss",
    "eval_loss": "validation/loss",
    **{name: f"validation/{name}" for name in FIGURES},
    "learning_rate": "learning_rate",
    "seconds": "seconds",
}


def scalars(entry: Mapping[str, float]) -> dict[str, float]:
    """What trackers are told of an epoch of `epoch_history`, by the names that they know it by."""
    return {title: entry[name] for name, title in SCALARS.items() if name in entry}


def epoch_history(log: Iterable[dict[str, Any]]) -> list[dict[str, float]]:
    """Condense a Trainer's ``log_history`` to one entry per finished epoch.

    Each has ``epoch``, ``loss`` (mean over the epoch's steps, weighted by the steps of each logged part),
    ``eval_loss``, those of `FIGURES` that validation gave, ``learning_rate`` and ``seconds``.
    """
    history: list[dict[str, float]] = []
    loss = seconds = 0.0
    first_step = last_step = 0
    for entry in log:
        seconds += entry.get("seconds", 0.0)
        if "loss" in entry:
            loss += entry["loss"] * (entry["step"] - last_step)
            last_step, rate = entry["step"], entry["learning_rate"]
        if "eval_loss" in entry:
            history.append(
                {
                    "epoch": math.ceil(entry["epoch"]),
                    "loss": loss / (last_step - first_step),
                    "eval_loss": entry["eval_loss"],
                    **{name: entry[f"eval_{name}"] for name in FIGURES if f"eval_{name}" in entry},
                    "learning_rate": rate,
                    "seconds": round(seconds, 3),
                }
            )
            loss, seconds, first_step = 0.0, 0.0, last_step
    return history
