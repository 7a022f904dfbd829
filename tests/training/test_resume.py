"""A checkpoint counts only while every byte of it is there; a bundle appears in its place at once."""

import json
from pathlib import Path

import pytest

from auricle.errors import BundleError, ConfigurationError
from auricle.models.bundle import BundleDraft
from auricle.training.install import install_draft
from auricle.training.resume import is_complete, mark_complete, newest_complete
from auricle.training.workdir import open_workdir, training_digest


def checkpoint(folder: Path, step: int) -> Path:
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True)
    (path / "model.safetensors").write_bytes(bytes(range(200)))
    (path / "trainer_state.json").write_text(json.dumps({"global_step": step}))
    mark_complete(path)
    return path


class TestCompleteness:
    def test_holds_for_what_was_marked(self, tmp_path: Path) -> None:
        assert is_complete(checkpoint(tmp_path, 1))

    @pytest.mark.parametrize(
        "damage",
        [
            lambda path: (path / "complete.json").unlink(),
            lambda path: (path / "complete.json").write_text('{"model.safe'),
            lambda path: (path / "complete.json").write_text("{}"),
            lambda path: (path / "complete.json").write_text("[1]"),
            lambda path: (path / "model.safetensors").unlink(),
            lambda path: (path / "model.safetensors").write_bytes(bytes(100)),
            lambda path: (path / "model.safetensors").write_bytes(bytes(200)),
        ],
        ids=["no marker", "torn marker", "empty marker", "no object", "file gone", "file cut", "bytes lost"],
    )
    def test_ends_with_any_damage(self, tmp_path: Path, damage: object) -> None:
        path = checkpoint(tmp_path, 1)
        damage(path)  # type: ignore[operator]
        assert not is_complete(path)


class TestNewestCheckpoint:
    def test_is_the_one_of_the_highest_step(self, tmp_path: Path) -> None:
        for step in (90, 100, 9):
            checkpoint(tmp_path, step)
        assert newest_complete(tmp_path) == tmp_path / "checkpoint-100"

    def test_is_the_newest_complete_one_and_torn_ones_go(self, tmp_path: Path) -> None:
        for step in (10, 20, 30):
            checkpoint(tmp_path, step)
        (tmp_path / "checkpoint-30" / "complete.json").unlink()
        assert newest_complete(tmp_path) == tmp_path / "checkpoint-20"
        assert not (tmp_path / "checkpoint-30").exists()

    def test_is_none_where_there_is_nothing(self, tmp_path: Path) -> None:
        assert newest_complete(tmp_path / "missing") is None


class TestWorkDirectory:
    def test_has_another_name_for_other_parts_and_the_same_for_the_same(self) -> None:
        digest = training_digest(data="a", train={"epochs": 3, "seed": 0})
        assert digest == training_digest(train={"seed": 0, "epochs": 3}, data="a")
        assert digest != training_digest(data="b", train={"epochs": 3, "seed": 0})
        assert digest != training_digest(data="a", train={"epochs": 4, "seed": 0})

    def test_is_held_by_one_at_a_time(self, tmp_path: Path) -> None:
        with open_workdir(tmp_path, "abc"):
            with pytest.raises(ConfigurationError, match="Another process is training the same model"):
                open_workdir(tmp_path, "abc", wait_s=0).__enter__()
            with open_workdir(tmp_path, "other"):
                pass
        with open_workdir(tmp_path, "abc") as folder:
            assert folder == tmp_path / "abc"


class TestInstallation:
    @pytest.fixture
    def draft(self, tmp_path: Path) -> BundleDraft:
        path = tmp_path / "work" / "abc" / "bundle"
        path.mkdir(parents=True)
        (path / "config.json").write_text("{}")
        (path.parent / "checkpoint-1").mkdir()
        return BundleDraft(path, path.parent)

    def test_moves_the_bundle_and_leaves_no_work_directory(self, tmp_path: Path, draft: BundleDraft) -> None:
        destination = tmp_path / "models" / "version" / "bundle"
        install_draft(draft, destination)
        assert [file.name for file in destination.iterdir()] == ["config.json"]
        assert not (tmp_path / "work").exists()

    def test_leaves_interrupted_trainings_of_others(self, tmp_path: Path, draft: BundleDraft) -> None:
        (tmp_path / "work" / "other").mkdir()
        install_draft(draft, tmp_path / "bundle")
        assert [folder.name for folder in (tmp_path / "work").iterdir()] == ["other"]

    def test_has_the_disk_hold_all_of_it_before_the_rename_and_the_rename_itself(
        self, tmp_path: Path, draft: BundleDraft, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        synced: list[str] = []
        monkeypatch.setattr(
            "os.fsync", lambda number: synced.append(str(Path(f"/proc/self/fd/{number}").readlink()))
        )
        destination = tmp_path / "models" / "version" / "bundle"
        install_draft(draft, destination)
        first = [str(draft.path / "config.json"), str(draft.path)]
        assert synced == [*first, str(destination.parent), str(destination.parent.parent)]

    def test_refuses_to_overwrite(self, tmp_path: Path, draft: BundleDraft) -> None:
        (tmp_path / "bundle").mkdir()
        with pytest.raises(BundleError, match="never overwritten"):
            install_draft(draft, tmp_path / "bundle")
        assert draft.path.is_dir()

    def test_refuses_a_draft_that_is_gone(self, tmp_path: Path) -> None:
        with pytest.raises(BundleError, match="no finished bundle"):
            install_draft(BundleDraft(tmp_path / "gone"), tmp_path / "bundle")

    def test_crosses_file_systems(
        self, tmp_path: Path, draft: BundleDraft, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("auricle.training.install._same_file_system", lambda *_: False)
        install_draft(draft, tmp_path / "bundle")
        assert [entry.name for entry in tmp_path.iterdir()] == ["bundle"]
        assert (tmp_path / "bundle" / "config.json").is_file()
