"""`kedro run --pipelines=retrain` on a corpus that grows: what moves the champion, and what leaves it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.io import DatasetError, MemoryDataset, Version
from kedro.io.core import generate_timestamp
from project_runs import make_project, nested

from auricle.datasets.champion import ChampionDataset
from auricle.models.champion import read_champion, read_moves
from auricle.retraining.decisions import read_decisions
from auricle.retraining.params import LatencyParams
from auricle.runner import IncrementalRunner
from auricle.training import forest

FOREST = "genre.random_forest"
MODEL = "06_models/genre/random_forest"
SMALL = {
    "retrain.models": [FOREST],
    "retrain.rule.latency.recordings": 0,
    "retrain.rule.min_support": 1000,
    "triggers.min_new_recordings": 3,
    "triggers.on_drift": False,
    "genre.demo.enabled": False,
    "genre.ingest.layout": "folder_per_class",
    "genre.ingest.group_by": "recording",
    "genre.ingest.validation_share": 0.4,
    "genre.ingest.near_duplicates.enabled": False,
    "genre.ingest.workers": 1,
    "genre.descriptors.tempo": False,
    "genre.random_forest.train.n_estimators": 5,
    "genre.random_forest.train.importance_repeats": 1,
    "genre.evaluation.permutations": 19,
}


class Nights:
    """A project whose corpus grows, and each night of which may have another rule."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "data/ci"
        self.recordings = self.nights = 0
        self.pointer = self.root / MODEL / "champion.json"
        self.decisions_at = self.root / "08_reporting/genre/random_forest/decision.json"
        self.come(20)
        bootstrap_project(folder)
        with KedroSession.create(folder, env="ci", runtime_params=nested(SMALL)) as session:
            self.catalog: Any = session.load_context().catalog
        self.pipeline = pipelines["retrain"]

    def come(self, count: int) -> None:
        """New recordings of noise, high and low."""
        for number in range(self.recordings, self.recordings + count):
            label = ("hiss", "rumble")[number % 2]
            file = self.root / "01_raw/demo_genre" / label / f"{number}.wav"
            file.parent.mkdir(parents=True, exist_ok=True)
            noise = np.random.default_rng(number).normal(0, 0.1, 11025)
            soundfile.write(file, np.diff(noise) if label == "hiss" else np.cumsum(noise) / 40, 22050)
        self.recordings += count

    def night(self, *, approval: bool = False, **rule: Any) -> dict[str, str]:
        """A run; the nodes that ran, and why."""
        # A session saves one version of a bundle and a decision; many runs of one catalog need as many.
        self.nights += 1
        for name in (f"{FOREST}.challenger.bundle", f"{FOREST}.decision"):
            self.catalog[name]._version = Version(None, f"{generate_timestamp()}-{self.nights}")
            self.catalog[name].release()
        told = self.catalog.load("params:retrain.rule")
        self.catalog["params:retrain.rule"] = MemoryDataset(told.model_copy(update=rule))
        self.catalog["params:retrain.manual_approval"] = MemoryDataset(approval)
        runner = IncrementalRunner()
        runner.run(self.pipeline, self.catalog)
        return runner.ran

    @property
    def champion(self) -> str:
        return read_champion(self.pointer).version

    def figures_of(self, version: str) -> bytes:
        """What `evaluate` or a night has found of a version."""
        return (self.root / "08_reporting/genre/random_forest" / version / "metrics.json").read_bytes()

    @property
    def decisions(self) -> list[dict[str, Any]]:
        return read_decisions(self.decisions_at)


WINS, LOSES = {"min_improvement": -0.99}, {"min_improvement": 0.99}
TIMED = LatencyParams(recordings=2, repeats=1, max_ratio=None)


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    """After the first night: each test adds nights of its own."""
    found = Nights(make_project(tmp_path_factory.mktemp("retrain") / "project"))
    found.night(**WINS)
    return found


def test_the_first_model_is_champion_by_the_rule_and_has_its_figures(nights: Nights) -> None:
    first = read_moves(nights.pointer)[0]
    assert first.moved_by == "retrain"
    assert first.reason is not None
    assert "first model" in first.reason
    assert (nights.pointer.parent / "challenger" / first.version / "challenger/config.json").is_file()
    for place in ("07_model_output", "08_reporting"):
        assert (nights.root / place / "genre/random_forest" / first.version).is_dir()


def test_nothing_new_trains_and_decides_nothing(nights: Nights) -> None:
    before = len(nights.decisions)
    ran = nights.night(**WINS)
    assert not {name for name in ran if name.startswith(FOREST)}
    assert len(nights.decisions) == before


@pytest.mark.long  # a whole night; so are those of the following
def test_a_loser_leaves_the_champion_and_its_figures_stand_beside(nights: Nights) -> None:
    champion = nights.champion
    before = nights.figures_of(champion)
    nights.come(4)
    assert f"{FOREST}.challenger.fit" in nights.night(**LOSES, latency=TIMED)
    decision = nights.decisions[-1]
    assert (decision["outcome"], nights.champion) == ("kept", champion)
    loser = decision["challenger"]["version"]
    assert loser != champion
    assert (nights.root / "08_reporting/genre/random_forest" / loser / "metrics.json").is_file()
    assert decision["figures"]["split"] == "validation"
    assert {cost["recordings"] for cost in decision["costs"].values()} == {2}
    assert nights.figures_of(champion) == before


@pytest.mark.long
def test_a_winner_that_waits_is_no_champion_yet(nights: Nights) -> None:
    champion = nights.champion
    nights.come(4)
    nights.night(approval=True, **WINS)
    assert (nights.decisions[-1]["outcome"], nights.champion) == ("waiting", champion)


@pytest.mark.long
@pytest.mark.parametrize("place", ["training", "decision"])
def test_a_full_disk_leaves_the_champion(nights: Nights, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    before, decided = nights.pointer.read_bytes(), len(nights.decisions)
    nights.come(4)
    with monkeypatch.context() as patched:
        if place == "training":
            patched.setattr(forest, "stage_bundle", _full)
        else:
            patched.setattr(nights.catalog[f"{FOREST}.decision"], "save", _full)
        with pytest.raises(Exception, match="no space left"):
            nights.night(**WINS)
    assert nights.pointer.read_bytes() == before
    assert len(nights.decisions) == decided
    nights.night(**WINS)
    assert nights.decisions[-1]["outcome"] == "promoted"
    assert nights.champion == nights.decisions[-1]["challenger"]["version"]


@pytest.mark.long
def test_killed_between_decision_and_pointer_it_is_promoted_the_night_after(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = nights.pointer.read_bytes()
    nights.come(4)
    with monkeypatch.context() as patched:
        patched.setattr(ChampionDataset, "save", _full)
        with pytest.raises((DatasetError, OSError), match="no space left"):
            nights.night(**WINS)
    assert nights.pointer.read_bytes() == before
    assert nights.decisions[-1]["outcome"] == "promoted"
    winner = nights.decisions[-1]["challenger"]["version"]
    ran = nights.night(**WINS)
    assert f"{FOREST}.challenger.fit" not in ran
    assert nights.champion == winner


def _full(*_: Any, **__: Any) -> None:
    raise OSError("no space left")
