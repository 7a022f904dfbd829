"""Answering only where a model is sure: the curve by definition, thresholds from other recordings alone."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scored_samples import Study, make_scored

from auricle.evaluation.calibration import calibrate_scored
from auricle.evaluation.coverage import CoverageFigures, choose_abstention, confidence_of, cross_fitted
from auricle.evaluation.evaluate import evaluate_model
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.scored import Scored, scored_rows
from auricle.models.temperature import fit_temperature, scale

MakeStudy = Callable[..., Study]
PARAMS = EvaluateParams(bootstrap_samples=100, abstain_below=0.6)


def area_by_definition(rows: Scored, weights: np.ndarray) -> float:
    """The mean risk over all numbers of answers, each row as often as its group is drawn."""
    confidence, right = confidence_of(rows)
    total, area = 0.0, 0.0
    for threshold in sorted(set(confidence), reverse=True):
        answered = weights[rows.groups] * (confidence >= threshold)
        here = weights[rows.groups] * (confidence == threshold)
        if answered.sum():
            area += here.sum() * (answered * ~right).sum() / answered.sum()
        total += here.sum()
    return area / total


class TestCurve:
    @pytest.mark.parametrize("ties", [False, True])
    def test_its_area_is_the_mean_risk(self, ties: bool) -> None:
        rows = make_scored(n=120, groups=20, ties=ties)
        table = CoverageFigures(rows)
        assert table()["area"][0] == pytest.approx(area_by_definition(rows, np.ones(20)))
        weights = np.random.default_rng(0).integers(0, 3, size=(20, 4)).astype(np.float32)
        expected = [area_by_definition(rows, column) for column in weights.T]
        np.testing.assert_allclose(table(weights)["area"], expected, rtol=1e-6)

    def test_confidence_that_says_nothing_has_the_area_of_a_random_order(self) -> None:
        rows = make_scored(n=90)
        rows = rows.with_probabilities(np.tile([0.4, 0.3, 0.2, 0.1], (90, 1)))
        assert CoverageFigures(rows)()["area"][0] == pytest.approx((rows.y_true != 0).mean())

    def test_the_largest_coverage_keeps_the_accuracy(self) -> None:
        rows = make_scored(n=200)
        found = CoverageFigures(rows, [0.9])()["coverage_0.9"][0]
        confidence, right = confidence_of(rows)
        reached = [
            answered.mean()
            for threshold in confidence
            if right[answered := confidence >= threshold].mean() >= 0.9
        ]
        assert found == pytest.approx(max(reached))


class TestThreshold:
    def test_is_the_lowest_that_keeps_the_accuracy(self) -> None:
        rows = make_scored(n=300)
        threshold = choose_abstention(rows, 0.9, fewest=10)
        assert threshold is not None
        confidence, right = confidence_of(rows)
        answered = confidence >= threshold
        assert right[answered].mean() >= 0.9
        lower = sorted(confidence[~answered], reverse=True)
        assert all(right[confidence >= value].mean() < 0.9 for value in lower)

    def test_is_none_where_too_few_would_be_answered(self) -> None:
        rows = make_scored(n=300)
        threshold = choose_abstention(rows, 0.9, fewest=1)
        assert threshold is not None
        count = int((confidence_of(rows)[0] >= threshold).sum())
        assert choose_abstention(rows, 0.9, fewest=count) == threshold
        assert choose_abstention(rows, 0.9, fewest=count + 1) is None

    def test_comes_from_validation_alone(self, study: MakeStudy) -> None:
        made = study(sharpness=4.0)
        first = evaluate_model(made.strong, made.manifest, PARAMS)["coverage"]
        test = made.manifest["split"] == "test"
        others = np.roll(made.manifest.loc[test, "label"].to_numpy(), 3)  # the truth of other groups
        manifest = made.manifest.copy()
        manifest.loc[test, "label"] = others
        second = evaluate_model(made.strong, manifest, PARAMS)["coverage"]
        assert first["chosen_on"] == {
            "split": "validation",
            "recordings": int((made.manifest["split"] == "validation").sum()),
        }
        for one, two in zip(first["targets"], second["targets"], strict=True):
            assert one["threshold"] == two["threshold"]
            assert one["coverage"] == two["coverage"]
            assert one["accuracy"]["value"] > two["accuracy"]["value"] + 0.3

    def test_is_held_against_calibrated_probabilities(self, study: MakeStudy) -> None:
        made = study(sharpness=4.0)
        coverage = evaluate_model(made.strong, made.manifest, PARAMS)["coverage"]
        validation = scored_rows(made.strong, made.manifest, split="validation")
        rows = scored_rows(made.strong, made.manifest)
        temperature = fit_temperature(validation.probabilities, validation.y_true)
        assert temperature > 1.5
        confidence = scale(rows.probabilities, temperature).max(axis=1)
        right = confidence_of(rows)[1]
        entry = coverage["abstain_below"]
        assert coverage["probabilities"] == "calibrated"
        assert entry["coverage"]["value"] == pytest.approx((confidence >= 0.6).mean())
        assert entry["accuracy"]["value"] == pytest.approx(right[confidence >= 0.6].mean())
        assert entry["coverage"]["low"] < entry["coverage"]["value"] < entry["coverage"]["high"]
        scaled = validation.with_probabilities(scale(validation.probabilities, temperature))
        for target in coverage["targets"]:
            assert target["threshold"] == choose_abstention(scaled, target["target"], fewest=10)

    def test_without_validation_none_is_suggested(self, study: MakeStudy) -> None:
        made = study()
        table = made.strong[made.strong["split"] != "validation"]
        coverage = evaluate_model(table, made.manifest, PARAMS)["coverage"]
        assert coverage["probabilities"] == "raw"
        assert coverage["chosen_on"] is None
        assert all(entry["threshold"] is None for entry in coverage["targets"])
        assert "no validation" in coverage["targets"][0]["reason"]

    def test_out_of_fold_no_recording_has_a_say_in_its_own(self, study: MakeStudy) -> None:
        made = study(protocol="grouped_k_fold")
        rows = scored_rows(made.strong, made.manifest)
        mine = rows.folds == 0
        wrong = rows.y_true.copy()
        some = np.flatnonzero(mine)[::6]
        wrong[some] = (wrong[some] + 1) % len(rows.vocabulary)
        before = cross_fitted(rows, 0.9, fewest=10)
        after = cross_fitted(replace(rows, y_true=wrong), 0.9, fewest=10)
        assert before is not None
        assert after is not None
        np.testing.assert_array_equal(before[mine], after[mine])
        assert (before[~mine] != after[~mine]).all()

    def test_out_of_fold_the_answers_are_those_of_crossed_thresholds(self, study: MakeStudy) -> None:
        made = study(protocol="grouped_k_fold")
        coverage = evaluate_model(made.strong, made.manifest, PARAMS)["coverage"]
        assert coverage["chosen_on"]["split"] == "out_of_fold"
        rows = scored_rows(made.strong, made.manifest)
        calibrated, _ = calibrate_scored(rows, rows, None)
        assert calibrated is not None
        confidence, right = confidence_of(calibrated)
        for entry in coverage["targets"]:
            answered = confidence >= cross_fitted(calibrated, entry["target"], fewest=10)
            assert entry["coverage"]["value"] == pytest.approx(answered.mean())
            assert entry["accuracy"]["value"] == pytest.approx(right[answered].mean())


class TestKeptTemperature:
    def test_that_of_the_bundle_is_used_where_it_has_one(self, study: MakeStudy) -> None:
        made = study(sharpness=4.0)
        config = {"calibration_temperature": 2.5}
        metrics = evaluate_model(made.strong, made.manifest, PARAMS, None, config)
        assert metrics["calibration"]["temperature"] == 2.5
        assert metrics["calibration"]["kept"] is True
        rows = scored_rows(made.strong, made.manifest)
        confidence = scale(rows.probabilities, 2.5).max(axis=1)
        entry: dict[str, Any] = metrics["coverage"]["abstain_below"]
        assert entry["coverage"]["value"] == pytest.approx((confidence >= 0.6).mean())

    def test_out_of_fold_each_fold_still_has_that_of_the_others(self, study: MakeStudy) -> None:
        made = study(protocol="grouped_k_fold", groups=60)
        config = {"calibration_temperature": 19.0}
        metrics = evaluate_model(made.strong, made.manifest, PARAMS, None, config)
        assert metrics["calibration"]["cross_fitted"] is True
        assert metrics["calibration"]["temperature"] < 10


def test_equal_confidence_is_answered_together() -> None:
    rows = make_scored(n=40, groups=8)
    even = replace(rows, probabilities=np.full((40, 4), 0.25))
    coverage, _ = CoverageFigures(even).curve()
    assert coverage.tolist() == [[1.0]]
