"""Every figure of a classifier of several labels, as a function of how often each group counts."""

import numpy as np
import numpy.typing as npt
from scipy import sparse, special
from scipy.stats import rankdata

from auricle.evaluation.label_rows import LabelRows
from auricle.evaluation.metrics import confidence_bins, mean_of_defined
from auricle.evaluation.ranking import auc, average_precision, rank_class, retrieval
from auricle.evaluation.rows import FloatArray, IntArray
from auricle.models.temperature import PROBABILITY_FLOOR

Weights = npt.NDArray[np.float32]


class LabelFigures:
    """The figures of rows with several labels, for any weights on the groups.

    Definitions are scikit-learn's. Means over labels go over those that occur: a label without a positive has
    no precision to average. A row that has no label and of which none is said is right in `samples_f1` and
    `jaccard`. `ece` is the mean over labels of the calibration error of their probabilities.

    Args:
        scored: The rows, with the thresholds that labels are said by.
        bins: Number of equal-width bins of the calibration error.
        with_ranking: False leaves out what does not depend on thresholds or calibration.
    """

    def __init__(self, scored: LabelRows, *, bins: int = 15, with_ranking: bool = True) -> None:
        self.n_groups = scored.n_groups
        self.vocabulary = scored.vocabulary
        truth, said, groups = scored.y_true, scored.said, scored.groups
        n, classes = truth.shape
        self._membership = sparse.csr_array(
            (np.ones(n), (np.arange(n), groups)), shape=(n, max(self.n_groups, 1))
        )
        self._cells = classes
        self._rows = self._sums(np.ones((1, n)))
        self._support, self._said, self._hits = (
            self._sums(values.T.astype(np.float64)) for values in (truth, said, truth & said)
        )
        self._of_rows = {name: self._sums(values[None]) for name, values in row_figures(scored).items()}
        self._gaps = _calibration_gaps(scored, bins)
        self._bins = bins
        ranked = [
            (scored.probabilities[:, i], truth[:, i], groups, self.n_groups)
            for i in range(classes * with_ranking)
        ]
        self._retrievals = [retrieval(*of_label) for of_label in ranked]
        self._rankings = [rank_class(*of_label) for of_label in ranked]
        if with_ranking:
            pooled = scored.probabilities.ravel(), truth.ravel(), np.repeat(groups, classes), self.n_groups
            self._pooled = retrieval(*pooled), rank_class(*pooled)
            self._of_rows |= {
                name: self._sums(values[None]) for name, values in ranking_figures(scored).items()
            }

    def _sums(self, values: FloatArray) -> FloatArray:
        """Sums per group [shape=(k, groups)] of values of rows [shape=(k, n)]."""
        return np.asarray(values @ self._membership)

    def __call__(self, weights: Weights | None = None) -> dict[str, FloatArray]:
        """Figures for each column of weights.

        Args:
            weights: How often each group counts [shape=(groups, samples)]; by default once each.

        Returns:
            Per figure an array [shape=(samples,)]; those of labels ("precision", "recall", "f1",
            "average_precision", "class_roc_auc", "class_ece", "support") [shape=(classes, samples)]. NaN
            where a figure is not defined.
        """
        if weights is None:
            weights = np.ones((self.n_groups, 1), dtype=np.float32)
        support, said, hits = (sums @ weights for sums in (self._support, self._said, self._hits))
        total = (self._rows @ weights)[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            f1 = np.where(support > 0, 2 * hits / (support + said), np.nan)
            class_ece = np.abs(self._gaps @ weights).reshape(self._cells, self._bins, -1).sum(axis=1) / total
            figures = {
                **{name: (sums @ weights)[0] / total for name, sums in self._of_rows.items()},
                "macro_f1": mean_of_defined(f1),
                "micro_f1": 2 * hits.sum(axis=0) / (support + said).sum(axis=0),
                "ece": class_ece.mean(axis=0),
                "precision": np.where(said > 0, hits / said, np.where(support > 0, 0.0, np.nan)),
                "recall": hits / support,
                "f1": f1,
                "class_ece": class_ece,
                "support": support,
            }
        return figures | self._ranked(weights)

    def _ranked(self, weights: Weights) -> dict[str, FloatArray]:
        if not self._retrievals:
            return {}
        precision = np.stack([average_precision(entry, weights) for entry in self._retrievals])
        areas = np.stack([auc(entry, weights) for entry in self._rankings])
        return {
            "average_precision": precision,
            "class_roc_auc": areas,
            "mean_average_precision": mean_of_defined(precision),
            "roc_auc": mean_of_defined(areas),
            "micro_average_precision": average_precision(self._pooled[0], weights),
            "micro_roc_auc": auc(self._pooled[1], weights),
        }


class ChanceFigures:
    """The figures of rows whose probabilities rank nothing: each label as probable for one as for another.

    By ties alone such a ranking has an average precision of the label's prevalence, which any random one
    exceeds; what a random one has on average is the fair baseline. Folds whose shares differ rank, and
    against the truth, which is no merit and no fault either.

    Args:
        table: The figures as the ties and the folds would have them.
        recordings: Rows of each group [shape=(groups,)].
    """

    def __init__(self, table: LabelFigures, recordings: IntArray) -> None:
        self.n_groups = table.n_groups
        self._table = table
        self._recordings = recordings

    def __call__(self, weights: Weights | None = None) -> dict[str, FloatArray]:
        """Figures for each column of weights; see `LabelFigures`."""
        if weights is None:
            weights = np.ones((self.n_groups, 1), dtype=np.float32)
        figures = self._table(weights)
        support = figures["support"].astype(np.float64)
        precision = chance_precision(support, (self._recordings @ weights).astype(np.int64))
        area = np.where(np.isnan(figures["class_roc_auc"]), np.nan, 0.5)
        return figures | {
            "average_precision": precision,
            "mean_average_precision": mean_of_defined(precision),
            "class_roc_auc": area,
            "roc_auc": mean_of_defined(area),
        }


def chance_precision(support: FloatArray, recordings: IntArray) -> FloatArray:
    """Mean average precision of random rankings; NaN without a positive.

    A positive at rank k has a precision of (1 + (k - 1)(P - 1) / (N - 1)) / k on average; its rank is any.

    Args:
        support: Positives P [shape=(classes, samples)].
        recordings: N of each sample [shape=(samples,)].
    """
    n = np.maximum(recordings, 2).astype(np.float64)
    harmonic = special.digamma(n + 1) + np.euler_gamma
    chance = (harmonic + (support - 1) / (n - 1) * (n - harmonic)) / n
    return np.where(support > 0, chance, np.nan)


def row_figures(scored: LabelRows) -> dict[str, FloatArray]:
    """Figures of each row by what is said of it, float64 [shape=(n,)]."""
    truth, said = scored.y_true, scored.said
    hits = (truth & said).sum(axis=1)
    either, both = (truth | said).sum(axis=1), truth.sum(axis=1) + said.sum(axis=1)
    sure = np.clip(scored.probabilities, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)
    nothing = either == 0
    return {
        "hamming_loss": (truth != said).mean(axis=1),
        "jaccard": np.where(nothing, 1.0, hits / np.maximum(either, 1)),
        "samples_f1": np.where(nothing, 1.0, 2 * hits / np.maximum(both, 1)),
        "log_loss": -np.where(truth, np.log(sure), np.log1p(-sure)).mean(axis=1),
    }


def ranking_figures(scored: LabelRows) -> dict[str, FloatArray]:
    """Figures of each row by how its labels are ranked, float64 [shape=(n,)].

    `coverage_error`: how far down one must go to have met all true labels. `label_ranking_precision`: the
    mean over true labels of the share of true ones among those no lower. `label_ranking_loss`: the share of
    pairs of a true and another label in which the other stands no lower. (Tsoumakas, Katakis and Vlahavas,
    "Mining Multi-label Data", 2010.)
    """
    truth = scored.y_true
    ranks = rankdata(-scored.probabilities, method="max", axis=1).astype(np.int64)
    order = np.argsort(-scored.probabilities, axis=1, kind="stable")
    true_so_far = np.cumsum(np.take_along_axis(truth, order, axis=1), axis=1)
    true_above = np.take_along_axis(true_so_far, ranks - 1, axis=1)
    count = truth.sum(axis=1)
    pairs = count * (truth.shape[1] - count)
    wrong = np.where(truth, ranks - true_above, 0).sum(axis=1)
    precision = np.where(truth, true_above / ranks, 0.0).sum(axis=1)
    return {
        "coverage_error": np.where(truth, ranks, 0).max(axis=1).astype(np.float64),
        "label_ranking_precision": np.where(count > 0, precision / np.maximum(count, 1), 1.0),
        "label_ranking_loss": wrong / np.maximum(pairs, 1),
    }


def _calibration_gaps(scored: LabelRows, bins: int) -> sparse.csr_array:
    """Probability less truth, summed per label, bin and group [shape=(classes * bins, groups)]."""
    n, classes = scored.y_true.shape
    rows = np.arange(classes)[None, :] * bins + confidence_bins(scored.probabilities, bins)
    columns = np.broadcast_to(scored.groups[:, None], (n, classes))
    gaps = scored.probabilities - scored.y_true
    shape = (classes * bins, max(scored.n_groups, 1))
    return sparse.coo_array((gaps.ravel(), (rows.ravel(), columns.ravel())), shape=shape).tocsr()


def said_of(scored: LabelRows) -> IntArray:
    """How often a label (columns) is wrongly said of what has another (rows); rightly, on the diagonal.

    Returns:
        int64 [shape=(classes, classes)].
    """
    # Sums of ones are exact in float64, whose product is a hundred times as fast as that of integers.
    truth = scored.y_true.astype(np.float64)
    wrongly = (truth.T @ (scored.said & ~scored.y_true).astype(np.float64)).astype(np.int64)
    np.fill_diagonal(wrongly, (scored.y_true & scored.said).sum(axis=0))
    return wrongly
