"""Intervals of ratings that hold for artists never heard, and whether they do.

Split conformal prediction on the rated recordings of validation, where each artist counts the same whatever
the number of its recordings (Lee, Barber and Willett, Distribution-free inference with hierarchical data,
2023): recordings of one artist are not independent of each other. An interval is the wider, the more the
passes of dropout differ on its recording.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from auricle.evaluation.bootstrap import percentile_interval, resamples
from auricle.recommendation.windows import Rated

FloatArray = npt.NDArray[np.floating]
Names = npt.NDArray[np.object_]
SAMPLES = 1000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Intervals:
    """How wide intervals are.

    Attributes:
        half: of an interval where passes do not differ at all; infinite where there are too few artists.
        mean_spread: of the passes on validation; 0 where there are none.
        groups: artists of validation behind it.
        recordings: theirs.
    """

    half: float
    mean_spread: float
    groups: int
    recordings: int

    def around(self, ratings: FloatArray, spread: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Ends of the intervals, in [0, 1].

        Args:
            ratings: float (n,), expected.
            spread: float (n,), of the passes.
        """
        half = self.half * scale_of(spread, self.mean_spread)
        return np.clip(ratings - half, 0, 1), np.clip(ratings + half, 0, 1)


def scale_of(spread: FloatArray, mean_spread: float) -> FloatArray:
    """By how much an interval is wider than where passes do not differ: 2 where they differ as usual."""
    return 1 + spread / mean_spread if mean_spread > 0 else np.ones_like(spread)


def calibrate(
    truth: FloatArray, ratings: FloatArray, spread: FloatArray, groups: Names, level: float
) -> Intervals:
    """Find the width of intervals from rated recordings that were not learned from.

    Args:
        truth: float (n,), what the listener said.
        ratings: float (n,), what was expected.
        spread: float (n,), of the passes.
        groups: object (n,), artists.
        level: share of ratings of a new artist that shall lie within.
    """
    mean = float(spread.mean()) if len(spread) else 0.0
    scores = np.abs(truth - ratings) / scale_of(spread, mean)
    names, codes, counts = np.unique(groups.astype(str), return_inverse=True, return_counts=True)
    order = np.argsort(scores, kind="stable")
    weights = 1 / (counts[codes[order]] * (len(names) + 1))
    # The one more is the artist who is to come, whose error may be any.
    enough = np.flatnonzero(np.cumsum(weights) >= level - 1e-9)
    half = float(scores[order][enough[0]]) if len(enough) else float("inf")
    return Intervals(half, mean, len(names), len(scores))


def judge_coverage(
    truth: FloatArray, rated: Rated, groups: Names, intervals: Intervals, *, level: float, seed: int
) -> dict[str, Any]:
    """How many ratings of rated recordings lie in their intervals, and in those of dropout alone.

    Args:
        truth: float (n,), of recordings that neither learning nor calibration has seen.
        rated: what was said of them.
        groups: object (n,), artists.
        intervals: that are judged.
        level: that was asked for.
        seed: of resampling.

    Returns:
        `level`, `recordings`, `groups`; of `intervals` and of `dropout` (None without passes) `coverage`, the
        mean over artists, `low` and `high`, its 95 % interval over artists (None of fewer than two), and
        `width`, the mean width.
    """
    found: dict[str, Any] = {"level": level, "recordings": len(truth), "groups": len(set(groups))}
    if not len(truth):
        return found | {"intervals": None, "dropout": None}
    found["intervals"] = _covered(truth, groups, *intervals.around(rated.ratings, rated.spread), seed)
    found["dropout"] = None
    if len(rated.passes):
        ends = np.quantile(rated.passes, [(1 - level) / 2, (1 + level) / 2], axis=0)
        found["dropout"] = _covered(truth, groups, ends[0], ends[1], seed)
    return found


def _covered(
    truth: FloatArray, groups: Names, low: FloatArray, high: FloatArray, seed: int
) -> dict[str, float | None]:
    # float32 ends of what is said exactly must not lose it
    inside = (truth >= low - 1e-6) & (truth <= high + 1e-6)
    names, codes = np.unique(groups.astype(str), return_inverse=True)
    shares = np.bincount(codes, weights=inside) / np.bincount(codes)
    between = None
    if len(names) > 1:
        drawn = [shares @ weights / len(names) for weights in resamples(len(names), SAMPLES, seed)]
        between = percentile_interval(np.concatenate(drawn).astype(np.float64), CONFIDENCE)
    return {
        "coverage": float(shares.mean()),
        "low": None if between is None else between[0],
        "high": None if between is None else between[1],
        "width": float((high - low).mean()),
    }
