"""How often labels dealt out at random agree with the predictions as well as the true ones do.

The first test of Ojala and Garriga, "Permutation Tests for Studying Classifier Performance", Journal of
Machine Learning Research 11 (2010), with predictions as they are: nothing is trained again, since the judged
recordings were not learned from. Where predictions tell nothing of labels, any dealing of the labels is as
likely as the true one, so that a figure is exceptional only where few dealings reach it.

Recordings of one group are not exchangeable with those of another one by one: an artist's clips share a label
and are mostly predicted alike, and to permute them singly would take a hit on ten of them for ten hits. What
is exchangeable is whole groups, and the recordings within one (Winkler et al., "Multi-level block
permutation", NeuroImage 123, 2015). So each group gets the labels of another one, in random order. With
groups of one size this is exact. To a group of another size a donor's labels are repeated or cut; groups give
to those of about their own size, and what a dealing does to the size of a class is undone, so that a model
that always says the same scores the same under every dealing. Under cross-validation the labels of a fold
stay in it as long as it has enough groups, for its model has learned from the others.

Of several labels a recording no such p-value is given. Labels out of fold are said from thresholds that were
chosen on the labels of the other folds, and would have to be chosen anew for every dealing; and what a random
ranking scores is known exactly (`auricle.evaluation.label_metrics.chance_precision`), which is what stands
beside those figures.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from auricle.evaluation.metrics import count_figures
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.rows import OUT_OF_FOLD, FloatArray, IntArray
from auricle.evaluation.scored import Scored

TESTED = ("accuracy", "balanced_accuracy", "macro_f1", "mcc")
LEAST_GROUPS = 8  # in a stratum, before another is begun
TOLERANCE = 1e-9  # of sums of shares that are equal but for rounding


@dataclass(frozen=True)
class PermutationTest:
    """What permuted labels have shown of a model.

    Attributes:
        figures: Per tested figure, how often permuted labels give one as good: (1 + k) / (1 + n). The true
            labels count as one of the dealings, so that none is zero (Phipson and Smyth, "Permutation
            P-values Should Never Be Zero", 2010). Since sizes of classes stay, accuracy and MCC are ordered
            alike, and have the same.
        together: How often permuted labels give, in any figure, one as exceptional as the most exceptional
            that is seen (Westfall and Young, "Resampling-based Multiple Testing", 1993): with several figures
            one looks good by chance more often than each by itself.
    """

    figures: Mapping[str, float]
    together: float


def permutation_test(rows: Scored, params: EvaluateParams) -> PermutationTest:
    """Compare the figures of the true labels with those of permuted ones.

    Args:
        rows: The judged rows.
        params: `permutations` (n) and `seed`.
    """
    classes = len(rows.vocabulary)
    predicted = rows.probabilities.argmax(axis=1)
    support, said = (
        np.bincount(column, minlength=classes).astype(np.float64) for column in (rows.y_true, predicted)
    )
    hits = np.empty((classes, params.permutations + 1))
    hits[:, 0] = np.bincount(rows.y_true[predicted == rows.y_true], minlength=classes)
    for index, dealt in enumerate(dealings(rows, params.permutations, params.seed), start=1):
        hits[:, index] = _hits(dealt, predicted, support, said)
    figures = count_figures(support[:, None], said[:, None], hits)
    shares = np.stack([_shares_as_good(figures[name]) for name in TESTED])
    rarest = shares.min(axis=0)
    return PermutationTest(
        figures=dict(zip(TESTED, shares[:, 0].tolist(), strict=True)),
        together=float((rarest <= rarest[0] + TOLERANCE).mean()),
    )


def dealings(rows: Scored, permutations: int, seed: int) -> Iterator[IntArray]:
    """The true classes, permuted between groups and within them [shape=(n,)], as many times as asked."""
    generator = np.random.default_rng(seed)
    sizes = np.bincount(rows.groups)
    starts = np.cumsum(sizes) - sizes
    strata = group_strata(rows)
    by_stratum = np.argsort(strata, kind="stable")
    in_group = np.argsort(rows.groups, kind="stable")
    group = rows.groups[in_group]
    place = np.arange(len(rows)) - starts[group]
    truth = rows.y_true[in_group]
    mixed = bool((truth != truth[starts[group]]).any())
    for _ in range(permutations):
        donors = np.empty(len(sizes), dtype=np.int64)
        donors[by_stratum] = np.argsort(strata + generator.random(len(sizes)))
        given = truth[np.argsort(group + generator.random(len(rows)))] if mixed else truth
        donor = donors[group]
        dealt = np.empty_like(rows.y_true)
        dealt[in_group] = given[starts[donor] + place % sizes[donor]]
        yield dealt


def group_strata(rows: Scored) -> IntArray:
    """Which groups deal labels among each other: those of about one size, and under cross-validation of one
    fold; int64 [shape=(groups,)].

    A new stratum begins where groups are twice as large as the smallest of the last one, unless it or what is
    left would have fewer than `LEAST_GROUPS`.
    """
    sizes = np.bincount(rows.groups)
    folds = _folds_of_groups(rows, sizes)
    strata = np.empty(len(sizes), dtype=np.int64)
    current = -1
    for fold in np.unique(folds):
        members = np.flatnonzero(folds == fold)
        members = members[np.argsort(sizes[members], kind="stable")]
        first, current = 0, current + 1
        for place, member in enumerate(members):
            enough = min(place - first, len(members) - place) >= LEAST_GROUPS
            if enough and sizes[member] >= 2 * sizes[members[first]]:
                first, current = place, current + 1
            strata[member] = current
    return strata


def _folds_of_groups(rows: Scored, sizes: IntArray) -> IntArray:
    """The fold of each group; one for all where some fold has too few groups to deal among."""
    folds = np.zeros(len(sizes), dtype=np.int64)
    if rows.split == OUT_OF_FOLD:
        folds[rows.groups] = rows.folds
    few = np.unique(folds, return_counts=True)[1].min() < LEAST_GROUPS
    return np.zeros_like(folds) if few else folds


def _hits(dealt: IntArray, predicted: IntArray, support: FloatArray, said: FloatArray) -> FloatArray:
    """How many of each class would be right [shape=(classes,)], with the sizes of the true classes."""
    classes = len(support)
    here = np.bincount(dealt, minlength=classes)
    right = np.bincount(dealt[dealt == predicted], minlength=classes)
    # A class of which a cut has left nothing is right as often as it is said.
    recall = np.where(here > 0, right / np.maximum(here, 1), said / len(dealt))
    return np.asarray(np.minimum(recall * support, said))


def _shares_as_good(values: FloatArray) -> FloatArray:
    """Of each value, the share of all that are no worse than it, itself among them."""
    worse = np.searchsorted(np.sort(values), values - TOLERANCE, side="left")
    return np.asarray((len(values) - worse) / len(values), dtype=np.float64)
