"""Figures of each instrument by itself: scikit-learn's on its recordings, beside its own majority."""

from typing import Any

import pandas as pd
import pytest
from hierarchical_samples import CLASSES, INSTRUMENTS, notes_manifest, notes_predictions
from sklearn.metrics import accuracy_score, f1_score

from auricle.evaluation.evaluate import evaluate_model
from auricle.evaluation.params import EvaluateParams

PARAMS = EvaluateParams(bootstrap_samples=200)


@pytest.fixture(scope="module")
def manifest() -> pd.DataFrame:
    return notes_manifest()


@pytest.fixture(scope="module")
def predictions(manifest: pd.DataFrame) -> pd.DataFrame:
    return notes_predictions(manifest, skill=1.0)


@pytest.fixture(scope="module")
def instruments(manifest: pd.DataFrame, predictions: pd.DataFrame) -> dict[str, Any]:
    rows = evaluate_model(predictions, manifest, PARAMS)["instruments"]
    return {row["instrument"]: row for row in rows}


def said_of(manifest: pd.DataFrame, predictions: pd.DataFrame, instrument: str) -> pd.DataFrame:
    """Truth and answer for each test recording of an instrument."""
    table = predictions[predictions["split"] == "test"].set_index("recording_id")[list(CLASSES)]
    joined = manifest.set_index("recording_id").loc[table.index, ["label", "instrument", "group"]]
    joined["said"] = table.idxmax(axis=1)
    return joined[joined["instrument"] == instrument]


@pytest.mark.parametrize("instrument", INSTRUMENTS)
class TestFigures:
    def test_are_of_its_recordings_alone(
        self, manifest: pd.DataFrame, predictions: pd.DataFrame, instruments: dict[str, Any], instrument: str
    ) -> None:
        said, row = said_of(manifest, predictions, instrument), instruments[instrument]
        assert (row["recordings"], row["groups"]) == (len(said), said["group"].nunique())
        assert row["classes"] == said["label"].nunique()
        assert row["accuracy"]["value"] == pytest.approx(accuracy_score(said["label"], said["said"]))
        occurring = sorted(set(said["label"]))
        expected = f1_score(said["label"], said["said"], average="macro", labels=occurring)
        assert row["macro_f1"]["value"] == pytest.approx(expected)
        for name in ("accuracy", "macro_f1"):
            assert row[name]["low"] < row[name]["value"] < row[name]["high"]
            assert row[name]["p_value"] < 0.05

    def test_stand_beside_the_majority_of_the_instrument(
        self, manifest: pd.DataFrame, predictions: pd.DataFrame, instrument: str
    ) -> None:
        own, of_other = {"cello": ("good", "bad-noise"), "flute": ("bad-noise", "good")}[instrument]
        mine = manifest["instrument"] == instrument
        trained = manifest[(manifest["split"] == "train") & mine]
        assert trained["label"].value_counts().index[0] == own
        # Whoever takes the majority of the other instrument, or of all, is never right for one of the two.
        kept = manifest[(manifest["split"] != "test") | ~mine | (manifest["label"] != of_other)]
        rows = evaluate_model(predictions, kept, PARAMS)["instruments"]
        truth = said_of(kept, predictions[predictions["recording_id"].isin(kept["recording_id"])], instrument)
        row = next(row for row in rows if row["instrument"] == instrument)
        assert row["accuracy"]["majority"] == pytest.approx((truth["label"] == own).mean())
        assert row["accuracy"]["majority"] > 0

    def test_the_most_frequent_confusions_are_counted(
        self, manifest: pd.DataFrame, predictions: pd.DataFrame, instruments: dict[str, Any], instrument: str
    ) -> None:
        said = said_of(manifest, predictions, instrument)
        wrong = said[said["label"] != said["said"]]
        counts = wrong.groupby(["label", "said"]).size()
        found = instruments[instrument]["confusions"]
        assert len(found) == 3
        assert [pair["count"] for pair in found] == sorted(counts, reverse=True)[:3]
        for pair in found:
            assert counts[pair["truth"], pair["predicted"]] == pair["count"]
            assert pair["support"] == (said["label"] == pair["truth"]).sum()


class TestClaims:
    def test_an_instrument_of_few_recordings_has_no_interval(
        self, manifest: pd.DataFrame, predictions: pd.DataFrame
    ) -> None:
        groups = manifest.loc[manifest["split"] == "test", "group"].unique()[:4]
        rare = manifest.assign(
            instrument=manifest["instrument"].where(~manifest["group"].isin(groups), "oboe")
        )
        params = EvaluateParams(bootstrap_samples=100, min_groups_for_claim=2, min_examples_for_claim=10)
        rows = {r["instrument"]: r for r in evaluate_model(predictions, rare, params)["instruments"]}
        assert rows["oboe"]["recordings"] == 8
        assert rows["oboe"]["claim"] is False
        assert rows["oboe"]["reason"] == "heard in 8 of the 10 recordings that a claim needs"
        assert rows["oboe"]["accuracy"]["value"] is not None
        assert rows["oboe"]["accuracy"]["low"] is None
        assert rows["oboe"]["accuracy"]["p_value"] is None
        assert rows["cello"]["claim"] is True
        # Never heard in training: the majority is that of all instruments.
        trained = manifest.loc[manifest["split"] == "train", "label"].value_counts().index[0]
        truth = rare.loc[rare["instrument"] == "oboe", "label"]
        assert rows["oboe"]["accuracy"]["majority"] == pytest.approx((truth == trained).mean())

    def test_a_class_of_few_recordings_has_no_interval_either(
        self, manifest: pd.DataFrame, predictions: pd.DataFrame
    ) -> None:
        params = EvaluateParams(bootstrap_samples=100, min_groups_for_claim=2, min_examples_for_claim=13)
        metrics = evaluate_model(predictions, manifest, params)
        assert {row["support"] for row in metrics["per_class"]} == {12}
        assert all(row["f1"]["low"] is None and not row["claim"] for row in metrics["per_class"])
        assert any("Too few judged recordings for a claim (fewer than 13)" in w for w in metrics["warnings"])
        enough = EvaluateParams(bootstrap_samples=100, min_groups_for_claim=2, min_examples_for_claim=12)
        metrics = evaluate_model(predictions, manifest, enough)
        assert all(row["f1"]["low"] is not None and row["claim"] for row in metrics["per_class"])


def test_where_none_is_named_there_is_nothing(manifest: pd.DataFrame, predictions: pd.DataFrame) -> None:
    for nameless in (manifest.drop(columns="instrument"), manifest.assign(instrument=None)):
        assert evaluate_model(predictions, nameless, PARAMS)["instruments"] == []
