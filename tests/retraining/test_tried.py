"""What the catalog knows of past decisions."""

import json
from pathlib import Path
from typing import Any

import pytest
from drifting_corpus import corpus
from kedro.io.core import DatasetError

from auricle.datasets.decisions import DecisionsDataset, MovesDataset
from auricle.datasets.tried import TriedDataset
from auricle.models.bundle import SEEN
from auricle.models.seen import SeenRecordings


class Model:
    """The folders of a model."""

    def __init__(self, folder: Path) -> None:
        self.models, self.decisions = folder / "models", folder / "decision.json"

    @property
    def tried(self) -> TriedDataset:
        return TriedDataset(
            decisions={"filepath": str(self.decisions)}, models={"filepath": str(self.models)}
        )

    def decide(self, day: int, version: str, outcome: str) -> None:
        told = {
            "decided_at": f"2026-03-{day:02}T02:00:00+00:00",
            "outcome": outcome,
            "challenger": {"version": version, "data_digest": f"digest of {version}"},
        }
        file = self.decisions / f"day-{day}" / self.decisions.name
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(told))

    def train(self, version: str, place: str) -> None:
        folder = self.models / place / version / place
        folder.mkdir(parents=True)
        SeenRecordings(corpus(len(version), 3, (2, 2)).manifest).save_pretrained(folder)

    def move(self, *versions: str) -> None:
        moves: list[dict[str, Any]] = [
            {"version": version, "path": version, "digest": version, "moved_at": "", "moved_by": "retrain"}
            for version in versions
        ]
        self.models.mkdir(parents=True, exist_ok=True)
        pointer = moves[-1] | {"history": moves[:-1]}
        (self.models / "champion.json").write_text(json.dumps(pointer))


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return Model(tmp_path)


def test_before_any_decision_nothing_was_tried(model: Model) -> None:
    assert model.tried.load() is None
    assert not model.tried.exists()


def test_the_newest_decision_tells_what_its_challenger_has_seen(model: Model) -> None:
    model.train("first", "bundle")
    model.train("second", "challenger")
    model.move("first")
    model.decide(1, "first", "promoted")
    before = model.tried.fingerprint()
    model.decide(2, "second", "kept")
    assert model.tried.fingerprint() != before
    tried = model.tried.load()
    assert tried is not None
    assert tried.data_digest == "digest of second"
    assert tried.recordings is not None
    assert len(tried.recordings) == 6
    assert not tried.undone


def test_a_challenger_whose_bundle_was_pruned_has_seen_nothing_that_is_known(model: Model) -> None:
    model.decide(1, "gone", "kept")
    tried = model.tried.load()
    assert tried is not None
    assert tried.recordings is None


@pytest.mark.parametrize(
    ("moved", "undone"), [(["old"], True), (["old", "new"], False), (["new", "old"], False)]
)
def test_a_promotion_is_undone_until_the_champion_was_moved_and_not_by_a_rollback(
    model: Model, moved: list[str], undone: bool
) -> None:
    model.train("new", "challenger")
    model.decide(1, "new", "promoted")
    model.move(*moved)
    tried = model.tried.load()
    assert tried is not None
    assert tried.undone == undone


def test_histories_are_there_to_be_read(model: Model) -> None:
    decisions = DecisionsDataset(decisions={"filepath": str(model.decisions)})
    moves = MovesDataset(champion={"filepath": str(model.models / "champion.json")})
    assert decisions.load() == moves.load() == []
    model.decide(2, "b", "kept")
    model.decide(1, "a", "promoted")
    model.move("a", "b")
    assert [told["outcome"] for told in decisions.load()] == ["promoted", "kept"]
    assert [told["version"] for told in moves.load()] == ["a", "b"]
    for dataset in (decisions, moves, model.tried):
        with pytest.raises(DatasetError):
            dataset.save(None)


def test_a_bundle_lists_the_usable_recordings_with_their_labels(tmp_path: Path) -> None:
    import pandas as pd

    rows = corpus(0, 3, (2, 2)).manifest
    rows.loc[0, "status"] = "quarantined"
    SeenRecordings(rows).save_pretrained(tmp_path)
    kept = pd.read_parquet(tmp_path / SEEN)
    assert set(kept["recording_id"]) == set(rows["recording_id"][1:])
    assert sorted(labels[0] for labels in kept["labels"]) == sorted(rows["label"][1:])
