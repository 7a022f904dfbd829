"""Models of several labels, judged: nothing of the test split decides, and the baseline is honest."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from label_samples import LABELS, NAMES, config, make_manifest, predict

from auricle.corpora.labels import MULTI, LabelParams
from auricle.errors import CorpusError
from auricle.evaluation.comparison import compare_models
from auricle.evaluation.evaluate import evaluate_model
from auricle.evaluation.params import EvaluateParams

PARAMS = EvaluateParams(bootstrap_samples=200)


def evaluated(manifest: pd.DataFrame, predictions: pd.DataFrame, **options: Any) -> dict[str, Any]:
    return evaluate_model(predictions, manifest, PARAMS, options.pop("labels", LABELS), **options)


def of(metrics: dict[str, Any], name: str) -> float:
    return float(metrics["figures"][name]["value"])


@pytest.fixture(scope="module")
def manifest() -> pd.DataFrame:
    return make_manifest()


class TestFigures:
    @pytest.mark.parametrize("folds", [0, 5])
    def test_lie_in_their_intervals_and_go_into_json(self, folds: int) -> None:
        manifest = make_manifest(folds=folds)
        metrics = evaluated(manifest, predict(manifest, skill=3))
        json.dumps(metrics, allow_nan=False)
        assert metrics["split"] == ("out_of_fold" if folds else "test")
        for name, entry in metrics["figures"].items():
            if folds and name.endswith("unweighted"):
                assert "weights of its own" in entry["reason"]
                continue
            assert entry["low"] <= entry["value"] <= entry["high"], name
            assert entry["majority"] is not None, name

    @pytest.mark.parametrize("folds", [0, 5])
    def test_a_model_beats_the_prevalence_and_a_guess_does_not(self, folds: int) -> None:
        manifest = make_manifest(folds=folds)
        for skill, better in ((3.0, True), (0.0, False)):
            entry = evaluated(manifest, predict(manifest, skill=skill))["figures"]["mean_average_precision"]
            assert (entry["low"] > entry["majority"]) is better

    def test_the_baseline_is_what_training_shares_score(self, manifest: pd.DataFrame) -> None:
        train = manifest[manifest["split"] == "train"]
        constant = predict(manifest, skill=3)
        for name in NAMES:
            constant[name] = np.float32(train["labels"].map(lambda labels, name=name: name in labels).mean())
        metrics = evaluated(manifest, constant)
        for name in ("micro_average_precision", "roc_auc", "hamming_loss_at_half"):
            assert of(metrics, name) == pytest.approx(metrics["figures"][name]["majority"], abs=1e-3), name

    def test_each_label_stands_beside_its_prevalence(self, manifest: pd.DataFrame) -> None:
        rows = evaluated(manifest, predict(manifest, skill=3))["per_class"]
        test = manifest[manifest["split"] == "test"]
        for row in rows:
            has = test["labels"].map(lambda labels, row=row: row["label"] in labels)
            assert row["support"] == has.sum()
            assert row["prevalence"] == pytest.approx(has.mean())
            assert row["average_precision"]["value"] > row["prevalence"]


class TestThresholds:
    def test_come_from_validation_alone(self, manifest: pd.DataFrame) -> None:
        predictions = predict(manifest, skill=3)
        before = [row["threshold"] for row in evaluated(manifest, predictions)["per_class"]]
        shuffled = manifest.copy()
        test = (shuffled["split"] == "test").to_numpy()
        shuffled.loc[test, "labels"] = shuffled.loc[test, "labels"].to_numpy()[::-1]
        after = [row["threshold"] for row in evaluated(shuffled, predictions)["per_class"]]
        assert before == after

    def test_of_the_bundle_are_taken_where_it_has_any(self, manifest: pd.DataFrame) -> None:
        predictions = predict(manifest, skill=3)
        metrics = evaluated(manifest, predictions, config=config(thresholds=[0.9, 0.8, 0.7, 0.6]))
        assert [row["threshold"] for row in metrics["per_class"]] == pytest.approx([0.9, 0.8, 0.7, 0.6])

    def test_stand_beside_one_half(self, manifest: pd.DataFrame) -> None:
        metrics = evaluated(manifest, predict(manifest, skill=3, weight=0.1))
        assert of(metrics, "macro_f1") > of(metrics, "macro_f1_at_half") + 0.1
        same = evaluated(manifest, predict(manifest, skill=3), config=config(thresholds=[0.5] * 4))
        assert of(same, "macro_f1") == of(same, "macro_f1_at_half")

    def test_out_of_fold_no_recording_has_a_say_in_its_own(self) -> None:
        manifest = make_manifest(folds=5)
        predictions = predict(manifest, skill=3)
        before = evaluated(manifest, predictions, labels=LABELS)
        changed = manifest.copy()
        mine = (changed["fold"] == 0).to_numpy()
        changed.loc[mine, "labels"] = changed.loc[mine, "labels"].to_numpy()[::-1]
        from auricle.evaluation.label_rows import label_rows, with_chosen_thresholds

        chosen = [
            with_chosen_thresholds(label_rows(predictions, table, LABELS), None, LABELS, None)
            for table in (manifest, changed)
        ]
        held_out = chosen[0].folds == 0
        assert np.array_equal(chosen[0].thresholds[held_out], chosen[1].thresholds[held_out])
        assert not np.array_equal(chosen[0].thresholds[~held_out], chosen[1].thresholds[~held_out])
        assert before["split"] == "out_of_fold"


class TestCalibration:
    def test_weighted_positives_are_undone(self, manifest: pd.DataFrame) -> None:
        metrics = evaluated(manifest, predict(manifest, skill=3, weight=6.0), config=config(weight=6.0))
        plain = evaluated(manifest, predict(manifest, skill=3))
        assert of(metrics, "ece") > 2 * of(metrics, "ece_unweighted")
        assert of(metrics, "ece_unweighted") == pytest.approx(of(plain, "ece"), abs=1e-5)
        assert of(metrics, "mean_average_precision") == pytest.approx(of(plain, "mean_average_precision"))

    def test_one_temperature_is_fitted_on_validation(self, manifest: pd.DataFrame) -> None:
        sharp = predict(manifest, skill=3)
        odds = (sharp[list(NAMES)] / (1 - sharp[list(NAMES)])) ** 3
        sharp[list(NAMES)] = (odds / (1 + odds)).astype(np.float32)
        metrics = evaluated(manifest, sharp)
        assert metrics["calibration"]["temperature"] == pytest.approx(3, rel=0.3)
        assert metrics["calibration"]["fitted_on"] == "validation"
        assert of(metrics, "log_loss_calibrated") < of(metrics, "log_loss")


class TestHierarchy:
    def test_has_figures_of_each_level(self, manifest: pd.DataFrame) -> None:
        labels = LabelParams(problem_type=MULTI, parents={"rare": "fast"})
        levels = evaluated(manifest, predict(manifest, skill=3), labels=labels)["levels"]
        assert [level["labels"] for level in levels] == [["bright", "dark", "fast"], ["rare"]]
        assert levels[0]["mean_average_precision"]["low"] < levels[0]["mean_average_precision"]["value"]

    def test_nothing_is_claimed_of_a_level_heard_in_too_few_groups(self, manifest: pd.DataFrame) -> None:
        labels = LabelParams(problem_type=MULTI, parents={"rare": "fast"})
        few = PARAMS.model_copy(update={"min_groups_for_claim": 1000})
        levels = evaluate_model(predict(manifest, skill=3), manifest, few, labels)["levels"]
        assert levels[0]["macro_f1"]["value"] is not None
        assert levels[0]["macro_f1"]["low"] is None

    def test_a_child_makes_its_parent_true(self, manifest: pd.DataFrame) -> None:
        labels = LabelParams(problem_type=MULTI, parents={"rare": "fast"})
        flat, deep = (
            {
                row["label"]: row["support"]
                for row in evaluated(manifest, predict(manifest, skill=3), labels=each)["per_class"]
            }
            for each in (LABELS, labels)
        )
        assert deep["fast"] > flat["fast"]
        assert deep["rare"] == flat["rare"]


class TestRefusals:
    def test_what_is_no_probability(self, manifest: pd.DataFrame) -> None:
        predictions = predict(manifest, skill=3)
        predictions.loc[predictions["split"] == "test", "dark"] = 1.5
        with pytest.raises(CorpusError, match="each number from 0 to 1"):
            evaluated(manifest, predictions)

    def test_an_unknown_label_is_passed_by_and_told(self, manifest: pd.DataFrame) -> None:
        metrics = evaluated(manifest, predict(manifest, skill=3).drop(columns="rare"))
        assert metrics["vocabulary"] == ["bright", "dark", "fast"]
        assert any(
            "does not know 1 labels" in warning and "rare" in warning for warning in metrics["warnings"]
        )


class TestComparison:
    def test_ranks_by_map_and_shows_a_large_difference(self, manifest: pd.DataFrame) -> None:
        models = {"cnn": predict(manifest, skill=1, seed=2), "resnet": predict(manifest, skill=6)}
        comparison = compare_models(models, manifest, PARAMS, LABELS)
        assert comparison["ranking"] == ["resnet", "cnn"]
        assert comparison["ranked_by"] == "mean_average_precision"
        assert comparison["verdict"]["shown"]
        assert "prevalence baseline" in comparison["verdict"]["text"]
        assert {entry["than"] for entry in comparison["against_majority"]} == {"prevalence"}

    def test_a_label_that_one_model_does_not_know_costs_it(self, manifest: pd.DataFrame) -> None:
        whole = predict(manifest, skill=3)
        models = {"cnn": whole, "resnet": whole.drop(columns="rare")}
        comparison = compare_models(models, manifest, PARAMS, LABELS)
        assert comparison["ranking"][0] == "cnn"

    @pytest.mark.parametrize("folds", [0, 5])
    @pytest.mark.parametrize("seed", range(4))
    def test_a_guess_is_not_said_to_have_learned(self, folds: int, seed: int) -> None:
        manifest = make_manifest(folds=folds)
        guess = predict(manifest, skill=0)
        guess[list(NAMES)] = np.random.default_rng(seed).random((len(guess), len(NAMES))).astype(np.float32)
        comparison = compare_models({"cnn": guess}, manifest, PARAMS, LABELS)
        (entry,) = (e for e in comparison["against_majority"] if e["figure"] == "mean_average_precision")
        assert entry["verdict"] != "better"

    def test_a_label_that_a_model_does_not_know_is_not_said_of_everything(self) -> None:
        manifest = make_manifest(folds=5)
        models = {
            "cnn": predict(manifest, skill=3),
            "resnet": predict(manifest, skill=3).drop(columns="rare"),
        }
        figures = compare_models(models, manifest, PARAMS, LABELS)["models"]
        assert figures["resnet"]["hamming_loss"]["value"] < 0.25
