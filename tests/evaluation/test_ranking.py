"""Sums of weights before places of an order are those of a plain cumulative sum, however they are stored."""

import numpy as np
import pytest
from scipy import sparse

from auricle.evaluation import ranking
from auricle.evaluation.ranking import WeightsBefore, auc, average_precision, rank_class, retrieval


class TestWeightsBefore:
    @pytest.mark.parametrize(("n_groups", "dense"), [(4, True), (400, False)])
    def test_are_a_cumulative_sum(self, n_groups: int, dense: bool) -> None:
        rng = np.random.default_rng(0)
        groups = rng.integers(0, n_groups, 300)
        places = rng.integers(0, 301, 50)
        weights = rng.integers(0, 5, (n_groups, 7)).astype(np.float32)
        before = WeightsBefore(groups, places, n_groups)
        assert isinstance(before._summed, np.ndarray) is dense
        plain = np.concatenate([np.zeros((1, 7)), np.cumsum(weights[groups], axis=0)])
        np.testing.assert_array_equal(before(weights), plain[places])

    def test_keep_counting_where_float32_no_longer_does(self) -> None:
        before = WeightsBefore(np.zeros(3, dtype=np.int64), np.array([1, 2, 3]), 1)
        weights = np.full((1, 1), 2.0**23, dtype=np.float32)
        np.testing.assert_array_equal(before(weights)[:, 0], 2.0**23 * np.arange(1, 4))


class TestFiguresOfOneOrder:
    @pytest.mark.parametrize("stored", ["dense", "sparse"])
    def test_are_the_same_however_sums_are_stored(self, stored: str, monkeypatch: pytest.MonkeyPatch) -> None:
        rng = np.random.default_rng(1)
        scores, positive = np.round(rng.random(200), 1), rng.random(200) < 0.1
        groups = rng.integers(0, 20, 200)
        weights = rng.integers(0, 3, (20, 5)).astype(np.float32)
        monkeypatch.setattr(ranking, "DENSE_FROM", 0.0 if stored == "dense" else 2.0)
        entry = retrieval(scores, positive, groups, 20)
        assert sparse.issparse(entry.no_lower._summed) is (stored == "sparse")
        expected_precision, expected_area = [], []
        for column in weights.T:
            rows = np.repeat(np.arange(200), column[groups].astype(int))
            true, score = positive[rows], scores[rows]
            at = [(true & (score >= s)).sum() / (score >= s).sum() for s in score[true]]
            expected_precision.append(np.mean(at))
            difference = score[true][:, None] - score[~true][None]
            expected_area.append(((difference > 0) + 0.5 * (difference == 0)).mean())
        np.testing.assert_allclose(average_precision(entry, weights), expected_precision)
        np.testing.assert_allclose(auc(rank_class(scores, positive, groups, 20), weights), expected_area)

    def test_of_no_positive_and_of_nothing_else_are_undefined(self) -> None:
        scores, groups, weights = np.array([0.1, 0.2]), np.array([0, 1]), np.ones((2, 3), dtype=np.float32)
        nobody, everybody = np.zeros(2, dtype=np.bool_), np.ones(2, dtype=np.bool_)
        assert np.isnan(average_precision(retrieval(scores, nobody, groups, 2), weights)).all()
        assert np.isnan(auc(rank_class(scores, nobody, groups, 2), weights)).all()
        assert np.isnan(auc(rank_class(scores, everybody, groups, 2), weights)).all()
