"""The nodes that put past trainings side by side. Heavy imports stand inside the functions."""

from typing import Any

import pandas as pd

from auricle.corpora.labels import LabelParams
from auricle.evaluation.params import EvaluateParams
from auricle.models.bundle import PastBundle


def compare(
    manifest: pd.DataFrame, evaluation: EvaluateParams, labels: LabelParams, **histories: list[PastBundle]
) -> dict[str, Any]:
    """Figures of every bundle that was ever trained, on the same recordings; histories are by model."""
    from auricle.evaluation.experiments import compare_experiments

    return compare_experiments(histories, manifest, evaluation, labels)


def report(experiments: dict[str, Any], source: dict[str, Any]) -> str:
    """The page: a table, a chart of each figure, and the differences."""
    from auricle.evaluation.experiments_page import render_experiments

    return render_experiments(experiments, source=source)
