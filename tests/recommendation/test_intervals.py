"""Intervals: what they hold of artists never heard, and what they say where too little is known."""

from typing import Any

import numpy as np
import pytest

from auricle.recommendation.interval import calibrate, judge_coverage
from auricle.recommendation.windows import Rated


def artists(random: Any, count: int, most: int = 6) -> tuple[Any, Any, Any]:
    """Errors of recordings, of which those of an artist have something in common; spreads; artists."""
    groups = np.repeat(np.arange(count), random.integers(1, most, count))
    spread = random.uniform(0.01, 0.05, len(groups))
    shared = random.normal(size=count)[groups]
    errors = spread * (shared + random.normal(size=len(groups)))
    return errors, spread, groups.astype(object)


def rated(ratings: Any, passes: Any = None) -> Rated:
    empty = np.zeros((0, len(ratings)), np.float32)
    return Rated(
        np.asarray(ratings, np.float32), empty if passes is None else passes, np.zeros((len(ratings), 1))
    )


class TestCalibration:
    @pytest.mark.parametrize("level", [0.5, 0.8])
    def test_holds_as_many_of_new_artists_as_was_asked_for(self, level: float) -> None:
        random = np.random.default_rng(0)
        found = []
        for _ in range(200):
            errors, spread, groups = artists(random, 20)
            intervals = calibrate(0.5 + errors, np.full(len(errors), 0.5), spread, groups, level)
            errors, spread, groups = artists(random, 50)
            low, high = intervals.around(np.full(len(errors), 0.5), spread)
            inside = (0.5 + errors >= low) & (0.5 + errors <= high)
            found.append(np.mean([inside[groups == group].mean() for group in set(groups)]))
        assert level - 0.02 < np.mean(found) < level + 0.07

    def test_counts_each_artist_the_same(self) -> None:
        truth = np.array([0.5] * 97 + [0.9, 0.1, 0.9])
        groups = np.array(["one"] * 97 + ["two", "three", "four"], dtype=object)
        half = calibrate(truth, np.full(100, 0.5), np.zeros(100), groups, 0.6).half
        assert half == pytest.approx(0.4)

    def test_is_wider_where_passes_differ_more(self) -> None:
        random = np.random.default_rng(1)
        errors, spread, groups = artists(random, 30)
        intervals = calibrate(0.5 + errors, np.full(len(errors), 0.5), spread, groups, 0.8)
        low, high = intervals.around(np.array([0.5, 0.5]), np.array([0.01, 0.05]))
        assert (high - low)[1] > 1.5 * (high - low)[0]

    def test_of_too_few_artists_is_the_whole_scale(self) -> None:
        intervals = calibrate(np.full(9, 0.5), np.full(9, 0.5), np.zeros(9), np.array(list("aaabbbccc")), 0.8)
        assert intervals.half == float("inf")
        low, high = intervals.around(np.array([0.3]), np.zeros(1))
        assert (low[0], high[0]) == (0.0, 1.0)
        assert (
            calibrate(np.full(9, 0.5), np.full(9, 0.5), np.zeros(9), np.array(list("aaabbbccc")), 0.75).half
            == 0
        )

    def test_of_nobody_is_the_whole_scale(self) -> None:
        assert calibrate(*[np.zeros(0)] * 3, np.array([], dtype=object), 0.1).half == float("inf")


class TestCoverage:
    def test_is_the_mean_over_artists_with_an_interval(self) -> None:
        groups = np.array(["a", "a", "a", "b"], dtype=object)
        intervals = calibrate(np.full(8, 0.6), np.full(8, 0.5), np.zeros(8), np.arange(8).astype(object), 0.8)
        truth = np.array([0.5, 0.55, 0.6, 0.9])
        said = judge_coverage(truth, rated([0.5] * 4), groups, intervals, level=0.8, seed=0)
        assert (said["recordings"], said["groups"], said["dropout"]) == (4, 2, None)
        assert said["intervals"]["coverage"] == 0.5
        assert said["intervals"]["width"] == pytest.approx(0.2)
        assert (said["intervals"]["low"], said["intervals"]["high"]) == (0.0, 1.0)

    def test_of_dropout_alone_stands_beside_it(self) -> None:
        passes = np.linspace(0.4, 0.6, 11, dtype=np.float32)[:, None].repeat(2, axis=1)
        intervals = calibrate(np.full(8, 0.6), np.full(8, 0.5), np.zeros(8), np.arange(8).astype(object), 0.8)
        groups = np.array(["a", "b"], dtype=object)
        said = judge_coverage(
            np.array([0.5, 0.7]), rated([0.5, 0.5], passes), groups, intervals, level=0.8, seed=0
        )
        assert said["dropout"]["coverage"] == 0.5
        assert said["dropout"]["width"] == pytest.approx(0.16)

    def test_of_no_rating_is_not_known(self) -> None:
        intervals = calibrate(np.full(8, 0.6), np.full(8, 0.5), np.zeros(8), np.arange(8).astype(object), 0.8)
        said = judge_coverage(np.zeros(0), rated([]), np.array([], object), intervals, level=0.8, seed=0)
        assert said["intervals"] is None
