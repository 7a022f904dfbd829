"""Moves of the champion: kept, undone in one step, and never pruned away."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from auricle.errors import BundleError, ConfigurationError
from auricle.models.bundle import BundleRef, open_bundle
from auricle.models.champion import predecessor, read_champion, read_moves, roll_back, write_champion
from auricle.models.folder_lock import alone_in
from auricle.models.pruning import prune_versions

VERSIONS = [f"2026-11-0{day}" for day in range(1, 7)]


@pytest.fixture
def versions(tmp_path: Path, make_bundle) -> dict[str, BundleRef]:
    """Bundles of one model, as Kedro lays versions out."""
    return {
        version: open_bundle(make_bundle(tmp_path / "cnn/bundle" / version / "bundle", seed=seed))
        for seed, version in enumerate(VERSIONS)
    }


@pytest.fixture
def pointer(tmp_path: Path, versions) -> Path:
    path = tmp_path / "cnn/champion.json"
    for version in VERSIONS[:3]:
        write_champion(path, versions[version], "training")
    return path


class TestHistory:
    def test_is_every_move_with_what_it_moved_to(self, pointer, versions):
        write_champion(pointer, versions[VERSIONS[3]], "retrain", asked_by="the timer", reason="drift")
        moves = read_moves(pointer)
        assert [move.version for move in moves] == VERSIONS[:4]
        assert moves[-1][4:7] == ("retrain", "the timer", "drift")
        assert moves[-1].about["data_digest"] == "of seed 3"
        assert moves[-1].previous == VERSIONS[2]

    def test_of_a_pointer_of_an_older_auricle_is_its_last_move(self, pointer):
        old = {name: json.loads(pointer.read_text())[name] for name in ("version", "path", "digest")}
        pointer.write_text(
            json.dumps(old | {"moved_at": "2026-01-01T00:00:00+00:00", "moved_by": "training"})
        )
        assert [move.version for move in read_moves(pointer)] == [VERSIONS[2]]
        assert read_champion(pointer).version == VERSIONS[2]

    def test_that_cannot_be_read_in_part_keeps_the_rest(self, pointer):
        written = json.loads(pointer.read_text())
        pointer.write_text(json.dumps(written | {"history": [3, {}, *written["history"][1:]]}))
        assert [move.version for move in read_moves(pointer)] == VERSIONS[1:3]

    def test_outlives_a_damaged_pointer_by_beginning_anew(self, pointer, versions):
        pointer.write_text("{")
        write_champion(pointer, versions[VERSIONS[4]], "training")
        assert [move.version for move in read_moves(pointer)] == [VERSIONS[4]]


class TestRollback:
    def test_leads_to_the_one_before_and_then_to_the_one_before_that(self, pointer):
        assert roll_back(pointer, asked_by="anna", reason="it hums").version == VERSIONS[1]
        assert read_champion(pointer).version == VERSIONS[1]
        assert roll_back(pointer).version == VERSIONS[0]
        assert [move.moved_by for move in read_moves(pointer)] == ["training"] * 3 + ["rollback"] * 2
        with pytest.raises(BundleError, match=r"knows of no champion before .*kedro promote"):
            roll_back(pointer)

    def test_after_another_training_leads_to_what_that_replaced(self, pointer, versions):
        roll_back(pointer)
        write_champion(pointer, versions[VERSIONS[5]], "training")
        assert roll_back(pointer).version == VERSIONS[1]

    def test_to_a_damaged_bundle_leaves_the_champion(self, pointer, versions):
        (versions[VERSIONS[1]].path / "model.safetensors").write_bytes(b"damaged")
        with pytest.raises(BundleError, match="damaged"):
            roll_back(pointer)
        assert read_champion(pointer).version == VERSIONS[2]


class TestPruning:
    def test_keeps_the_newest_the_champion_and_the_one_before(self, pointer, versions):
        roll_back(pointer)  # to the second, before which is the first
        (pointer.parent / "onnx" / VERSIONS[2]).mkdir(parents=True)
        assert prune_versions(pointer.parent, keep=1) == VERSIONS[2:5]
        left = sorted(path.name for path in (pointer.parent / "bundle").iterdir())
        assert left == [VERSIONS[0], VERSIONS[1], VERSIONS[5]]
        assert not (pointer.parent / "onnx" / VERSIONS[2]).exists()
        assert not (pointer.parent / "removed").exists()
        assert roll_back(pointer).version == VERSIONS[0]

    def test_never_leaves_a_model_without_champion_or_predecessor(self, pointer):
        for _ in range(3):
            prune_versions(pointer.parent, keep=1)
            assert read_champion(pointer).version == VERSIONS[2]
            assert predecessor(read_moves(pointer)).version == VERSIONS[1]

    def test_removes_nothing_where_the_champion_cannot_be_loaded(self, pointer, versions):
        pointer.write_text("{")
        with pytest.raises(BundleError, match="damaged"):
            prune_versions(pointer.parent, keep=1)
        assert all(ref.path.is_dir() for ref in versions.values())

    def test_keeps_members_of_ensembles(self, pointer, versions):
        bundle = pointer.parent.parent / "ensemble/bundle/v/bundle"
        bundle.mkdir(parents=True)
        named = {"model": "cnn", "version": VERSIONS[0]}
        (bundle / "config.json").write_text(json.dumps({"members": [named, named | {"model": "hybrid"}]}))
        assert VERSIONS[0] not in prune_versions(pointer.parent, keep=1)
        assert versions[VERSIONS[0]].path.is_dir()

    def test_goes_on_after_a_rollback_to_what_has_none_before_it_any_more(self, pointer):
        prune_versions(pointer.parent, keep=1)  # keeps the third, the second before it, and the sixth
        assert roll_back(pointer).version == VERSIONS[1]
        assert read_moves(pointer)[-1].previous is None
        prune_versions(pointer.parent, keep=1)
        with pytest.raises(BundleError, match="knows of no champion before"):
            roll_back(pointer)

    def test_of_everything_is_refused(self, pointer):
        with pytest.raises(ConfigurationError, match="Set it to 1 or more"):
            prune_versions(pointer.parent, keep=0)


HOLD = """
import sys, time
from pathlib import Path
from auricle.models.folder_lock import alone_in
with alone_in(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


class TestLock:
    def test_keeps_others_out_and_dies_with_its_owner(self, tmp_path: Path) -> None:
        owner = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE)
        try:
            assert owner.stdout is not None
            assert owner.stdout.readline() == b"held\n"
            with pytest.raises(BundleError, match="Nothing was changed"), alone_in(tmp_path, patience_s=0):
                pass
        finally:
            os.kill(owner.pid, signal.SIGKILL)
            owner.communicate()
        with alone_in(tmp_path, patience_s=0):
            pass
