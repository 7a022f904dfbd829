"""Figures of each level of a hierarchy are scikit-learn's, on labels cut from the names of classes."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hierarchical_samples import CLASSES, LABELS, notes_manifest, notes_predictions, up_to
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from auricle.corpora.labels import LabelParams
from auricle.evaluation.ablation import judge_ablation
from auricle.evaluation.evaluate import evaluate_model
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.rows import OUT_OF_FOLD

PARAMS = EvaluateParams(bootstrap_samples=200)
SCORES = {
    "accuracy": accuracy_score,
    "balanced_accuracy": balanced_accuracy_score,
    "macro_f1": lambda truth, said: f1_score(truth, said, average="macro", labels=sorted(set(truth))),
}


@pytest.fixture(scope="module")
def manifest() -> pd.DataFrame:
    return notes_manifest()


@pytest.fixture(scope="module")
def predictions(manifest: pd.DataFrame) -> pd.DataFrame:
    return notes_predictions(manifest)


@pytest.fixture(scope="module")
def metrics(manifest: pd.DataFrame, predictions: pd.DataFrame) -> dict[str, Any]:
    return evaluate_model(predictions, manifest, PARAMS, LABELS)


def judged(manifest: pd.DataFrame, predictions: pd.DataFrame) -> tuple[pd.Series, pd.DataFrame]:
    """Truth and probabilities of the test recordings."""
    table = predictions[predictions["split"] == "test"].set_index("recording_id")
    return manifest.set_index("recording_id")["label"][table.index], table[list(CLASSES)]


class TestLevels:
    @pytest.mark.parametrize("level", [1, 2, 3])
    def test_add_up_what_lies_below_them(
        self, manifest: pd.DataFrame, predictions: pd.DataFrame, metrics: dict[str, Any], level: int
    ) -> None:
        truth, probabilities = judged(manifest, predictions)
        truth = truth.map(lambda name: up_to(name, level))
        said = probabilities.T.groupby(lambda name: up_to(name, level)).sum().T.idxmax(axis=1)
        entry = metrics["levels"][level - 1]
        assert entry["name"] == ("quality", "aspect", "specific")[level - 1]
        assert sorted(entry["labels"]) == sorted({up_to(name, level) for name in CLASSES})
        for name, score in SCORES.items():
            assert entry[name]["value"] == pytest.approx(score(truth, said)), name
            assert entry[name]["low"] < entry[name]["value"] < entry[name]["high"], name

    @pytest.mark.parametrize("level", [1, 2, 3])
    def test_stand_beside_the_majority_of_the_level(
        self, manifest: pd.DataFrame, predictions: pd.DataFrame, metrics: dict[str, Any], level: int
    ) -> None:
        trained = manifest.loc[manifest["split"] == "train", "label"].map(lambda name: up_to(name, level))
        truth, _ = judged(manifest, predictions)
        truth = truth.map(lambda name: up_to(name, level))
        entry = metrics["levels"][level - 1]
        assert entry["majority_label"] == trained.value_counts().index[0]
        for name, score in SCORES.items():
            guessed = [entry["majority_label"]] * len(truth)
            assert entry[name]["majority"] == pytest.approx(score(truth, guessed)), name

    def test_sums_can_overrule_the_most_probable_class(self, manifest: pd.DataFrame) -> None:
        unsure = dict(zip(CLASSES, (0.3, 0.3, 0, 0, 0, 0, 0.4), strict=True))
        predictions = notes_predictions(manifest).assign(**unsure)
        levels = evaluate_model(predictions, manifest, PARAMS, LABELS)["levels"]
        truth, _ = judged(manifest, predictions)
        assert levels[0]["accuracy"]["value"] == pytest.approx(truth.str.startswith("bad").mean())
        assert levels[2]["accuracy"]["value"] == pytest.approx((truth == "good").mean())

    def test_the_last_is_that_of_the_classes(self, metrics: dict[str, Any]) -> None:
        for name in SCORES:
            of_level, of_all = metrics["levels"][-1][name], metrics["figures"][name]
            keys = ("value", "low", "high", "majority", "p_value")
            assert {key: of_level[key] for key in keys} == pytest.approx({key: of_all[key] for key in keys})

    def test_that_are_guessed_are_no_better_than_permuted_labels(self, manifest: pd.DataFrame) -> None:
        told = notes_predictions(manifest)
        order = np.random.default_rng(1).permutation(len(told))
        guessed = told.assign(**{name: told[name].to_numpy()[order] for name in CLASSES})
        for level in evaluate_model(guessed, manifest, PARAMS, LABELS)["levels"]:
            assert level["accuracy"]["p_value"] > 0.05

    def test_out_of_fold_the_majority_is_that_of_the_other_folds(self) -> None:
        manifest = notes_manifest(folds=5)
        predictions = notes_predictions(manifest)
        assert set(predictions["split"]) == {OUT_OF_FOLD}
        entry = evaluate_model(predictions, manifest, PARAMS, LABELS)["levels"][1]
        right = 0
        aspects = manifest["label"].map(lambda name: up_to(name, 2))
        for fold in range(5):
            majority = aspects[manifest["fold"] != fold].value_counts().index[0]
            right += int((aspects[manifest["fold"] == fold] == majority).sum())
        assert entry["accuracy"]["majority"] == pytest.approx(right / len(manifest))

    def test_go_into_json(self, metrics: dict[str, Any]) -> None:
        assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics

    def test_without_a_hierarchy_there_are_none(
        self, manifest: pd.DataFrame, predictions: pd.DataFrame
    ) -> None:
        metrics = evaluate_model(predictions, manifest, PARAMS)
        assert metrics["levels"] == []
        assert metrics["nearness"] is None

    def test_a_hierarchy_of_other_labels_is_told(
        self, manifest: pd.DataFrame, predictions: pd.DataFrame
    ) -> None:
        labels = LabelParams(parents={"punk": "rock"})
        metrics = evaluate_model(predictions, manifest, PARAMS, labels)
        assert metrics["levels"] == []
        assert any("labels.parents names none of the classes" in text for text in metrics["warnings"])

    def test_too_few_groups_give_no_interval(self) -> None:
        manifest = notes_manifest(groups=70)
        few = EvaluateParams(bootstrap_samples=100, min_groups_for_claim=100)
        metrics = evaluate_model(notes_predictions(manifest), manifest, few, LABELS)
        assert metrics["levels"][0]["accuracy"]["value"] is not None
        assert metrics["levels"][0]["accuracy"]["low"] is None
        assert metrics["nearness"]["right"]["low"] is None


# Truth, what is said, and what that is called.
OUTCOMES = (
    ("bad-attack-soft", "bad-attack-soft", "right"),
    ("bad-attack-soft", "bad-attack-block", "nearly_right"),
    ("bad-attack-soft", "bad-attack", "nearly_right"),  # its own parent
    ("bad-attack", "bad-attack-block", "nearly_right"),
    ("bad-attack", "bad-noise", "wrong"),  # under the same quality only
    ("bad-noise", "bad-attack", "wrong"),
    ("bad-noise", "bad-noise", "right"),
    ("bad-pitch-flat", "bad-attack-block", "wrong"),
    ("good", "bad-noise", "wrong"),
)


class TestNearness:
    @pytest.mark.parametrize(("truth", "said", "outcome"), OUTCOMES)
    def test_is_a_wrong_specific_under_the_right_aspect(
        self, manifest: pd.DataFrame, truth: str, said: str, outcome: str
    ) -> None:
        kept = manifest[(manifest["split"] != "test") | (manifest["label"] == truth)]
        predictions = notes_predictions(kept).assign(**{name: float(name == said) for name in CLASSES})
        near = evaluate_model(predictions, kept, PARAMS, LABELS)["nearness"]
        assert {key: near[key]["value"] for key in ("right", "nearly_right", "wrong")} == {
            key: float(key == outcome) for key in ("right", "nearly_right", "wrong")
        }

    def test_shares_are_of_all_recordings_beside_the_majority(
        self, manifest: pd.DataFrame, predictions: pd.DataFrame, metrics: dict[str, Any]
    ) -> None:
        truth, probabilities = judged(manifest, predictions)
        said = probabilities.idxmax(axis=1)
        same = truth.map(lambda name: up_to(name, 2)) == said.map(lambda name: up_to(name, 2))
        near = metrics["nearness"]
        assert near["level"] == "aspect"
        assert near["right"]["value"] == pytest.approx((truth == said).mean())
        assert near["nearly_right"]["value"] == pytest.approx((same & (truth != said)).mean())
        assert near["nearly_right"]["value"] > 0.05
        assert near["wrong"]["value"] == pytest.approx((~same).mean())
        assert near["right"]["low"] < near["right"]["value"] < near["right"]["high"]
        assert near["right"]["majority"] == metrics["figures"]["accuracy"]["majority"]
        assert sum(near[key]["majority"] for key in ("right", "nearly_right", "wrong")) == pytest.approx(1)


def test_an_ablation_of_one_class_takes_no_level_for_a_label(
    manifest: pd.DataFrame, predictions: pd.DataFrame
) -> None:
    runs = pd.concat(
        [
            predictions[predictions["split"] == "test"].assign(variant=variant, seed=0)
            for variant in ("a", "b")
        ]
    )
    found = judge_ablation(runs, manifest, PARAMS, LABELS)
    assert "accuracy" in found["compared"]  # one label each, although bad-attack is above others
    truth, probabilities = judged(manifest, predictions)
    accuracy = found["experiments"][0]["figures"]["accuracy"]["value"]
    assert accuracy == pytest.approx(np.mean(truth == probabilities.idxmax(axis=1)))
