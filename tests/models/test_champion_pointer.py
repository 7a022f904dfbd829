"""The champion's pointer moves atomically, moves with its folder, and never leads to another bundle."""

import json
import re
import shutil
from pathlib import Path

import pytest

from auricle.errors import BundleError
from auricle.models.bundle import open_bundle, seal
from auricle.models.champion import Move, read_champion, write_champion


@pytest.fixture
def pointer(bundle) -> Path:
    path = bundle.parent / "champion.json"
    write_champion(path, open_bundle(bundle, version="v1"), moved_by="training")
    return path


def change(pointer: Path, **changes) -> None:
    pointer.write_text(json.dumps(json.loads(pointer.read_text()) | changes))


class TestPointing:
    def test_it_leads_back_to_the_bundle(self, pointer, bundle):
        ref = read_champion(pointer)
        assert ref == open_bundle(bundle, version="v1")

    def test_it_says_where_when_and_by_whom_relative_to_its_folder(self, pointer):
        content = json.loads(pointer.read_text())
        assert content["path"] == "bundle"
        assert content["moved_by"] == "training"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", content["moved_at"])
        assert set(content) == {*Move._fields, "history"}

    def test_folder_and_pointer_can_be_moved_together(self, pointer, tmp_path):
        moved = Path(shutil.copytree(pointer.parent, tmp_path / "moved"))
        assert read_champion(moved / "champion.json").path == moved / "bundle"

    def test_a_relative_folder_will_do(self, pointer, monkeypatch):
        monkeypatch.chdir(pointer.parent)
        write_champion(Path("champion.json"), open_bundle(Path("bundle")), moved_by="a person")
        assert read_champion(Path("champion.json")).vocabulary == ("blues", "disco", "metal")

    def test_moving_leaves_only_the_pointer(self, pointer, bundle):
        write_champion(pointer, open_bundle(bundle, version="v2"), moved_by="retrain")
        assert read_champion(pointer).version == "v2"
        assert sorted(file.name for file in pointer.parent.iterdir()) == ["bundle", "champion.json"]

    def test_a_move_that_fails_leaves_the_old_pointer(self, pointer, bundle, monkeypatch):
        before = pointer.read_text()

        def refuse(self: Path, target: Path) -> Path:
            raise OSError("disk full")

        monkeypatch.setattr(Path, "replace", refuse)
        with pytest.raises(OSError, match="disk full"):
            write_champion(pointer, open_bundle(bundle), moved_by="retrain")
        assert pointer.read_text() == before
        assert sorted(file.name for file in pointer.parent.iterdir()) == ["bundle", "champion.json"]


class TestRefusals:
    def test_a_bundle_elsewhere_cannot_be_champion(self, bundle, tmp_path):
        with pytest.raises(BundleError, match="lies outside"):
            write_champion(tmp_path / "models/champion.json", open_bundle(bundle), moved_by="training")

    @pytest.mark.parametrize("path", ["/etc", "../bundle"])
    def test_a_pointer_out_of_its_folder_is_not_followed(self, pointer, path):
        change(pointer, path=path)
        with pytest.raises(BundleError, match="points outside its folder"):
            read_champion(pointer)

    def test_a_bundle_replaced_since_is_noticed(self, pointer, bundle):
        (bundle / "training.json").write_text('{"seed": 8}')
        seal(bundle)
        with pytest.raises(BundleError, match="it was replaced since"):
            read_champion(pointer)
        with pytest.raises(BundleError, match="it was replaced since"):
            read_champion(pointer, verify=False)

    def test_a_damaged_bundle_is_noticed_unless_trusted(self, pointer, bundle):
        (bundle / "model.safetensors").write_bytes(b"damaged")
        with pytest.raises(BundleError, match=r"model.safetensors is damaged"):
            read_champion(pointer)
        assert read_champion(pointer, verify=False).version == "v1"

    def test_a_missing_bundle_is_noticed(self, pointer, bundle):
        shutil.rmtree(bundle)
        with pytest.raises(BundleError, match="the folder does not exist"):
            read_champion(pointer)

    def test_a_missing_pointer(self, tmp_path):
        with pytest.raises(
            BundleError, match=r"champion.json does not exist: no model has been trained here"
        ):
            read_champion(tmp_path / "champion.json")

    @pytest.mark.parametrize(
        "content", ["{", "[]", '{"path": "bundle"}', '{"path": 1, "version": 2, "digest": 3}']
    )
    def test_a_damaged_pointer(self, pointer, content):
        pointer.write_text(content)
        with pytest.raises(BundleError, match=r"champion.json is damaged.*Train the model again"):
            read_champion(pointer)
