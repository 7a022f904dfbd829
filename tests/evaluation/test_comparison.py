"""Models are compared on the same recordings, and a lead is only claimed where it is shown."""

import json
from collections.abc import Callable

import pytest
from scored_samples import CLASSES, Study, predict

from auricle.errors import CorpusError
from auricle.evaluation.comparison import compare_models
from auricle.evaluation.params import EvaluateParams

MakeStudy = Callable[..., Study]
PARAMS = EvaluateParams(bootstrap_samples=200)
COMMANDS = {"random_forest": "train_rf", "cnn": "train_cnn"}


class TestVerdict:
    @pytest.mark.parametrize("protocol", ["holdout", "grouped_k_fold"])
    def test_a_much_better_model_leads_and_it_is_shown(self, study: MakeStudy, protocol: str) -> None:
        made = study(protocol=protocol)
        comparison = compare_models({"random_forest": made.weak, "cnn": made.strong}, made.manifest, PARAMS)
        assert comparison["ranking"] == ["cnn", "random_forest"]
        assert comparison["verdict"]["leader"] == "cnn"
        assert comparison["verdict"]["shown"]
        assert comparison["verdict"]["headline"] == "The CNN leads, and the lead is shown."
        for entry in comparison["differences"]:
            assert (entry["model"], entry["than"]) == ("cnn", "random_forest")
            assert entry["verdict"] == "better"
            assert 0 < entry["low"] <= entry["value"] <= entry["high"]

    def test_models_of_the_same_skill_show_no_difference(self, study: MakeStudy) -> None:
        made = study(groups=80)
        twin = predict(made.manifest, CLASSES, skill=3.0, seed=77)
        comparison = compare_models({"a": made.strong, "b": twin}, made.manifest, PARAMS)
        assert {entry["verdict"] for entry in comparison["differences"]} == {"no difference shown"}
        assert not comparison["verdict"]["shown"]
        assert "is not shown" in comparison["verdict"]["headline"]

    def test_a_model_does_not_differ_from_itself(self, study: MakeStudy) -> None:
        made = study()
        entry = compare_models({"a": made.strong, "b": made.strong}, made.manifest, PARAMS)["differences"][0]
        assert (entry["value"], entry["low"], entry["high"]) == (0, 0, 0)
        assert entry["verdict"] == "no difference shown"

    def test_pairing_narrows_the_interval(self, study: MakeStudy) -> None:
        made = study()
        better = made.strong.copy()
        close = predict(made.manifest, CLASSES, skill=2.8, seed=1)
        comparison = compare_models({"a": better, "b": close}, made.manifest, PARAMS)
        paired = next(e for e in comparison["differences"] if e["figure"] == "accuracy")
        alone = comparison["models"]["a"]["accuracy"]
        assert paired["high"] - paired["low"] < (alone["high"] - alone["low"]) / 2

    def test_a_model_at_chance_is_not_said_to_have_learned(self, study: MakeStudy) -> None:
        made = study(groups=80)
        guessing = predict(made.manifest, CLASSES, skill=0.0, seed=3)
        manifest = made.manifest
        comparison = compare_models({"cnn": guessing}, manifest, PARAMS)
        learned = next(e for e in comparison["against_majority"] if e["figure"] == "accuracy")
        assert learned["verdict"] != "better"
        assert not comparison["verdict"]["shown"] or learned["low"] > 0

    def test_nothing_is_shown_on_too_few_groups(self, study: MakeStudy) -> None:
        made = study(groups=20)
        comparison = compare_models({"a": made.strong, "b": made.weak}, made.manifest, PARAMS)
        assert all(entry["low"] is None for entry in comparison["differences"])
        assert not comparison["verdict"]["shown"]
        assert any("4 groups only" in warning for warning in comparison["warnings"])


class TestSameRecordings:
    def test_what_one_model_lacks_counts_for_none(self, study: MakeStudy) -> None:
        made = study()
        test = made.strong.index[made.strong["split"] == "test"]
        comparison = compare_models(
            {"cnn": made.strong, "random_forest": made.weak.drop(test[:6])}, made.manifest, PARAMS
        )
        assert comparison["recordings"] == len(test) - 6
        assert comparison["left_out"] == {"cnn": 6, "random_forest": 0}
        assert any("6 recordings that cnn predicted" in warning for warning in comparison["warnings"])

    def test_the_order_of_rows_and_of_classes_does_not_matter(self, study: MakeStudy) -> None:
        made = study()
        other = made.strong.sample(frac=1, random_state=0)[["recording_id", "split", *reversed(CLASSES)]]
        comparison = compare_models({"a": made.strong, "b": other}, made.manifest, PARAMS)
        assert comparison["differences"][0]["value"] == 0

    def test_different_protocols_are_refused(self, study: MakeStudy) -> None:
        made = study()
        folded = study(protocol="grouped_k_fold")
        with pytest.raises(CorpusError, match="different protocols"):
            compare_models({"a": made.strong, "b": folded.strong}, made.manifest, PARAMS)

    def test_disjoint_recordings_are_refused(self, study: MakeStudy) -> None:
        made = study()
        test = made.strong.index[made.strong["split"] == "test"]
        with pytest.raises(CorpusError, match="No recording was predicted by all"):
            compare_models(
                {"a": made.strong.drop(test[:50]), "b": made.weak.drop(test[50:])}, made.manifest, PARAMS
            )


class TestMissingModels:
    def test_are_named_with_the_command_that_trains_them(self, study: MakeStudy) -> None:
        made = study()
        comparison = compare_models(
            {"random_forest": None, "cnn": made.strong}, made.manifest, PARAMS, commands=COMMANDS
        )
        assert comparison["missing"] == [
            {
                "model": "random_forest",
                "command": "kedro run --pipelines=train_rf",
                "text": "random_forest is not trained: run kedro run --pipelines=train_rf",
            }
        ]
        assert comparison["ranking"] == ["cnn"]

    def test_without_any_model_there_is_still_a_comparison(self, study: MakeStudy) -> None:
        made = study()
        comparison = compare_models(
            {"random_forest": None, "cnn": None}, made.manifest, PARAMS, commands=COMMANDS
        )
        assert comparison["verdict"]["headline"] == "Nothing is trained yet."
        assert "train_rf" in comparison["verdict"]["text"]
        assert json.loads(json.dumps(comparison, allow_nan=False)) == comparison
