"""ROC-AUC and average precision for any weights on the groups: sums of weights at a few places of an order.

Both ask of each positive how much weight stands before it. Between two positives nobody asks, so that what
lies there is summed per group once, and a resample costs as many steps as there are positives: of hundreds of
labels of which a recording has a few, a small part of all recordings and labels.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from auricle.evaluation.rows import BoolArray, FloatArray, IntArray

Weights = npt.NDArray[np.float32]

DENSE_FROM = 0.05  # filled share of a matrix from which its zeros cost less than their bookkeeping
LARGEST_DENSE = 2**24  # entries
EXACT = 2**24  # below which float32 counts exactly


class WeightsBefore:
    """The weight that stands before some places of an order of rows.

    Args:
        groups: Group of each row, in that order [shape=(n,)].
        places: How many rows stand before each place, from 0 to n [shape=(m,)].
        n_groups: Of all rows.
    """

    def __init__(self, groups: IntArray, places: IntArray, n_groups: int) -> None:
        cuts, self._place = np.unique(places, return_inverse=True)
        counted = groups[: cuts[-1] if len(cuts) else 0]
        segments = np.repeat(np.arange(len(cuts)), np.diff(cuts, prepend=0))
        ones = np.ones(len(counted), dtype=np.float32)
        shape = (len(cuts), n_groups)
        summed = sparse.coo_array((ones, (segments, counted)), shape=shape).tocsr()
        cells = shape[0] * shape[1]
        dense = cells <= LARGEST_DENSE and summed.nnz >= DENSE_FROM * cells
        self._summed = summed.toarray() if dense else summed
        self._rows = len(counted)

    def __call__(self, weights: Weights) -> npt.NDArray[np.floating]:
        """Sums for each place and column of weights [shape=(m, samples)]."""
        small = float(weights.max(initial=1)) * self._rows < EXACT
        sums = np.cumsum(self._summed @ weights, axis=0, dtype=np.float32 if small else np.float64)
        return np.asarray(sums[self._place])


@dataclass(frozen=True)
class ClassRanking:
    """What the ROC-AUC of one class needs: whom each positive outranks."""

    positive_groups: IntArray
    outranked: WeightsBefore  # per positive those below it, then those not above it; last, all negatives


def rank_class(scores: FloatArray, positive: BoolArray, groups: IntArray, n_groups: int) -> ClassRanking:
    """Order the rows of one class so that its AUC under any weights is a cumulative sum."""
    negatives = np.flatnonzero(~positive)
    order = negatives[np.argsort(scores[negatives], kind="stable")]
    ascending = scores[order]
    below = np.searchsorted(ascending, scores[positive], side="left")
    not_above = np.searchsorted(ascending, scores[positive], side="right")
    places = np.concatenate([below, not_above, [len(order)]]).astype(np.int64)
    return ClassRanking(groups[positive], WeightsBefore(groups[order], places, n_groups))


def auc(ranking: ClassRanking, weights: Weights) -> FloatArray:
    """Weighted Mann-Whitney statistic: the area under the ROC curve, ties counted half [shape=(samples,)].

    NaN where all that is left by the weights is positive, or nothing is.
    """
    outranked = ranking.outranked(weights)
    positive = weights[ranking.positive_groups]
    wins = outranked[: len(positive)] + outranked[len(positive) : -1]
    won = np.einsum("ns,ns->s", positive, wins, dtype=np.float64) / 2
    pairs = positive.sum(axis=0, dtype=np.float64) * outranked[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(won / pairs, dtype=np.float64)


@dataclass(frozen=True)
class Retrieval:
    """What the average precision of one label needs: who stands no lower than each positive."""

    positive_groups: IntArray  # in order of descending score
    last_of_tie: IntArray  # per positive: the last positive with its score
    no_lower: WeightsBefore  # per positive: all rows that score no lower


def retrieval(scores: FloatArray, positive: BoolArray, groups: IntArray, n_groups: int) -> Retrieval:
    """Order the rows of one label so that its average precision under any weights is a cumulative sum."""
    order = np.argsort(-scores, kind="stable")
    places = np.flatnonzero(positive[order])
    ends = np.searchsorted(-scores[order], -scores[order][places], side="right").astype(np.int64)
    last = np.searchsorted(places, ends, side="left") - 1
    return Retrieval(
        groups[order][places], last.astype(np.int64), WeightsBefore(groups[order], ends, n_groups)
    )


def average_precision(entry: Retrieval, weights: Weights) -> FloatArray:
    """Weighted average precision, rows of one score standing at one place; NaN without a positive."""
    of_positives = weights[entry.positive_groups]
    hits = np.cumsum(of_positives, axis=0, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        # A row that does not count may stand before all that do: 0 / 0, and no weight on it.
        precision = np.nan_to_num(hits[entry.last_of_tie] / entry.no_lower(weights))
        total = of_positives.sum(axis=0, dtype=np.float64)
        return np.asarray((of_positives * precision).sum(axis=0) / total, dtype=np.float64)
