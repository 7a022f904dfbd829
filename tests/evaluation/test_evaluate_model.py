"""metrics.json: every figure with interval and baseline, and no claim where there is no ground for one."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from scored_samples import CLASSES, Study
from sklearn.metrics import log_loss

from auricle.evaluation.evaluate import evaluate_model
from auricle.evaluation.params import EvaluateParams

MakeStudy = Callable[..., Study]
PARAMS = EvaluateParams(bootstrap_samples=200)


class TestFigures:
    @pytest.mark.parametrize("protocol", ["holdout", "grouped_k_fold"])
    def test_each_lies_in_its_interval_beside_the_majority(self, study: MakeStudy, protocol: str) -> None:
        made = study(protocol=protocol)
        figures = evaluate_model(made.strong, made.manifest, PARAMS)["figures"]
        for name, entry in figures.items():
            assert entry["low"] <= entry["value"] <= entry["high"], name
            assert entry["reason"] is None
        for name in ("accuracy", "balanced_accuracy", "macro_f1", "top_k_accuracy", "roc_auc", "mcc"):
            assert figures[name]["low"] > figures[name]["majority"], name
        assert figures["log_loss"]["high"] < figures["log_loss"]["majority"]

    def test_are_the_same_on_every_run(self, study: MakeStudy) -> None:
        made = study()
        first = evaluate_model(made.strong, made.manifest, PARAMS)
        again = evaluate_model(made.strong.sample(frac=1, random_state=1), made.manifest, PARAMS)
        assert again["figures"]["accuracy"] == pytest.approx(first["figures"]["accuracy"])

    def test_scaling_lowers_the_error_of_an_overconfident_model(self, study: MakeStudy) -> None:
        made = study(sharpness=4.0)
        metrics = evaluate_model(made.strong, made.manifest, PARAMS)
        figures = metrics["figures"]
        assert metrics["calibration"]["temperature"] > 1
        assert figures["ece_calibrated"]["value"] < figures["ece"]["value"]
        assert figures["log_loss_calibrated"]["value"] < figures["log_loss"]["value"]

    def test_go_into_json_without_nan(self, study: MakeStudy) -> None:
        made = study(groups=40)
        manifest = made.manifest[(made.manifest["split"] != "test") | (made.manifest["label"] == "blues")]
        metrics = evaluate_model(made.strong, manifest, PARAMS)
        assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics
        assert metrics["figures"]["roc_auc"]["value"] is None
        assert "two classes" in metrics["figures"]["roc_auc"]["reason"]

    def test_top_k_of_as_many_classes_says_nothing(self, study: MakeStudy) -> None:
        made = study(classes=("dog", "cat"))
        entry = evaluate_model(made.strong, made.manifest, PARAMS)["figures"]["top_k_accuracy"]
        assert entry["value"] is None
        assert "always right" in entry["reason"]


class TestMajority:
    def test_learns_its_class_and_its_priors_from_training_only(self, study: MakeStudy) -> None:
        made = study()
        test, disco = made.manifest["split"] == "test", made.manifest["label"] == "disco"
        kept = made.manifest.index % 3 == 0
        manifest = made.manifest[(test & disco) | (~test & ~disco) | kept]  # disco: common in test only
        metrics = evaluate_model(made.strong, manifest, PARAMS)
        truth = manifest.loc[manifest["split"] == "test", "label"]
        assert truth.value_counts().index[0] == "disco"
        priors = manifest.loc[manifest["split"] == "train", "label"].value_counts(normalize=True)
        figures = metrics["figures"]
        assert metrics["majority_label"] != "disco"
        assert figures["accuracy"]["majority"] == pytest.approx((truth == metrics["majority_label"]).mean())
        assert figures["balanced_accuracy"]["majority"] == pytest.approx(1 / len(CLASSES))
        probabilities = np.tile(priors[list(CLASSES)].to_numpy(), (len(truth), 1))
        expected = log_loss(truth, probabilities, labels=list(CLASSES))
        assert figures["log_loss"]["majority"] == pytest.approx(expected)
        assert figures["roc_auc"]["majority"] == 0.5

    def test_a_model_that_always_says_the_majority_scores_what_the_majority_scores(
        self, study: MakeStudy
    ) -> None:
        made = study()
        priors = made.manifest.loc[made.manifest["split"] == "train", "label"].value_counts(normalize=True)
        predictions = made.strong.assign(**{label: np.float32(priors[label]) for label in CLASSES})
        for name, entry in evaluate_model(predictions, made.manifest, PARAMS)["figures"].items():
            if not name.endswith("calibrated"):
                assert entry["value"] == pytest.approx(entry["majority"], abs=1e-6), name


class TestClaims:
    def test_a_class_in_too_few_groups_is_shown_without_interval_and_warned_of(
        self, study: MakeStudy
    ) -> None:
        made = study()
        rare = (made.manifest["split"] == "test") & (made.manifest["label"] == "metal")
        keep = made.manifest.loc[rare, "group"].unique()[:3]
        manifest = made.manifest[~rare | made.manifest["group"].isin(keep)]
        metrics = evaluate_model(made.strong, manifest, PARAMS)
        rows = {row["label"]: row for row in metrics["per_class"]}
        assert rows["metal"]["claim"] is False
        assert rows["metal"]["groups"] == 3
        assert rows["metal"]["f1"]["value"] is not None
        assert rows["metal"]["f1"]["low"] is None
        assert rows["blues"]["claim"] is True
        assert rows["blues"]["f1"]["low"] is not None
        assert any("Too few groups for a claim" in w and "metal (3)" in w for w in metrics["warnings"])

    def test_an_absent_class_has_no_figures_and_a_reason(self, study: MakeStudy) -> None:
        made = study()
        absent = (made.manifest["split"] == "test") & (made.manifest["label"] == "metal")
        metrics = evaluate_model(made.strong, made.manifest[~absent], PARAMS)
        row = next(row for row in metrics["per_class"] if row["label"] == "metal")
        assert row["support"] == 0
        assert row["f1"] == {"value": None, "low": None, "high": None}
        assert "absent" in row["reason"]
        assert any("No judged recording of metal" in warning for warning in metrics["warnings"])

    def test_too_few_groups_in_all_give_no_interval_at_all(self, study: MakeStudy) -> None:
        made = study(groups=20)
        metrics = evaluate_model(made.strong, made.manifest, PARAMS)
        assert metrics["groups"] == 4
        for entry in metrics["figures"].values():
            assert entry["value"] is not None
            assert entry["low"] is None
            assert "too few" in entry["reason"]
