"""What the report shows of each model against the baseline, and where nothing is shown."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from auricle.evaluation.learned import nothing_learned
from auricle.evaluation.verdict import FIGURE_NAMES, model_name

if TYPE_CHECKING:
    from auricle.evaluation.report import ModelSection

Json = dict[str, Any]


def learned_view(comparison: Json) -> Json:
    """The table of differences from the baseline.

    Returns:
        `figures` (their names), `rows` (per model `model`, `cells` and `p_value`), `tested` (whether there
        are p-values), `permutations` and `warnings` (of each model that is shown to have learned nothing).
    """
    told = {model: comparison["learned"][model] for model in comparison["ranking"]}
    figures = dict.fromkeys(name for entry in told.values() for name in entry["figures"])
    return {
        "figures": [FIGURE_NAMES[name] for name in figures],
        "rows": [
            {"model": model, "cells": list(entry["figures"].values()), "p_value": entry["p_value"]}
            for model, entry in told.items()
        ],
        "tested": any(entry["p_value"] is not None for entry in told.values()),
        "permutations": comparison["permutations"],
        "warnings": [
            f"{model_name(model)}: {text}" for model, entry in told.items() for text in nothing_learned(entry)
        ],
    }


def said_of_learning(sections: "Iterable[ModelSection]") -> list[str]:
    """The warnings of models that stand beside that table, and need not be said again."""
    return [text for section in sections for text in nothing_learned(section.metrics.get("learned"))]
