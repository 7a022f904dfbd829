"""Figures of a part of the recordings, or of classes taken together, beside the majority's."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from auricle.evaluation.baseline import majority_rows
from auricle.evaluation.bootstrap import bootstrap, interval_of
from auricle.evaluation.claims import figure
from auricle.evaluation.kinds import Json
from auricle.evaluation.metrics import GroupFigures
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.permutation import permutation_test
from auricle.evaluation.scored import Scored

NAMES = ("accuracy", "balanced_accuracy", "macro_f1")


def beside_majority(
    rows: Scored, training: pd.DataFrame, params: EvaluateParams, *, claim: bool
) -> dict[str, Json]:
    """Accuracy, balanced accuracy and macro-F1, each with `value`, `low`, `high`, `majority` and `p_value`.

    Averages over classes go over those that occur in these rows. The p-value is how often labels that are
    permuted between groups give a figure as good, each by itself: of many levels or instruments some look
    good by chance.

    Args:
        rows: The judged rows.
        training: What the majority learns from, see `scored.training_labels`.
        params: See `EvaluateParams`.
        claim: Whether intervals and p-values are given.
    """
    table = GroupFigures(rows, with_auc=False)
    guessed = GroupFigures(majority_rows(rows, training), with_auc=False)()
    points, drawn = table(), {}
    p_values: Mapping[str, float] = {}
    if claim:
        p_values = permutation_test(rows, params).figures
        samples, size = params.bootstrap_samples, rows.probabilities.size
        drawn = bootstrap({0: table}, samples=samples, seed=params.seed, rows=size)[0]
    found = {}
    for name in NAMES:
        value = float(points[name][0])
        interval = interval_of(name, drawn[name], value, params) if claim else None
        majority = float(guessed[name][0])
        found[name] = figure(value, interval) | {
            "majority": None if np.isnan(majority) else majority,
            "p_value": p_values.get(name),
        }
    return found
