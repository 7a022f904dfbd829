"""What is decided without a comparison, what is left to a person, and how the pointer follows."""

from pathlib import Path
from typing import Any

import pytest
from contest_samples import EVALUATION, SAME, decided, failed, make_manifest, make_sealed, predict
from kedro.io import DatasetError

from auricle.corpora.labels import LabelParams
from auricle.datasets.champion import ChallengerOutputDataset, ChampionDataset
from auricle.errors import BundleError
from auricle.models.bundle import BundleRef
from auricle.models.champion import (
    Promotion,
    bundle_of,
    read_champion,
    read_moves,
    roll_back,
    versions_in,
    write_champion,
)
from auricle.models.pruning import prune_versions
from auricle.pipelines.retrain.nodes import promote, prune
from auricle.retraining.compared import Grounds
from auricle.retraining.decision import Contest, decide, promotion_by
from auricle.retraining.params import KeepParams, RuleParams

MANIFEST = make_manifest(groups=48, per_group=3)
GROUNDS = Grounds(MANIFEST, RuleParams(), EVALUATION, LabelParams())
WEAK, STRONG = predict(MANIFEST, right=0.3, seed=1), predict(MANIFEST, right=0.95, seed=2)
BOTH = {"champion": WEAK, "challenger": STRONG}
VERSIONS = [f"2026-11-0{day}" for day in range(1, 5)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "06_models/genre/cnn"


@pytest.fixture
def bundles(folder: Path) -> list[BundleRef]:
    """One that training has made, and challengers."""
    places = ("bundle", "challenger", "challenger", "challenger")
    return [
        make_sealed(folder / place / version / place, seed)
        for seed, (place, version) in enumerate(zip(places, VERSIONS, strict=True))
    ]


@pytest.fixture
def dataset(folder: Path, bundles: list[BundleRef]) -> ChampionDataset:
    """The pointer, at what training has made."""
    found = ChampionDataset(filepath=str(folder / "champion.json"))
    found.save(bundles[0])
    return found


def decide_on(champion: BundleRef | None, challenger: BundleRef, **options: Any) -> dict[str, Any]:
    costs = SAME if champion else {"challenger": SAME["challenger"]}
    return decide(Contest(champion, challenger, BOTH, costs), GROUNDS, **options)


class TestWithoutComparison:
    def test_the_first_model_is_promoted(self, bundles: list[BundleRef]) -> None:
        decision = decide_on(None, bundles[1], manual_approval=True)
        assert (decision["outcome"], decision["champion"]) == ("promoted", None)
        assert "first model" in decision["reason"]
        assert promotion_by(decision, bundles[1]) == Promotion(
            bundles[1], None, decision["asked_by"], decision["reason"]
        )

    def test_the_champion_is_no_challenger_of_itself(self, bundles: list[BundleRef]) -> None:
        decision = decide_on(bundles[1], bundles[1])
        assert decision["outcome"] == "kept"
        assert "is the champion" in decision["reason"]

    def test_what_somebody_took_out_of_use_stays_so(
        self, dataset: ChampionDataset, bundles: list[BundleRef], folder: Path
    ) -> None:
        write_champion(folder / "champion.json", bundles[1], "retrain")
        before = roll_back(folder / "champion.json", reason="it hums")
        decision = decide_on(before, bundles[1])
        assert failed(decision) == ["not_withdrawn"]
        assert decide_on(before, bundles[2])["outcome"] == "promoted"


class TestRecord:
    def test_says_where_it_comes_from(
        self, bundles: list[BundleRef], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AURICLE_ASKED_BY", "the timer")
        decision = decide_on(bundles[0], bundles[1], triggers={"min_new_recordings": 12})
        assert decision["model"] == "genre.cnn"
        assert decision["asked_by"] == "the timer"
        assert decision["triggers"] == {"min_new_recordings": 12}
        assert decision["data"]["recordings"] == len(MANIFEST)
        assert decision["challenger"]["version"] == VERSIONS[1]
        assert decision["champion"]["digest"] == bundles[0].digest
        assert decision["rule"]["min_improvement"] == 0.0
        assert decision["versions"]["numpy"]


class TestApproval:
    def test_a_winner_waits_for_a_person(self, tmp_path: Path) -> None:
        decision = decided(tmp_path, MANIFEST, WEAK, STRONG, manual_approval=True)
        assert (decision["outcome"], failed(decision)) == ("waiting", [])
        assert decision["reason"].endswith("kedro promote genre.cnn 2")

    def test_a_loser_does_not(self, tmp_path: Path) -> None:
        assert decided(tmp_path, MANIFEST, STRONG, WEAK, manual_approval=True)["outcome"] == "kept"

    def test_nothing_is_moved_meanwhile(self, bundles: list[BundleRef]) -> None:
        waiting = decide_on(bundles[0], bundles[1], manual_approval=True)
        assert waiting["outcome"] == "waiting"
        assert promotion_by(waiting, bundles[1]) is None


class TestPointer:
    def test_moves_to_a_challenger_with_the_reason(
        self, dataset: ChampionDataset, bundles: list[BundleRef], folder: Path
    ) -> None:
        decision = decide_on(bundles[0], bundles[1])
        promotion = promotion_by(decision, bundles[1])
        assert promotion is not None
        dataset.save(promotion)
        assert read_champion(folder / "champion.json").version == VERSIONS[1]
        move = read_moves(folder / "champion.json")[-1]
        assert (move.moved_by, move.reason, move.previous) == ("retrain", decision["reason"], VERSIONS[0])
        assert roll_back(folder / "champion.json").version == VERSIONS[0]

    def test_stays_where_somebody_put_it_meanwhile(
        self, dataset: ChampionDataset, bundles: list[BundleRef], folder: Path
    ) -> None:
        promotion = promotion_by(decide_on(bundles[0], bundles[1]), bundles[1])
        assert promotion is not None
        write_champion(folder / "champion.json", bundles[2], "promote")
        with pytest.raises(
            Exception, match=f"is {VERSIONS[2]}, by promote, since {VERSIONS[1]} was compared"
        ):
            dataset.save(promotion)
        assert read_champion(folder / "champion.json").version == VERSIONS[2]

    def test_is_not_moved_again_by_the_decision_on_one_that_was_withdrawn(
        self, dataset: ChampionDataset, bundles: list[BundleRef], folder: Path
    ) -> None:
        """As where the node that promotes is run by itself."""
        (promotion,) = promote(decide_on(bundles[0], bundles[1]), bundles[1])
        dataset.save(promotion)
        dataset.save(promotion)  # a run that was killed after the move does it again
        roll_back(folder / "champion.json")
        with pytest.raises(DatasetError, match="taken out of use since"):
            dataset.save(promotion)
        assert read_champion(folder / "champion.json").version == VERSIONS[0]
        write_champion(folder / "champion.json", bundles[1], "promote")  # a person may

    def test_is_not_moved_by_the_decision_on_another_challenger(self, bundles: list[BundleRef]) -> None:
        assert promotion_by(decide_on(bundles[0], bundles[1]), bundles[2]) is None


class TestVersions:
    def test_are_those_of_training_and_those_of_challengers(
        self, bundles: list[BundleRef], folder: Path
    ) -> None:
        assert versions_in(folder) == VERSIONS
        assert [bundle_of(folder, version) for version in VERSIONS] == [bundle.path for bundle in bundles]

    def test_are_pruned_but_for_the_champion_and_the_newest_challenger(
        self, dataset: ChampionDataset, bundles: list[BundleRef], folder: Path
    ) -> None:
        make_sealed(folder / "bundle/2026-11-09/bundle", 9)
        assert prune_versions(folder, keep=1) == VERSIONS[1:3]
        assert versions_in(folder) == [VERSIONS[0], VERSIONS[3], "2026-11-09"]

    def test_that_wait_or_were_decided_on_last_stay(
        self, dataset: ChampionDataset, bundles: list[BundleRef], folder: Path
    ) -> None:
        """What waits may be promoted yet, and of the last one the gate reads what it has seen."""

        def decision(bundle: BundleRef, day: int, outcome: str) -> dict[str, Any]:
            year = 2100 if day else 2000  # after the champion's move, or before
            at = f"{year}-01-0{day or 1}T00:00:00+00:00"
            return {"challenger": {"version": bundle.version}, "outcome": outcome, "decided_at": at}

        newest = make_sealed(folder / "challenger/2026-11-09/challenger", 9)
        waits, *others = bundles[1:]
        decisions = [
            decision(others[0], 0, "waiting"),
            decision(waits, 1, "waiting"),
            decision(others[1], 2, "kept"),
        ]
        prune(read_champion(folder / "champion.json"), decisions, KeepParams(challengers=1))
        assert versions_in(folder, ["challenger"]) == [waits.version, others[1].version, newest.version]

    def test_of_challengers_alone_leave_what_training_has_made(
        self, dataset: ChampionDataset, bundles: list[BundleRef], folder: Path
    ) -> None:
        make_sealed(folder / "bundle/2025-01-01/bundle", 9)
        write_champion(folder / "champion.json", bundles[1], "retrain")
        assert prune_versions(folder, 1, ["challenger"]) == [VERSIONS[2]]
        assert "2025-01-01" in versions_in(folder)

    def test_outputs_of_the_newest_challenger_lie_in_its_folder(
        self, bundles: list[BundleRef], folder: Path, tmp_path: Path
    ) -> None:
        config = {"type": "json.JSONDataset", "filepath": str(tmp_path / "cnn/metrics.json")}
        outputs = ChallengerOutputDataset(
            challengers={"filepath": str(folder / "challenger")}, dataset=config, missing_ok=True
        )
        assert outputs.load() is None
        outputs.save({"a": 1})
        assert (tmp_path / "cnn" / VERSIONS[3] / "metrics.json").is_file()
        assert outputs.load() == {"a": 1}

    def test_without_a_challenger_have_none(self, tmp_path: Path) -> None:
        config = {"type": "json.JSONDataset", "filepath": str(tmp_path / "metrics.json")}
        outputs = ChallengerOutputDataset(challengers={"filepath": str(tmp_path / "no")}, dataset=config)
        assert not outputs.exists()
        with pytest.raises(BundleError, match="kedro run --pipelines=retrain"):
            outputs._version()
