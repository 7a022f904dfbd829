"""The figures of a model, as they lie beside its bundle."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

METRICS = "metrics.json"
COLUMNS = ("value", "low", "high", "baseline", "p_value")


def read_metrics(folder: Path) -> dict[str, Any] | None:
    """What `metrics.json` in a bundle's folder says; None where there is none."""
    file = folder / METRICS
    if not file.is_file():
        return None
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def figures_of(metrics: dict[str, Any]) -> pd.DataFrame:
    """The figures over all classes: one row for each `split` and `figure`, float columns `COLUMNS`.

    `low` and `high` are the interval, `baseline` what always saying the most frequent class has (of several
    labels, taking each for as probable as it is common); NaN is what is not defined, or not claimed.
    """
    judged = [metrics, *([metrics["validation"]] if metrics.get("validation") else [])]
    rows = {
        (of_split["split"], name): {
            key: entry.get("majority" if key == "baseline" else key) for key in COLUMNS
        }
        for of_split in judged
        for name, entry in of_split["figures"].items()
    }
    index = pd.MultiIndex.from_tuples(rows, names=("split", "figure"))
    return pd.DataFrame(list(rows.values()), index=index, columns=list(COLUMNS), dtype="float64")
