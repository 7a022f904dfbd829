"""Many trainings side by side: variants over seeds, and past bundles; figures beside scikit-learn's."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scored_samples import CLASSES, make_manifest, predict
from sklearn.metrics import average_precision_score, f1_score

from auricle.corpora.labels import MULTI, LabelParams
from auricle.errors import CorpusError
from auricle.evaluation.ablation import judge_ablation
from auricle.evaluation.experiments import compare_experiments
from auricle.evaluation.experiments_page import render_ablation, render_experiments
from auricle.evaluation.params import EvaluateParams
from auricle.models.bundle import BundleRef, PastBundle

PARAMS = EvaluateParams(bootstrap_samples=300)
ONE = LabelParams()
MANIFEST = make_manifest(classes=CLASSES, groups=200, per_group=2, protocol="holdout")


def said(skill: float, seed: int) -> pd.DataFrame:
    table = predict(MANIFEST, CLASSES, skill=skill, seed=seed)
    return table[table["split"] == "test"]


def runs(skills: dict[str, float], seeds: int = 3) -> pd.DataFrame:
    return pd.concat(
        [
            said(skill, 10 * index + seed).assign(variant=variant, seed=seed)
            for index, (variant, skill) in enumerate(skills.items())
            for seed in range(seeds)
        ],
        ignore_index=True,
    )


class TestAblation:
    def test_figures_are_means_over_seeds_of_those_of_scikit_learn(self) -> None:
        predictions = runs({"baseline": 1.0, "other": 1.5})
        judged = judge_ablation(predictions, MANIFEST, PARAMS, ONE)
        figures = {entry["name"]: entry["figures"] for entry in judged["experiments"]}
        truth_of = MANIFEST.set_index("recording_id")["label"]
        for variant in ("baseline", "other"):
            precisions, f1 = [], []
            for seed in range(3):
                rows = predictions[(predictions["variant"] == variant) & (predictions["seed"] == seed)]
                truth = truth_of[rows["recording_id"]].to_numpy()
                scores = rows[list(CLASSES)].to_numpy()
                indicators = truth[:, None] == np.array(CLASSES)
                precisions.append(average_precision_score(indicators, scores, average="macro"))
                f1.append(f1_score(truth, np.array(CLASSES)[scores.argmax(axis=1)], average="macro"))
            assert figures[variant]["mean_average_precision"]["by_seed"] == pytest.approx(precisions)
            assert figures[variant]["macro_f1"]["by_seed"] == pytest.approx(f1)
            assert figures[variant]["macro_f1"]["value"] == pytest.approx(np.mean(f1))
            assert figures[variant]["macro_f1"]["low"] < np.mean(f1) < figures[variant]["macro_f1"]["high"]

    def test_shows_a_real_difference_and_none_between_equals(self) -> None:
        judged = judge_ablation(
            runs({"baseline": 1.0, "equal": 1.0, "better": 2.5, "noise": 0.0}),
            MANIFEST,
            PARAMS,
            ONE,
        )
        verdicts = {
            entry["model"]: entry["verdict"]
            for entry in judged["differences"]
            if entry["figure"] == "macro_f1"
        }
        assert verdicts == {"equal": "no difference shown", "better": "better", "noise": "worse"}

    def test_the_interval_grows_with_what_seeds_disagree_on(self) -> None:
        steady = pd.concat([said(1.0, 0).assign(variant="a", seed=seed) for seed in range(4)])
        shaky = pd.concat([said(seed, 0).assign(variant="b", seed=seed) for seed in range(4)])
        judged = judge_ablation(pd.concat([steady, shaky]), MANIFEST, PARAMS, ONE)
        widths = [
            entry["figures"]["macro_f1"]["high"] - entry["figures"]["macro_f1"]["low"]
            for entry in judged["experiments"]
        ]
        assert widths[1] > 1.5 * widths[0]

    def test_judges_what_all_variants_know(self) -> None:
        predictions = runs({"baseline": 1.0, "more": 1.5}, seeds=1)
        predictions["fast"] = np.where(predictions["variant"] == "more", 0.5, np.nan)
        judged = judge_ablation(predictions, MANIFEST, PARAMS, ONE)
        assert judged["labels"] == list(CLASSES)
        assert not any("does not know" in text for text in judged["warnings"])
        alone = judge_ablation(runs({"more": 1.0}, seeds=1), MANIFEST, PARAMS, ONE)
        assert alone["baseline"]["accuracy"] == judged["baseline"]["accuracy"] == pytest.approx(0.25)

    def test_several_labels_are_judged_by_their_ranking_alone(self) -> None:
        manifest = MANIFEST.assign(
            labels=[
                [label, CLASSES[len(path) % 4]]
                for label, path in zip(MANIFEST["label"], MANIFEST["path"], strict=True)
            ]
        )
        judged = judge_ablation(runs({"a": 1.0, "b": 2.0}), manifest, PARAMS, LabelParams(problem_type=MULTI))
        assert judged["compared"] == ["mean_average_precision", "roc_auc"]

    def test_few_groups_claim_nothing(self) -> None:
        few = PARAMS.model_copy(update={"min_groups_for_claim": 1000})
        judged = judge_ablation(runs({"baseline": 0.0, "other": 3.0}), MANIFEST, few, ONE)
        assert {entry["verdict"] for entry in judged["differences"]} == {"no difference shown"}
        assert judged["experiments"][0]["figures"]["macro_f1"]["low"] is None

    def test_what_not_all_predicted_is_left_out_and_said(self) -> None:
        predictions = runs({"baseline": 1.0, "other": 1.0}, seeds=1)
        judged = judge_ablation(predictions.iloc[:-3], MANIFEST, PARAMS, ONE)
        assert judged["recordings"] == predictions["recording_id"].nunique() - 3
        assert any("3 recordings were not predicted by all" in text for text in judged["warnings"])
        half = len(predictions) // 2
        apart = pd.concat([predictions.iloc[:10], predictions.iloc[half + 10 : half + 20]])
        with pytest.raises(CorpusError, match="No recording was predicted by all variants"):
            judge_ablation(apart, MANIFEST, PARAMS, ONE)

    def test_one_class_is_judged_by_the_class_and_not_by_further_labels(self) -> None:
        more = MANIFEST.assign(labels=[[label, CLASSES[0]] for label in MANIFEST["label"]])
        predictions = runs({"baseline": 1.0, "other": 1.5})
        first, second = (judge_ablation(predictions, table, PARAMS, ONE) for table in (MANIFEST, more))
        assert first["experiments"] == second["experiments"]
        mixed = judge_ablation(predictions, more, PARAMS, ONE, {ONE.problem_type, MULTI})
        assert mixed["compared"] == ["mean_average_precision", "roc_auc"]

    def test_one_seed_is_said_to_be_one(self) -> None:
        judged = judge_ablation(runs({"a": 1.0, "b": 1.0}, seeds=1), MANIFEST, PARAMS, ONE)
        assert any("was trained once" in text for text in judged["warnings"])

    def test_the_page_shows_every_variant(self) -> None:
        judged = judge_ablation(runs({"baseline": 1.0, "no <attention>": 1.5}), MANIFEST, PARAMS, ONE)
        for entry in judged["experiments"]:
            entry |= {
                "differs": {"model.x": [1, 2]},
                "facts": {"epochs": 2.5, "seconds": 3.0, "parameters": 4.0},
            }
        page = render_ablation(
            json.loads(json.dumps(judged)) | {"model": "resnet", "shared": {}}, source={"synthesized": True}
        )
        assert "no &lt;attention&gt;" in page
        assert "What the parts of the ResNet are good for" in page
        assert page.count("<svg") == 4


def past(folder: Path, version: str, params: dict[str, object], predictions: pd.DataFrame) -> PastBundle:
    path = folder / version
    path.mkdir()
    config = {
        "id2label": {str(index): name for index, name in enumerate(CLASSES)},
        "problem_type": "single_label_classification",
    }
    (path / "config.json").write_text(json.dumps(config))
    (path / "training.json").write_text(json.dumps({"params": params, "seconds": 2.0}))
    return PastBundle(BundleRef(path, version, version), predictions)


class TestPastBundles:
    def test_are_ranked_and_told_apart_by_what_differs(self, tmp_path: Path) -> None:
        shared = {"epochs": 3}
        history = [
            past(tmp_path, "2026-01-01T10.00.00.000Z", {"train": {"rate": 0.1} | shared}, said(1.0, 1)),
            past(tmp_path, "2026-01-02T10.00.00.000Z", {"train": {"rate": 0.2} | shared}, said(2.5, 2)),
        ]
        forest = past(tmp_path, "2026-01-03T10.00.00.000Z", {"trees": 9}, said(0.0, 3))
        found = compare_experiments(
            {"cnn": history, "random_forest": [forest], "hybrid": []}, MANIFEST, PARAMS, ONE
        )
        assert [entry["version"][:10] for entry in found["experiments"]] == [
            "2026-01-02",
            "2026-01-01",
            "2026-01-03",
        ]
        assert [entry["differs"] for entry in found["experiments"]] == [
            {"train.rate": "0.2"},
            {"train.rate": "0.1"},
            {},
        ]
        assert {entry["verdict"] for entry in found["differences"] if entry["figure"] == "macro_f1"} == {
            "better"
        }
        page = render_experiments(json.loads(json.dumps(found)), source={})
        assert "CNN 2026-01-02 10:00:00" in page
        assert "train.rate: 0.2" in page

    def test_that_cannot_be_compared_are_left_out_with_the_reason(self, tmp_path: Path) -> None:
        newest = past(tmp_path, "2026-01-03T10.00.00.000Z", {}, said(1.0, 1))
        folded = past(tmp_path, "2026-01-02T10.00.00.000Z", {}, said(1.0, 1).assign(split="out_of_fold"))
        found = compare_experiments({"cnn": [folded, newest]}, MANIFEST, PARAMS, ONE)
        assert [entry["version"][:10] for entry in found["experiments"]] == ["2026-01-03"]
        assert list(found["left_out"]) == ["cnn 2026-01-02T10.00.00.000Z"]
        assert "left out" in render_experiments(found, source={})

    def test_none_gives_a_page_that_says_so(self) -> None:
        found = compare_experiments({"cnn": []}, MANIFEST, PARAMS, ONE)
        assert "Nothing is trained yet." in render_experiments(found, source={})
