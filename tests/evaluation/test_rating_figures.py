"""Figures of ratings: what they are, what they are worth, and beside what they stand."""

import numpy as np
import pytest

from auricle.errors import ConfigurationError
from auricle.evaluation.rating_figures import RatedRows, beside, judge, rating_figures

RNG = np.random.default_rng(0)
TRUTH = RNG.uniform(size=120)
GROUPS = np.array([f"artist {number // 4}" for number in range(120)], dtype=object)


class TestFigures:
    def test_of_the_truth_are_perfect(self) -> None:
        found = rating_figures(TRUTH, TRUTH, liked=0.7)
        assert found["mae"] == found["rmse"] == found["calibration_error"] == 0
        assert [found[name] for name in ("spearman", "kendall", "ndcg_at_10")] == pytest.approx([1, 1, 1])
        assert found["precision_at_10"] == 1

    def test_of_the_reverse_are_as_bad_as_can_be(self) -> None:
        found = rating_figures(TRUTH, 1 - TRUTH, liked=0.7)
        assert found["spearman"] == pytest.approx(-1)
        assert found["precision_at_10"] == 0

    def test_of_one_answer_for_all_have_no_ranks_and_the_usual_precision(self) -> None:
        found = rating_figures(TRUTH, np.full(120, 0.5), liked=0.7)
        assert np.isnan([found["spearman"], found["kendall"]]).all()
        assert found["precision_at_10"] == pytest.approx((TRUTH >= 0.7).mean())
        assert found["calibration_error"] == pytest.approx(abs(0.5 - TRUTH.mean()))

    def test_are_those_of_a_small_example(self) -> None:
        found = rating_figures(np.array([0.0, 1.0, 0.5]), np.array([0.5, 1.0, 0.6]), liked=0.9)
        assert found["mae"] == pytest.approx(0.2)
        assert found["rmse"] == pytest.approx(np.sqrt((0.25 + 0.01) / 3))
        assert found["precision_at_10"] == pytest.approx(1 / 3)


class TestJudging:
    def test_shows_a_model_that_knows_something_to_be_better_than_the_mean(self) -> None:
        said = {"model": TRUTH + RNG.normal(0, 0.1, 120), "mean": np.full(120, TRUTH.mean())}
        found = judge(RatedRows(TRUTH, GROUPS), said, samples=60)
        assert found["groups"] == 30
        low, high = found["figures"]["model"]["mae"]["interval"]
        assert low < found["figures"]["model"]["mae"]["value"] < high
        assert found["differences"]["mean"]["mae"]["better"]
        assert found["differences"]["mean"]["mae"]["value"] < 0
        assert found["differences"]["mean"]["spearman"]["interval"] is None

    def test_shows_nothing_of_a_model_that_knows_nothing(self) -> None:
        said = {"model": RNG.uniform(size=120), "mean": np.full(120, TRUTH.mean())}
        found = judge(RatedRows(TRUTH, GROUPS), said, samples=60)
        assert not found["differences"]["mean"]["mae"]["better"]

    def test_gives_no_interval_of_a_calibration_error_that_is_below_zero(self) -> None:
        said = np.tile([0.25, 0.45, 0.65, 0.85], 30)
        truth = said + np.repeat(np.tile([0.1, -0.1], 15), 4)  # errors that sum to nothing in each bin
        judged = {"model": said, "mean": np.full(120, truth.mean())}
        found = judge(RatedRows(truth, GROUPS), judged, samples=100)
        of_figure = found["figures"]["model"]["calibration_error"]
        low, high = of_figure["interval"]
        assert 0 <= low <= of_figure["value"] <= high

    def test_of_fewer_groups_than_a_claim_needs_shows_nothing(self) -> None:
        said = {"model": TRUTH, "mean": np.full(120, TRUTH.mean())}
        few = judge(RatedRows(TRUTH, GROUPS), said, samples=60, min_groups=31)
        assert few["figures"]["model"]["mae"] == {"value": 0.0, "interval": None}
        assert not few["differences"]["mean"]["mae"]["better"]
        assert judge(RatedRows(TRUTH, GROUPS), said, samples=60, min_groups=30)["differences"]["mean"]["mae"][
            "better"
        ]

    def test_needs_groups_to_draw_from(self) -> None:
        with pytest.raises(ConfigurationError, match="Ratings of 1 group"):
            judge(RatedRows(TRUTH, np.full(120, "one", dtype=object)), {"model": TRUTH})


def test_simpler_means_know_the_artist_where_it_was_heard_and_use_what_was_heard() -> None:
    heard = RNG.normal(size=(80, 4))
    ratings = 1 / (1 + np.exp(-2 * heard[:, 0]))
    asked = RNG.normal(size=(60, 4))
    truth = 1 / (1 + np.exp(-2 * asked[:, 0]))
    asked_groups = np.array(["artist 0", *["unheard"] * 59], dtype=object)
    said = beside(heard=heard, ratings=ratings, groups=GROUPS[:80], asked=asked, asked_groups=asked_groups)
    assert said["group_mean"][0] == pytest.approx(ratings[:4].mean())
    assert said["group_mean"][1:] == pytest.approx(said["mean"][1:])
    errors = {name: float(np.abs(of - truth).mean()) for name, of in said.items()}
    assert errors["forest"] < errors["mean"]
    assert errors["neighbours"] < errors["mean"]
