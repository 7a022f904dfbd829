"""How well ratings are said, beside simpler means: errors, ranks, and the top of the list.

Intervals resample whole groups (artists), as everywhere in the report. A figure of ranks has no value where
all that is said, or all that is true, is equal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from auricle.errors import ConfigurationError
from auricle.evaluation.bootstrap import (
    centred_interval,
    percentile_interval,
    resamples,
    shifted_interval,
)

FloatArray = npt.NDArray[np.float64]
TOP = 10
MODEL, MEAN, GROUP_MEAN, NEIGHBOURS, FOREST = "model", "mean", "group_mean", "neighbours", "forest"
OWN_NEIGHBOURS = "embedding_neighbours"
# Of these less is better.
ERRORS = ("mae", "rmse", "calibration_error")
CALIBRATION_BINS = 5


@dataclass(frozen=True)
class RatedRows:
    """Recordings that are judged.

    Attributes:
        truth: float (n,), ratings from 0 to 1.
        groups: object (n,), whose intervals are drawn.
        liked: the rating from which a recording is liked.
    """

    truth: FloatArray
    groups: npt.NDArray[np.object_]
    liked: float = 0.7


def rating_figures(truth: FloatArray, said: FloatArray, *, liked: float, top: int = TOP) -> dict[str, float]:
    """Figures of some recordings; NaN where one is not defined.

    Args:
        truth: float (n,), ratings from 0 to 1.
        said: float (n,), likewise.
        liked: the rating from which a recording is liked.
        top: length of the list that is judged.

    Returns:
        `mae`, `rmse`, `calibration_error` (mean distance of what is said to what is true, in bins of what is
        said), `spearman`, `kendall`, `ndcg_at_10` (gain: the rating), `precision_at_10` (share of liked
        ones).
    """
    from scipy.stats import kendalltau, spearmanr
    from sklearn.metrics import ndcg_score

    errors = said - truth
    ranked = len(truth) > 1 and np.ptp(truth) > 0 and np.ptp(said) > 0
    best = np.argsort(-said, kind="stable")[:top]
    # What is said alike is in no order: the mean over all orders, which a list cut at ten would hide.
    tied = said >= said[best[-1]] if len(best) else np.zeros(0, dtype=bool)
    sure = said > said[best[-1]] if len(best) else tied
    rest = tied & ~sure
    found = float((truth[sure] >= liked).sum())
    found += float((truth[rest] >= liked).mean()) * (len(best) - int(sure.sum())) if rest.any() else 0.0
    return {
        "mae": float(np.abs(errors).mean()),
        "rmse": float(np.sqrt(np.mean(errors**2))),
        "calibration_error": _calibration_error(truth, said),
        "spearman": float(spearmanr(truth, said).statistic) if ranked else float("nan"),
        "kendall": float(kendalltau(truth, said).statistic) if ranked else float("nan"),
        f"ndcg_at_{top}": float(ndcg_score(truth[None], said[None], k=top))
        if len(truth) > 1 and truth.any()
        else float("nan"),
        f"precision_at_{top}": found / len(best),
    }


def judge(
    rows: RatedRows,
    said: Mapping[str, FloatArray],
    *,
    confidence: float = 0.95,
    samples: int = 1000,
    seed: int = 0,
    min_groups: int = 2,
) -> dict[str, Any]:
    """Figures of a model and of what stands beside it, with intervals, and the model's differences.

    Args:
        rows: of recordings whose groups were not heard in training.
        said: float (n,) of each, by name; `model` is compared with each other one.
        confidence: of intervals.
        samples: resamples of the groups.
        seed: of resampling; all are judged on the same resamples.
        min_groups: of fewer no interval is given, and no difference is shown.

    Returns:
        `recordings`, `groups`, `liked`; `figures`: by name and figure `value` and `interval` (None where it
        is not defined); `differences`: by other name and figure `value`, `interval` and `better`, whether the
        interval lies on the model's side of zero.

    Raises:
        ConfigurationError: fewer than two groups, of which no interval can be had.
    """
    names, codes = np.unique(rows.groups.astype(str), return_inverse=True)
    if len(names) < 2:
        raise ConfigurationError(
            f"Ratings of {len(names)} group can be judged, and intervals are drawn over groups: rate"
            " recordings of more artists."
        )
    members = [np.flatnonzero(codes == code) for code in range(len(names))]

    def figures(of: FloatArray, chosen: npt.NDArray[np.int64]) -> dict[str, float]:
        return rating_figures(rows.truth[chosen], of[chosen], liked=rows.liked)

    everyone = np.arange(len(rows.truth))
    values = {name: figures(of, everyone) for name, of in said.items()}
    drawn: dict[str, list[dict[str, float]]] = {name: [] for name in said}
    for weights in resamples(len(names), samples if len(names) >= min_groups else 0, seed):
        for column in weights.T.astype(int):
            chosen = np.concatenate(
                [np.tile(members[code], count) for code, count in enumerate(column) if count]
            )
            for name, of in said.items():
                drawn[name].append(figures(of, chosen))
    tables = {
        name: {key: np.array([draw[key] for draw in draws]) for key in values[name]}
        for name, draws in drawn.items()
    }
    return {
        "recordings": len(rows.truth),
        "groups": len(names),
        "liked": rows.liked,
        "figures": {
            name: {
                key: {
                    "value": _or_none(value),
                    "interval": _interval(key, tables[name][key], value, confidence),
                }
                for key, value in of.items()
            }
            for name, of in values.items()
        },
        "differences": {
            other: {
                key: _difference(
                    key,
                    values[MODEL][key] - values[other][key],
                    _interval(
                        key,
                        tables[MODEL][key] - tables[other][key],
                        values[MODEL][key] - values[other][key],
                        confidence,
                        of_difference=True,
                    ),
                )
                for key in values[MODEL]
            }
            for other in said
            if other != MODEL and MODEL in said
        },
    }


def beside(
    *,
    heard: FloatArray,
    ratings: FloatArray,
    groups: npt.NDArray[np.object_],
    asked: FloatArray,
    asked_groups: npt.NDArray[np.object_],
    asked_ratings: FloatArray | None = None,
    neighbours: int = 10,
    seed: int = 0,
) -> dict[str, FloatArray]:
    """What could be said by simpler means, by those who know the training recordings.

    Args:
        heard: float (n, size), embeddings or features of the training recordings.
        ratings: float (n,), theirs.
        groups: object (n,), theirs.
        asked: float (m, size), of the recordings that are judged.
        asked_groups: object (m,).
        asked_ratings: float (m,), theirs. An artist whom training does not know then has the mean of the
            artist's other recordings that are judged, which no model is told.
        neighbours: how many are asked.
        seed: of the forest.

    Returns:
        Float (m,) by name: `mean`, the mean rating; `group_mean`, that of the artist where it is known;
        `neighbours`, by cosine; `forest`, a random forest on the same numbers.
    """
    from sklearn.ensemble import RandomForestRegressor

    mean = float(ratings.mean())
    known = {group: float(ratings[groups == group].mean()) for group in set(groups)}
    others = np.full(len(asked), mean)
    if asked_ratings is not None:
        others = mean_of_others(asked_ratings, asked_groups, otherwise=mean)
    forest = RandomForestRegressor(200, min_samples_leaf=2, random_state=seed, n_jobs=1).fit(heard, ratings)
    return {
        MEAN: np.full(len(asked), mean),
        GROUP_MEAN: np.array(
            [known.get(group, other) for group, other in zip(asked_groups, others, strict=True)]
        ),
        NEIGHBOURS: mean_of_nearest(heard, ratings, asked, neighbours),
        FOREST: np.asarray(forest.predict(asked), dtype=np.float64),
    }


def mean_of_others(ratings: FloatArray, groups: npt.NDArray[np.object_], *, otherwise: float) -> FloatArray:
    """Float (n,): of each recording the mean rating of the others of its group; else ``otherwise``."""
    found = np.full(len(ratings), otherwise)
    for group in set(groups):
        members = np.flatnonzero(groups == group)
        if len(members) > 1:
            found[members] = (ratings[members].sum() - ratings[members]) / (len(members) - 1)
    return found


def mean_of_nearest(heard: FloatArray, ratings: FloatArray, asked: FloatArray, count: int) -> FloatArray:
    """Float (m,): the mean rating of the nearest recordings, by cosine.

    Args:
        heard: float (n, size), of recordings whose ratings are known.
        ratings: float (n,).
        asked: float (m, size).
        count: how many are asked.
    """
    from sklearn.neighbors import KNeighborsRegressor

    near = KNeighborsRegressor(min(count, len(ratings)), metric="cosine").fit(heard, ratings)
    return np.asarray(near.predict(asked), dtype=np.float64)


def calibration_bins(truth: FloatArray, said: FloatArray) -> list[dict[str, float]]:
    """Of each bin of what is said that is not empty: `said` and `truth`, the means, and `count`."""
    bins = _bins(said)
    return [
        {
            "said": float(said[bins == one].mean()),
            "truth": float(truth[bins == one].mean()),
            "count": int((bins == one).sum()),
        }
        for one in np.unique(bins)
    ]


def _bins(said: FloatArray) -> npt.NDArray[np.int64]:
    return np.minimum((said * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)


def _interval(
    key: str, drawn: FloatArray, value: float, confidence: float, *, of_difference: bool = False
) -> tuple[float, float] | None:
    """Of the calibration error, a sum of absolute values, without what resampling adds to it."""
    if key != "calibration_error" or not np.isfinite(value):
        return percentile_interval(drawn, confidence)
    moved = centred_interval if of_difference else shifted_interval  # only a difference may be below zero
    return moved(drawn, value, confidence)


def _calibration_error(truth: FloatArray, said: FloatArray) -> float:
    bins = _bins(said)
    return float(
        sum(abs(float((said[bins == one] - truth[bins == one]).sum())) for one in np.unique(bins))
        / len(truth)
    )


def _difference(key: str, value: float, interval: tuple[float, float] | None) -> dict[str, Any]:
    better = interval is not None and (interval[1] < 0 if key in ERRORS else interval[0] > 0)
    return {"value": _or_none(value), "interval": interval, "better": better}


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value
