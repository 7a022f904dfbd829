"""The baseline: the score of a model that has heard nothing and knows how common each class is."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.corpora.labels import LabelParams
from auricle.evaluation.label_rows import LabelRows, training_indicators
from auricle.evaluation.metrics import FigureTable
from auricle.evaluation.rows import OUT_OF_FOLD, FloatArray
from auricle.evaluation.scored import Scored
from auricle.models.thresholds import HALF, choose_thresholds


def majority_rows(evaluated: Scored, training: pd.DataFrame) -> Scored:
    """The evaluated rows, predicted by the class priors of the training recordings alone.

    Out of fold, the priors of a fold are those of the other folds: the baseline learns from no more than a
    model does.

    Args:
        evaluated: The rows that the models are judged on.
        training: `label` and `fold` of the training recordings, see `scored.training_labels`.
    """
    probabilities = np.empty_like(evaluated.probabilities)
    if evaluated.split != OUT_OF_FOLD:
        probabilities[:] = _priors(training["label"], evaluated.vocabulary)
        return evaluated.with_probabilities(probabilities)
    for fold in np.unique(evaluated.folds):
        others = training.loc[training["fold"] != fold, "label"]
        probabilities[evaluated.folds == fold] = _priors(others, evaluated.vocabulary)
    return evaluated.with_probabilities(probabilities)


def majority_label(evaluated: Scored, training: pd.DataFrame) -> str:
    """The most frequent class of the training recordings; the first in vocabulary order among equals."""
    return evaluated.vocabulary[int(_priors(training["label"], evaluated.vocabulary).argmax())]


class MajorityFigures:
    """The figures of the majority baseline, which ranks and correlates nothing.

    Priors rank no recording above another. Those of different folds differ a little, against the truth, and
    would make an AUC below chance of it, and a correlation below zero.

    Args:
        table: The figures as the folds would have them.
    """

    def __init__(self, table: FigureTable) -> None:
        self.n_groups = table.n_groups
        self._table = table

    def __call__(self, weights: npt.NDArray[np.float32] | None = None) -> dict[str, FloatArray]:
        """Figures for each column of weights; see `GroupFigures`."""
        figures = self._table(weights)
        return figures | {
            "roc_auc": np.full_like(figures["accuracy"], 0.5),
            "mcc": np.zeros_like(figures["accuracy"]),
        }


def prevalence_rows(evaluated: LabelRows, manifest: pd.DataFrame, labels: LabelParams) -> LabelRows:
    """The evaluated rows, each label as probable as it is common among the training recordings.

    A label is said where that gains the best F1 on them: of all recordings or, under a floor of precision
    that it does not reach, of none. Out of fold the training recordings are those of the other folds.
    """
    truth, folds = training_indicators(manifest, labels, evaluated.vocabulary)
    probabilities = np.empty_like(evaluated.probabilities)
    thresholds = np.full(evaluated.probabilities.shape, HALF)
    for fold in np.unique(evaluated.folds):
        known = truth if evaluated.split != OUT_OF_FOLD else truth[folds != fold]
        share = known.mean(axis=0) if len(known) else np.full(truth.shape[1], HALF)
        here = evaluated.folds == fold
        probabilities[here] = share
        thresholds[here] = choose_thresholds(np.broadcast_to(share, known.shape), known, labels)
    return evaluated.with_probabilities(probabilities).with_thresholds(thresholds)


def most_prevalent(evaluated: LabelRows, manifest: pd.DataFrame, labels: LabelParams) -> str:
    """The most frequent label of the training recordings; the first in vocabulary order among equals."""
    truth, _ = training_indicators(manifest, labels, evaluated.vocabulary)
    return evaluated.vocabulary[int(truth.sum(axis=0).argmax())]


def _priors(labels: "pd.Series[str]", vocabulary: tuple[str, ...]) -> FloatArray:
    counts = labels.value_counts().reindex(list(vocabulary), fill_value=0).to_numpy(np.float64)
    return counts / counts.sum() if counts.sum() else np.full(len(vocabulary), 1 / len(vocabulary))
