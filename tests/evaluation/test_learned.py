"""A model is said to have learned something only where its figures are shown to be above the majority's."""

import logging
from collections.abc import Callable
from pathlib import Path

import label_samples
import numpy as np
import pytest
from scored_samples import CLASSES, Study, make_manifest, predict

from auricle.corpora.labels import LabelParams
from auricle.evaluation.card import model_card
from auricle.evaluation.comparison import compare_models
from auricle.evaluation.evaluate import evaluate_model
from auricle.evaluation.learned import NOTHING
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.permutation import TESTED
from auricle.models.bundle import BundleRef
from auricle.pipelines.evaluate import nodes

MakeStudy = Callable[..., Study]
PARAMS = EvaluateParams(bootstrap_samples=100, permutations=100)
TEN = tuple("abcdefghij")


def guess(protocol: str, seed: int) -> Study:
    """A manifest, and a model of it that tells nothing of the labels, but groups apart."""
    manifest = make_manifest(classes=TEN, groups=100, per_group=3, protocol=protocol, seed=seed)
    guessed = predict(manifest, TEN, skill=0.0, seed=seed)
    return Study(manifest, guessed, guessed)


class TestGuessing:
    @pytest.mark.parametrize("protocol", ["holdout", "grouped_k_fold"])
    def test_is_seldom_said_to_beat_the_majority(self, protocol: str) -> None:
        found = []
        for seed in range(60):
            made = guess(protocol, seed)
            found.append(evaluate_model(made.strong, made.manifest, PARAMS))
        by_interval = [m["figures"]["macro_f1"]["low"] > m["figures"]["macro_f1"]["majority"] for m in found]
        assert np.mean([metrics["learned"]["shown"] for metrics in found]) < 0.12
        assert np.mean(by_interval) > 0.5  # what an interval alone would have said of a guess

    def test_is_warned_of_in_figures_and_card(self, study: MakeStudy) -> None:
        made = study(groups=80)
        metrics = evaluate_model(predict(made.manifest, CLASSES, skill=0.0, seed=5), made.manifest, PARAMS)
        assert metrics["learned"]["shown"] is False
        assert metrics["learned"]["p_value"] > 0.05
        assert metrics["warnings"][0] == metrics["learned"]["text"]
        assert "shown to be better than always saying blues (p = " in metrics["learned"]["text"]
        card = model_card({}, {}, metrics, {}, {})
        assert f"> **{NOTHING}" in card.split("## How to use it")[0]
        assert NOTHING not in card.split("## Limits")[1]

    def test_leads_the_comparison_without_a_claim(self, study: MakeStudy) -> None:
        made = study(groups=80)
        guessed = predict(made.manifest, CLASSES, skill=0.0, seed=5)
        comparison = compare_models({"cnn": guessed}, made.manifest, PARAMS)
        assert comparison["verdict"]["headline"] == "Nothing learned can be shown."
        assert "the CNN scores highest" in comparison["verdict"]["text"]
        assert not comparison["verdict"]["shown"]
        assert not comparison["learned"]["cnn"]["shown"]

    def test_is_logged(self, study: MakeStudy, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
        made = study(groups=80)
        guessed = predict(made.manifest, CLASSES, skill=0.0, seed=5)
        with caplog.at_level(logging.WARNING):
            nodes.compare(
                made.manifest,
                PARAMS,
                LabelParams(),
                cnn=guessed,
                champion_cnn=champion_in(tmp_path),
                random_forest=made.strong,
                champion_random_forest=champion_in(tmp_path),
            )
        (said,) = (record.getMessage() for record in caplog.records if NOTHING in record.getMessage())
        assert said.startswith("cnn: ")


def champion_in(folder: Path) -> BundleRef:
    (folder / "config.json").write_text("{}")
    return BundleRef(folder, "then", "d" * 64)


class TestLearning:
    def test_is_shown_with_every_figure_beside_the_majority(self, study: MakeStudy) -> None:
        made = study()
        metrics = evaluate_model(made.strong, made.manifest, PARAMS)
        for name in TESTED:
            entry = metrics["figures"][name]
            assert entry["low"] > entry["majority"]
            assert entry["p_value"] == pytest.approx(1 / 101)
            assert metrics["learned"]["figures"][name]["verdict"] == "better"
        assert metrics["learned"]["shown"]
        assert metrics["learned"]["text"].startswith(
            "It is shown to be better than always saying blues in acc"
        )
        assert not any(NOTHING in warning for warning in metrics["warnings"])
        card = model_card({}, {}, metrics, {}, {})
        mcc = metrics["figures"]["mcc"]
        row = f"| {mcc['value']:.3f} | {mcc['low']:.3f} to {mcc['high']:.3f} | 0.000 | 0.010 |"
        assert f"| Matthews correlation {row}" in card
        assert NOTHING not in card

    def test_below_the_majority_is_nothing_learned_however_small_the_p_value(self, study: MakeStudy) -> None:
        """Hears a little, but is made to say rare classes: accuracy far below that of the frequent one."""
        made = study(groups=300)
        kept = (made.manifest["label"] == "blues") | (made.manifest.index % 5 == 0)
        manifest = made.manifest[kept]
        metrics = evaluate_model(made.weak, manifest, PARAMS)
        accuracy = metrics["learned"]["figures"]["accuracy"]
        assert accuracy["p_value"] <= 0.05
        assert accuracy["value"] < 0
        assert accuracy["verdict"] != "better"

    def test_cannot_be_shown_on_too_few_groups(self, study: MakeStudy) -> None:
        made = study(groups=20)
        metrics = evaluate_model(made.strong, made.manifest, PARAMS)
        assert metrics["groups"] == 4
        assert "4 groups give no figure an interval" in metrics["learned"]["text"]
        assert metrics["warnings"][0] == metrics["learned"]["text"]

    def test_is_compared_in_every_tested_figure(self, study: MakeStudy) -> None:
        made = study(groups=80)
        comparison = compare_models({"cnn": made.strong, "resnet": made.weak}, made.manifest, PARAMS)
        shown = [(entry["model"], entry["figure"]) for entry in comparison["against_majority"]]
        assert shown == [(model, name) for model in ("cnn", "resnet") for name in TESTED]
        assert comparison["learned"]["cnn"]["figures"]["mcc"]["p_value"] == pytest.approx(1 / 101)

    def test_of_several_labels_is_shown_by_intervals_alone(self) -> None:
        manifest = label_samples.make_manifest()
        table = label_samples.predict(manifest, skill=3)
        metrics = evaluate_model(table, manifest, PARAMS, label_samples.LABELS)
        assert metrics["learned"] is None
        assert not any("p_value" in entry for entry in metrics["figures"].values())
        told = compare_models({"cnn": table}, manifest, PARAMS, label_samples.LABELS)["learned"]["cnn"]
        assert told["shown"]
        assert told["p_value"] is None
        assert told["text"].startswith("It is shown to be better than taking each label")
