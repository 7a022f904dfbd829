"""The majority baseline: the score of a model that has heard nothing and knows how common each class is."""

from typing import Any

import numpy as np
import pandas as pd

from auricle.evaluation.metrics import GroupFigures
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.scored import FloatArray, Scored

MAJORITY = "majority"


def majority_rows(evaluated: Scored, training: pd.DataFrame) -> Scored:
    """The evaluated rows, predicted by the class priors of the training recordings alone.

    Out of fold, the priors of a fold are those of the other folds: the baseline learns from no more than a
    model does.

    Args:
        evaluated: The rows that the models are judged on.
        training: `label` and `fold` of the training recordings, see `scored.training_labels`.
    """
    probabilities = np.empty_like(evaluated.probabilities)
    if evaluated.split != "out_of_fold":
        probabilities[:] = _priors(training["label"], evaluated.vocabulary)
        return evaluated.with_probabilities(probabilities)
    for fold in np.unique(evaluated.folds):
        others = training.loc[training["fold"] != fold, "label"]
        probabilities[evaluated.folds == fold] = _priors(others, evaluated.vocabulary)
    return evaluated.with_probabilities(probabilities)


def majority_label(evaluated: Scored, training: pd.DataFrame) -> str:
    """The most frequent class of the training recordings; the first in vocabulary order among equals."""
    return evaluated.vocabulary[int(_priors(training["label"], evaluated.vocabulary).argmax())]


def majority_figures(baseline: Scored, params: EvaluateParams) -> dict[str, Any]:
    """Figures of the baseline, by name."""
    figures = GroupFigures(baseline, top_k=params.top_k, bins=params.calibration_bins)()
    values = {name: float(value[0]) for name, value in figures.items() if value.ndim == 1}
    # Priors rank no recording above another. Those of different folds differ a little, against the truth, and
    # would make an AUC below chance of it.
    values["roc_auc"] = 0.5
    values["mcc"] = 0.0
    return values


def _priors(labels: "pd.Series[str]", vocabulary: tuple[str, ...]) -> FloatArray:
    counts = labels.value_counts().reindex(list(vocabulary), fill_value=0).to_numpy(np.float64)
    return counts / counts.sum() if counts.sum() else np.full(len(vocabulary), 1 / len(vocabulary))
