"""How far clusters and neighbours in an embedding agree with labels, and how much a picture of it keeps.

Each figure comes with an interval by resampling whole groups, and beside what chance gives: recordings of one
artist lie together whatever the model has learned.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from auricle.evaluation.bootstrap import centred_interval, percentile_interval, resamples
from auricle.evaluation.params import EvaluateParams

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Figure = dict[str, float | None]
Score = Callable[[Any, Any], float]

ROWS_AT_ONCE = 256


@dataclass(frozen=True)
class Neighbours:
    """What the neighbours of each recording are called.

    Attributes:
        nearest: mean agreement with the nearest recordings of other groups, NaN where there are none,
            float64 [shape=(n,)].
        any: the same with all recordings of other groups: what neighbours at random would give.
        best: the same with the most alike of them: what no embedding can exceed.
    """

    nearest: FloatArray
    any: FloatArray
    best: FloatArray


def cluster_agreement(
    score: Score, labels: IntArray, clusters: IntArray, groups: IntArray, params: EvaluateParams
) -> Figure:
    """How far clusters agree with labels, by `adjusted_rand_score` or `adjusted_mutual_info_score`.

    Args:
        score: of scikit-learn.
        labels: [shape=(n,)], one of each recording.
        clusters: [shape=(n,)]; what was left out of all clusters counts as one.
        groups: [shape=(n,)], from 0 without gaps.
        params: resamples, seed and confidence.

    Returns:
        `value`, `low` and `high` (None from too few groups), and `random`, `random_low`, `random_high`: the
        mean and the interval of clusters of these sizes that are dealt out at random.
    """
    generator = np.random.default_rng(params.seed)
    with warnings.catch_warnings():
        # Of more classes than half the recordings scikit-learn suspects that they are numbers.
        warnings.filterwarnings("ignore", message="The number of unique classes", category=UserWarning)
        value = float(score(labels, clusters))
        dealt = np.array(
            [score(labels, generator.permutation(clusters)) for _ in range(params.bootstrap_samples)]
        )
        resampled = np.array([score(labels[rows], clusters[rows]) for rows in _resampled(groups, params)])
    # A recording that is drawn twice agrees with itself, which the plain interval takes for agreement.
    interval = _claimed(groups, params) and centred_interval(resampled, value, params.confidence)
    low, high = (min(interval[0], value), min(1.0, max(interval[1], value))) if interval else (None, None)
    chance = percentile_interval(dealt, params.confidence) or (None, None)
    return {
        "value": value,
        "low": low,
        "high": high,
        "random": float(dealt.mean()),
        "random_low": chance[0],
        "random_high": chance[1],
    }


def neighbours_of(
    vectors: FloatArray, labels: BoolArray, groups: IntArray, count: int, seed: int = 0
) -> Neighbours:
    """Agreement with neighbours: the share of labels in common (Jaccard), which of one class is 0 or 1.

    Args:
        vectors: [shape=(n, dimensions)]; near is what is near by Euclidean distance.
        labels: [shape=(n, labels)], what is true of each.
        groups: [shape=(n,)]; recordings of one's own group are no neighbours.
        count: how many neighbours; fewer where other groups have fewer.
        seed: of the order among recordings that are equally near, which would else be that of the corpus.
    """
    from sklearn.metrics import euclidean_distances

    own = labels.astype(np.float64)
    sizes = own.sum(axis=1)
    order = np.random.default_rng(seed).permutation(len(vectors))
    parts = []
    for start in range(0, len(vectors), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        other = groups[rows, None] != groups[None, :]
        common = own[rows] @ own.T
        agreement = common / np.maximum(sizes[rows, None] + sizes[None, :] - common, 1)
        distances = np.where(other, euclidean_distances(vectors[rows], vectors), np.inf)
        nearest = order[np.argsort(distances[:, order], axis=1, kind="stable")[:, :count]]
        is_there = np.take_along_axis(other, nearest, axis=1)
        alike = -np.sort(np.where(other, -agreement, np.inf), axis=1)[:, :count]
        parts.append(
            (
                _mean_where(np.take_along_axis(agreement, nearest, axis=1), is_there),
                _mean_where(agreement, other),
                _mean_where(np.where(np.isfinite(alike), alike, 0), np.isfinite(alike)),
            )
        )
    return Neighbours(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def neighbour_agreement(neighbours: Neighbours, groups: IntArray, params: EvaluateParams) -> Figure:
    """The mean agreement with neighbours; `random` is what any recordings of other groups give.

    `best` is what the most alike recordings of other groups would give: below 1 where a label has fewer.
    """
    there = ~np.isnan(neighbours.nearest)
    if not there.any():
        return {"value": None, "low": None, "high": None, "random": None, "best": None}
    values = np.where(there, neighbours.nearest, 0)
    sums = np.bincount(groups, values)
    counts = np.bincount(groups, there.astype(np.float64))
    interval = None
    if _claimed(groups, params):
        drawn = np.concatenate(
            list(resamples(len(counts), params.bootstrap_samples, params.seed)), axis=1
        ).astype(np.float64)
        weights = counts @ drawn
        means = np.divide(sums @ drawn, weights, out=np.full_like(weights, np.nan), where=weights > 0)
        interval = percentile_interval(means, params.confidence)
    low, high = interval or (None, None)
    return {
        "value": float(neighbours.nearest[there].mean()),
        "low": low,
        "high": high,
        "random": float(neighbours.any[there].mean()),
        "best": float(neighbours.best[there].mean()),
    }


def kept_by(vectors: FloatArray, coordinates: FloatArray, count: int, seed: int) -> Figure:
    """Trustworthiness of a picture by scikit-learn, 1 where all neighbours in it are neighbours in full.

    `random` is that of a picture with the same points at each other's places. None where there are too few.
    """
    from sklearn.manifold import trustworthiness

    count = min(count, (len(vectors) - 1) // 2)
    if count < 1 or not coordinates.any():
        return {"value": None, "low": None, "high": None, "random": None}
    shuffled = np.random.default_rng(seed).permutation(coordinates)
    return {
        "value": float(trustworthiness(vectors, coordinates, n_neighbors=count)),
        "low": None,
        "high": None,
        "random": float(trustworthiness(vectors, shuffled, n_neighbors=count)),
    }


def _resampled(groups: IntArray, params: EvaluateParams) -> "list[IntArray]":
    """Rows of each resample of the groups; none where there are too few groups to claim anything."""
    if not _claimed(groups, params):
        return []
    return [
        np.repeat(np.arange(len(groups)), times[groups].astype(np.int64))
        for weights in resamples(int(groups.max()) + 1, params.bootstrap_samples, params.seed)
        for times in weights.T
    ]


def _claimed(groups: IntArray, params: EvaluateParams) -> bool:
    return len(np.unique(groups)) >= params.min_groups_for_claim


def _mean_where(values: FloatArray, there: BoolArray) -> FloatArray:
    """Mean of each row over what is there, NaN where nothing is."""
    counts = there.sum(axis=1)
    sums = (values * there).sum(axis=1)
    return np.asarray(np.divide(sums, counts, out=np.full(len(values), np.nan), where=counts > 0))
