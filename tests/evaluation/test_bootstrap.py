"""Intervals come from whole groups, are reproducible, and are as wide as groups make them."""

from dataclasses import replace

import numpy as np
import pytest
from scored_samples import make_scored

from auricle.evaluation.bootstrap import bootstrap, percentile_interval, resamples, shifted_interval
from auricle.evaluation.metrics import GroupFigures
from auricle.evaluation.scored import Scored


def drawn(n_groups: int, samples: int, seed: int, rows: int = 0) -> np.ndarray:
    return np.concatenate(list(resamples(n_groups, samples, seed, rows=rows)), axis=1)


class TestResamples:
    def test_draw_as_many_groups_as_there_are(self) -> None:
        counts = drawn(40, 200, seed=0)
        assert counts.shape == (40, 200)
        assert (counts.sum(axis=0) == 40).all()

    def test_depend_on_the_seed_alone(self) -> None:
        np.testing.assert_array_equal(drawn(40, 50, seed=3), drawn(40, 50, seed=3))
        assert (drawn(40, 50, seed=3) != drawn(40, 50, seed=4)).any()

    def test_come_in_chunks_that_bound_the_memory(self) -> None:
        chunks = list(resamples(10, 100, 0, rows=1_000_000))
        assert {chunk.shape[1] for chunk in chunks} == {4}
        assert sum(chunk.shape[1] for chunk in chunks) == 100


class TestBootstrap:
    def interval(self, scored: Scored, samples: int = 800) -> tuple[float, float]:
        table = bootstrap({"model": GroupFigures(scored)}, samples=samples, seed=0)["model"]
        interval = percentile_interval(table["accuracy"], 0.95)
        assert interval is not None
        return interval

    def test_width_is_that_of_the_binomial_where_every_row_is_a_group(self) -> None:
        scored = make_scored(n=400, groups=400)
        low, high = self.interval(scored)
        accuracy = float(GroupFigures(scored)()["accuracy"][0])
        assert low < accuracy < high
        assert high - low == pytest.approx(2 * 1.96 * np.sqrt(accuracy * (1 - accuracy) / 400), rel=0.15)

    def test_repeating_each_recording_in_its_group_narrows_nothing(self) -> None:
        scored = make_scored(n=100, groups=100)
        many = scored.take(np.repeat(np.arange(100), 20))
        assert self.interval(many) == pytest.approx(self.interval(scored))

    def test_intervals_hold_the_truth_as_often_as_they_promise(self) -> None:
        """Recordings of a group are all right or all wrong: intervals over recordings would be too narrow."""
        held, repetitions = 0, 200
        for seed in range(repetitions):
            rng = np.random.default_rng(seed)
            right = np.repeat(rng.random(40) < 0.6, 5)
            y_true = rng.integers(0, 4, 200)
            probabilities = np.eye(4)[np.where(right, y_true, (y_true + 1) % 4)]
            scored = replace(
                make_scored(n=200, groups=40),
                y_true=y_true,
                probabilities=probabilities,
                groups=np.repeat(np.arange(40), 5),
            )
            low, high = self.interval(scored, samples=300)
            held += low <= 0.6 <= high
        assert 0.9 <= held / repetitions <= 0.99

    def test_refuses_tables_over_different_groups(self) -> None:
        tables = {"a": GroupFigures(make_scored(groups=10)), "b": GroupFigures(make_scored(groups=11))}
        with pytest.raises(ValueError, match="same groups"):
            bootstrap(tables, samples=10, seed=0)


class TestIntervals:
    def test_none_where_the_figure_is_hardly_ever_defined(self) -> None:
        values = np.full(100, np.nan)
        values[:10] = 0.5
        assert percentile_interval(values, 0.95) is None

    def test_undefined_resamples_are_left_out(self) -> None:
        values = np.append(np.linspace(0, 1, 101), np.nan)
        assert percentile_interval(values, 0.9) == pytest.approx((0.05, 0.95))

    def test_the_calibration_error_lies_in_its_interval_though_resampling_raises_it(self) -> None:
        rng = np.random.default_rng(0)
        scored = make_scored(n=150, groups=150)
        outcome = (rng.random((150, 1)) < np.cumsum(scored.probabilities, axis=1)).argmax(axis=1)
        calibrated = replace(scored, y_true=outcome.astype(np.int64))
        figures = GroupFigures(calibrated)
        value = float(figures()["ece"][0])
        values = bootstrap({"m": figures}, samples=500, seed=0)["m"]["ece"]
        assert values.mean() > value
        interval = shifted_interval(values, value, 0.95)
        assert interval is not None
        assert interval[0] <= value <= interval[1]
