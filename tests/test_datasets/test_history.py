"""The history of a model: all its bundles with their predictions, damaged and unfinished ones left out."""

import json
import logging
from pathlib import Path

import pandas as pd
import pytest
from kedro.io import DatasetError

from auricle.datasets.history import HistoryDataset
from auricle.models.bundle import seal


@pytest.fixture
def history(tmp_path: Path) -> HistoryDataset:
    predictions = {"filepath": str(tmp_path / "out/predictions.parquet")}
    places = {f"{name}s": {"filepath": str(tmp_path / name)} for name in ("bundle", "challenger")}
    return HistoryDataset(**places, predictions=predictions)


def train(root: Path, version: str, place: str = "bundle") -> Path:
    folder = root / place / version / place
    folder.mkdir(parents=True)
    config = {"auricle_bundle": 1, "model_type": "auricle_random_forest", "id2label": {"0": "a", "1": "b"}}
    for name, content in (("config.json", config), ("training.json", {}), ("preprocessor_config.json", {})):
        (folder / name).write_text(json.dumps(content))
    (folder / "model.skops").write_bytes(b"trees")
    seal(folder)
    return folder


def predict(root: Path, version: str) -> None:
    (root / "out" / version).mkdir(parents=True)
    pd.DataFrame({"recording_id": [version]}).to_parquet(root / "out" / version / "predictions.parquet")


def test_bundles_come_with_their_own_predictions_the_oldest_first(
    tmp_path: Path, history: HistoryDataset
) -> None:
    assert not history.exists()
    for version, place in (("2026-03", "bundle"), ("2026-02", "challenger"), ("2026-01", "bundle")):
        train(tmp_path, version, place)
        predict(tmp_path, version)
    versions = ["2026-01", "2026-02", "2026-03"]
    assert [past.bundle.version for past in history.load()] == versions
    assert [past.predictions["recording_id"].item() for past in history.load()] == versions
    assert history.exists()


def test_damaged_and_unpredicted_ones_are_left_out_with_a_warning(
    tmp_path: Path, history: HistoryDataset, caplog: pytest.LogCaptureFixture
) -> None:
    (train(tmp_path, "2026-01") / "model.skops").unlink()
    predict(tmp_path, "2026-01")
    train(tmp_path, "2026-02")
    with caplog.at_level(logging.WARNING):
        assert history.load() == []
    assert "is missing" in caplog.text
    train(tmp_path, "2026-03")
    predict(tmp_path, "2026-03")
    torn = tmp_path / "out/2026-03/predictions.parquet"
    torn.write_bytes(torn.read_bytes()[:100])
    assert history.load() == []
    assert "cut short" in caplog.text


def test_nothing_can_be_saved(history: HistoryDataset) -> None:
    with pytest.raises(DatasetError, match="made by its trainings"):
        history.save([])
