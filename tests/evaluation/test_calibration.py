"""Temperature scaling repairs confidence without looking at what it is judged on."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scored_samples import Study, make_scored

from auricle.evaluation.calibration import (
    calibrate,
    calibration_folds,
    fit_scored,
    reliability,
    scale_scored,
)
from auricle.evaluation.metrics import GroupFigures
from auricle.evaluation.scored import Scored, calibration_rows, scored_rows
from auricle.models.temperature import fit_temperature, row_losses, scale


def draw_labels(scored: Scored, seed: int = 0) -> Scored:
    """Labels drawn from the probabilities themselves: a perfectly calibrated model."""
    cumulative = np.cumsum(scored.probabilities, axis=1)
    random = np.random.default_rng(seed).random((len(scored), 1))
    return replace(scored, y_true=(random < cumulative).argmax(axis=1).astype(np.int64))


class TestTemperature:
    def test_a_calibrated_model_keeps_its_temperature(self) -> None:
        scored = draw_labels(make_scored(n=8000))
        assert fit_temperature(scored.probabilities, scored.y_true) == pytest.approx(1, abs=0.08)

    @pytest.mark.parametrize("distortion", [0.4, 2.5])
    def test_a_distorted_one_gets_its_distortion_back(self, distortion: float) -> None:
        scored = draw_labels(make_scored(n=8000))
        distorted = scale(scored.probabilities, distortion)
        assert fit_temperature(distorted, scored.y_true) == pytest.approx(1 / distortion, rel=0.1)

    def test_changes_no_decision(self) -> None:
        scored = make_scored()
        for temperature in (0.3, 3.0):
            scaled = scale(scored.probabilities, temperature)
            np.testing.assert_array_equal(scaled.argmax(axis=1), scored.probabilities.argmax(axis=1))
            np.testing.assert_allclose(scaled.sum(axis=1), 1)

    def test_certainty_of_a_forest_stays_finite(self) -> None:
        probabilities = np.eye(3)
        labels = np.array([1, 1, 2])
        temperature = fit_temperature(probabilities, labels)
        assert np.isfinite(row_losses(scale(probabilities, temperature), labels)).all()


class TestHoldout:
    def test_is_fitted_on_validation_only(self, study: Callable[..., Study]) -> None:
        made = study(sharpness=4.0)
        evaluated = scored_rows(made.strong, made.manifest)
        fitting = calibration_rows(made.strong, made.manifest, evaluated)
        assert fitting is not None
        assert fitting.split == "validation"
        calibrated, facts = calibrate(evaluated, fitting, fit=fit_scored, scaled=scale_scored)
        assert calibrated is not None
        assert facts["recordings"] == int((made.manifest["split"] == "validation").sum())
        assert facts["temperature"] == pytest.approx(fit_temperature(fitting.probabilities, fitting.y_true))
        assert GroupFigures(calibrated)()["ece"][0] < GroupFigures(evaluated)()["ece"][0] / 2

    def test_says_so_where_there_is_no_validation(self, study: Callable[..., Study]) -> None:
        made = study()
        predictions = made.strong[made.strong["split"] == "test"]
        evaluated = scored_rows(predictions, made.manifest)
        calibrated, facts = calibrate(
            evaluated,
            calibration_rows(predictions, made.manifest, evaluated),
            fit=fit_scored,
            scaled=scale_scored,
        )
        assert calibrated is None
        assert "no validation" in facts["reason"]


class TestOutOfFold:
    def test_a_fold_has_no_say_in_its_own_temperature(self, study: Callable[..., Study]) -> None:
        made = study(protocol="grouped_k_fold", groups=60)
        evaluated = scored_rows(made.strong, made.manifest)
        before, facts = calibrate(evaluated, evaluated, fit=fit_scored, scaled=scale_scored)
        assert facts["cross_fitted"]
        mine = evaluated.folds == 0
        shuffled = evaluated.y_true.copy()
        shuffled[mine] = np.random.default_rng(0).permutation(shuffled[mine])
        after, _ = calibrate(
            replace(evaluated, y_true=shuffled), evaluated, fit=fit_scored, scaled=scale_scored
        )
        assert before is not None
        assert after is not None
        np.testing.assert_array_equal(before.probabilities[mine], after.probabilities[mine])
        assert (before.probabilities[~mine] != after.probabilities[~mine]).any()

    def test_without_folds_no_group_is_divided(self) -> None:
        scored = make_scored(groups=7)
        folds = calibration_folds(scored)
        assert len(np.unique(folds)) == 5
        for group in range(scored.n_groups):
            assert len(np.unique(folds[scored.groups == group])) == 1


class TestReliability:
    def test_bins_hold_every_row_once_and_average_to_the_error(self) -> None:
        scored = make_scored()
        bins = reliability(scored, 10)
        assert sum(entry["count"] for entry in bins) == len(scored)
        error = sum(e["count"] * abs(e["accuracy"] - e["confidence"]) for e in bins) / len(scored)
        assert error == pytest.approx(GroupFigures(scored, bins=10)()["ece"][0])
        for entry in bins:
            assert entry["lower"] <= entry["confidence"] <= entry["upper"]
