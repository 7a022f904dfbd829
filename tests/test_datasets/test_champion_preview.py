"""The champion's preview in Kedro-Viz: the pointer, and nothing to fail on where there is none."""

import json
from pathlib import Path

from auricle.datasets.champion import ChampionDataset


def test_of_a_model_that_was_never_trained_is_empty(tmp_path: Path) -> None:
    assert (
        json.loads(ChampionDataset(filepath=str(tmp_path / "champion.json"), missing_ok=True).preview()) == {}
    )


def test_is_the_pointer(tmp_path: Path) -> None:
    file = tmp_path / "champion.json"
    file.write_text(json.dumps({"version": "1"}), encoding="utf-8")
    assert json.loads(ChampionDataset(filepath=str(file)).preview()) == {"version": "1"}
