"""Every figure of a classifier as a function of how often each group counts.

With all weights one it is the plain figure; with the counts of a resample it is the figure of that resample.
Sums are formed per group once, so a thousand resamples are a few matrix products.
"""

from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse

from auricle.evaluation.ranking import auc, rank_class
from auricle.evaluation.rows import FloatArray, IntArray
from auricle.evaluation.scored import Scored
from auricle.models.temperature import row_losses


class FigureTable(Protocol):
    """Figures of rows, for any weights on their groups."""

    n_groups: int

    def __call__(self, weights: npt.NDArray[np.float32] | None = None) -> dict[str, FloatArray]:
        """Figures for each column of weights [shape=(groups, samples)]; by default each group once."""


class GroupFigures:
    """The figures of scored rows, for any weights on the groups.

    Definitions are scikit-learn's; averages over classes go over the classes that occur (`balanced_accuracy`,
    `macro_f1`, `roc_auc` one-vs-rest), so a class that is absent neither helps nor harms. ECE is that of the
    most probable class over equal-width bins (Guo et al., "On Calibration of Modern Neural Networks", ICML
    2017).

    Args:
        scored: The rows.
        top_k: k of `top_k_accuracy`.
        bins: Number of bins of the ECE.
        with_auc: False leaves the ROC-AUC, the costliest figure, undefined.
    """

    def __init__(self, scored: Scored, *, top_k: int = 3, bins: int = 15, with_auc: bool = True) -> None:
        self.n_groups = scored.n_groups
        self.vocabulary = scored.vocabulary
        y_true, probabilities, classes = scored.y_true, scored.probabilities, len(scored.vocabulary)
        order = np.argsort(-probabilities, axis=1, kind="stable")
        predicted = order[:, 0]
        hits = predicted == y_true
        confidence = probabilities.max(axis=1)
        bin_of = confidence_bins(confidence, bins)
        self._support = self._sums(scored.groups, y_true, classes)
        self._predicted = self._sums(scored.groups, predicted, classes)
        self._hits = self._sums(scored.groups, y_true, classes, hits)
        self._gaps = self._sums(scored.groups, bin_of, bins, confidence - hits)
        in_top = (order[:, :top_k] == y_true[:, None]).any(axis=1)
        losses = row_losses(probabilities, y_true)
        zeros = np.zeros(len(scored), dtype=np.int64)
        self._in_top = self._sums(scored.groups, zeros, 1, in_top)
        self._losses = self._sums(scored.groups, zeros, 1, losses)
        self._rankings = [
            rank_class(probabilities[:, index], y_true == index, scored.groups, self.n_groups)
            for index in range(classes if with_auc else 0)
        ]

    def _sums(
        self, groups: IntArray, column: IntArray, columns: int, values: npt.ArrayLike = 1.0
    ) -> sparse.csr_array:
        """Sums of `values` per column and group [shape=(columns, groups)]."""
        data = np.broadcast_to(np.asarray(values, dtype=np.float64), groups.shape)
        return sparse.coo_array((data, (column, groups)), shape=(columns, self.n_groups)).tocsr()

    def __call__(self, weights: npt.NDArray[np.float32] | None = None) -> dict[str, FloatArray]:
        """Figures for each column of weights.

        Args:
            weights: How often each group counts [shape=(groups, samples)]; by default once each.

        Returns:
            Per figure an array [shape=(samples,)]; the figures of classes ("precision", "recall", "f1",
            "class_roc_auc", "support") [shape=(classes, samples)]. NaN where a figure is not defined.
        """
        if weights is None:
            weights = np.ones((self.n_groups, 1), dtype=np.float32)
        support, predicted, hits = (m @ weights for m in (self._support, self._predicted, self._hits))
        total = support.sum(axis=0)
        class_auc = np.full_like(hits, np.nan)
        for index, ranking in enumerate(self._rankings):
            class_auc[index] = auc(ranking, weights)
        with np.errstate(divide="ignore", invalid="ignore"):
            return count_figures(support, predicted, hits) | {
                "top_k_accuracy": (self._in_top @ weights)[0] / total,
                "roc_auc": mean_of_defined(class_auc),
                "log_loss": (self._losses @ weights)[0] / total,
                "ece": np.abs(self._gaps @ weights).sum(axis=0) / total,
                "class_roc_auc": class_auc,
                "support": support,
            }


def count_figures(support: FloatArray, predicted: FloatArray, hits: FloatArray) -> dict[str, FloatArray]:
    """The figures that follow from how often each class is true, said, and both.

    Args:
        support: Rows of each class [shape=(classes, samples)].
        predicted: Rows that each class is said of; it and `support` broadcast.
        hits: Rows of each class that it is said of.

    Returns:
        `accuracy`, `balanced_accuracy`, `macro_f1` and `mcc` [shape=(samples,)]; `precision`, `recall` and
        `f1` [shape=(classes, samples)]. NaN where one is not defined.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        recall = hits / support
        f1 = np.where(support > 0, 2 * hits / (support + predicted), np.nan)
        return {
            "accuracy": hits.sum(axis=0) / support.sum(axis=0),
            "balanced_accuracy": mean_of_defined(recall),
            "macro_f1": mean_of_defined(f1),
            "mcc": matthews(support, predicted, hits),
            "precision": np.where(predicted > 0, hits / predicted, np.where(support > 0, 0.0, np.nan)),
            "recall": recall,
            "f1": f1,
        }


def confidence_bins(confidence: FloatArray, bins: int) -> IntArray:
    """Index of the equal-width bin (lower bound excluded, as Guo et al. have it) of each confidence."""
    return np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)


def matthews(support: FloatArray, predicted: FloatArray, hits: FloatArray) -> FloatArray:
    """Matthews' correlation of several classes (Gorodkin 2004); 0 where one side never varies."""
    total = support.sum(axis=0)
    covariance = hits.sum(axis=0) * total - (support * predicted).sum(axis=0)
    variance = (total**2 - (support**2).sum(axis=0)) * (total**2 - (predicted**2).sum(axis=0))
    return np.where(variance > 0, covariance / np.sqrt(np.where(variance > 0, variance, 1.0)), 0.0)


def mean_of_defined(values: FloatArray) -> FloatArray:
    """Mean over classes [shape=(classes, samples)] of what is defined; NaN where nothing is."""
    defined = ~np.isnan(values)
    return np.asarray(np.where(defined, values, 0.0).sum(axis=0) / defined.sum(axis=0), dtype=np.float64)


def confusion_counts(scored: Scored) -> IntArray:
    """Recordings by true class (rows) and predicted class (columns) [shape=(classes, classes)]."""
    classes = len(scored.vocabulary)
    predicted = scored.probabilities.argmax(axis=1)
    return np.bincount(scored.y_true * classes + predicted, minlength=classes**2).reshape(classes, classes)
