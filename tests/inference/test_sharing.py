"""Bundles that are shared: packed with all that they need, pushed as data, and had back verified."""

import json
import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from ensemble_models import Models
from huggingface_hub import ModelCard, errors
from huggingface_hub.utils import filter_repo_objects

import auricle
from auricle.errors import BundleError, ConfigurationError, MissingPackageError
from auricle.inference.onnx_network import FILE
from auricle.models.bundle import BundleRef, open_bundle
from auricle.models.whole_file import write_whole

RESPONSE = httpx.Response(404, request=httpx.Request("GET", "https://huggingface.co"))


class Hub:
    """The hub as a folder, for the calls of huggingface_hub that are made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.private: dict[str, bool] = {}
        self.calls: list[dict[str, Any]] = []
        self.token: str | None = None
        self.failure: Exception | None = None

    def api(self, token: str | None = None) -> "Hub":
        self.token = token
        return self

    def create_repo(self, repo_id: str, *, private: bool, repo_type: str, exist_ok: bool) -> None:
        if self.failure:
            raise self.failure
        assert exist_ok
        self.private.setdefault(repo_id, private)

    def model_info(self, repo_id: str) -> SimpleNamespace:
        return SimpleNamespace(private=self.private[repo_id])

    def create_branch(self, repo_id: str, *, branch: str, exist_ok: bool) -> None:
        self.calls.append({"branch": branch})

    def upload_folder(self, *, repo_id: str, folder_path: Path, **told: Any) -> SimpleNamespace:
        self.calls.append(told)
        self._transfer(folder_path, self.folder / repo_id, told)
        return SimpleNamespace(commit_url=f"https://huggingface.co/{repo_id}/commit/1")

    def snapshot_download(self, repo_id: str, **told: Any) -> str:
        if self.failure:
            raise self.failure
        self.calls.append(told)
        had = self.folder / "had" / repo_id
        self._transfer(self.folder / repo_id, had, told)
        return str(had)

    @staticmethod
    def _transfer(source: Path, target: Path, told: dict[str, Any]) -> None:
        """Copy what the patterns let through, by the package's own reading of them."""
        names = [file.relative_to(source).as_posix() for file in source.rglob("*") if file.is_file()]
        for name in filter_repo_objects(names, allow_patterns=told["allow_patterns"]):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, target / name)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    made = Hub(tmp_path / "hub")
    monkeypatch.setattr("huggingface_hub.HfApi", made.api)
    monkeypatch.setattr("huggingface_hub.snapshot_download", made.snapshot_download)
    return made


class TestPack:
    def test_an_ensemble_stands_alone(self, models: Models, recordings: Path, tmp_path: Path) -> None:
        before = auricle.load(models.ensemble, device="cpu")
        packed = auricle.pack(models.ensemble, tmp_path / "packed/ensemble")
        said = before.predict(recordings / "0.wav")
        shutil.rmtree(models.folder)
        moved = packed.rename(tmp_path / "elsewhere")
        after = auricle.load(moved, device="cpu")
        assert after.bundle.digest == before.bundle.digest
        assert after.predict(recordings / "0.wav").probabilities == said.probabilities
        assert sorted(folder.name for folder in (moved / "members").iterdir()) == ["cnn", "random_forest"]

    def test_names_no_place_of_this_machine(self, models: Models, tmp_path: Path) -> None:
        packed = auricle.pack(models.ensemble, tmp_path / "packed")
        files = [file for file in packed.rglob("*") if file.is_file()]
        assert len(files) >= 12
        for file in files:
            assert not file.is_symlink()
            assert str(tmp_path).encode() not in file.read_bytes()

    def test_a_member_that_is_not_the_one_is_refused(self, models: Models, tmp_path: Path) -> None:
        packed = auricle.pack(models.ensemble, tmp_path / "packed")
        shutil.rmtree(packed / "members/cnn")
        shutil.copytree(packed / "members/random_forest", packed / "members/cnn")
        with pytest.raises(BundleError, match=r"member cnn of the ensemble .* was changed since"):
            auricle.load(packed)

    def test_takes_the_card_and_the_figures_and_nothing_else(
        self, cnn_bundle: BundleRef, tmp_path: Path
    ) -> None:
        mine = shutil.copytree(cnn_bundle.path, tmp_path / "mine")
        for name in ("README.md", "metrics.json", "model.bin", "notes.py"):
            (mine / name).write_text("{}")
        (mine / "work").mkdir()
        packed = auricle.pack(mine, tmp_path / "packed")
        sealed = {*json.loads((mine / "checksums.json").read_text())["sha256"], "checksums.json"}
        assert {file.name for file in packed.iterdir()} == sealed | {"README.md", "metrics.json"}

    def test_takes_the_export_along_from_where_it_lies(
        self, models: Models, content: bytes, recordings: Path, tmp_path: Path
    ) -> None:
        """Of the ensemble's members the network was exported by the pipeline, and the forest was not."""
        write_whole(models.folder / "cnn/onnx/v1" / FILE, content)
        before = auricle.load(models.folder / "cnn/bundle/v1/bundle", device="cpu")
        packed = auricle.pack(models.ensemble, tmp_path / "packed")
        shutil.rmtree(models.folder)
        member = auricle.load(packed / "members/cnn", device="cpu")
        assert (before.backend, member.backend, member.bundle.digest) == (
            "onnx",
            "onnx",
            before.bundle.digest,
        )
        assert not (packed / "members/random_forest" / FILE).exists()
        file = recordings / "0.wav"
        assert member.predict(file).probabilities == before.predict(file).probabilities
        assert auricle.load(packed, device="cpu").predict(file).label in ("high", "low")

    def test_leaves_the_export_of_another_bundle_behind(
        self, exported: BundleRef, forest_bundle: BundleRef, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        other = shutil.copytree(forest_bundle.path, tmp_path / "other")
        shutil.copyfile(exported.path / FILE, other / FILE)
        packed = auricle.pack(other, tmp_path / "packed")
        assert not (packed / FILE).exists()
        assert re.search(r"model\.onnx is not taken along: .* is of another bundle", caplog.text)

    def test_never_overwrites(self, cnn_bundle: BundleRef, tmp_path: Path) -> None:
        (tmp_path / "packed").mkdir()
        auricle.pack(cnn_bundle.path, tmp_path / "packed")
        with pytest.raises(ConfigurationError, match="there is something already"):
            auricle.pack(cnn_bundle.path, tmp_path / "packed")
        assert open_bundle(tmp_path / "packed").digest == cnn_bundle.digest
        assert [file.name for file in tmp_path.iterdir()] == ["packed"]


class TestHub:
    def test_what_was_pushed_is_had_back(self, hub: Hub, models: Models, recordings: Path) -> None:
        address = auricle.push(models.ensemble, "me/ears", licence="cc-by-4.0", revision="v1", token="secret")
        assert address == "https://huggingface.co/me/ears/commit/1"
        assert (hub.private["me/ears"], hub.token, hub.calls[0]) == (True, "secret", {"branch": "v1"})
        assert hub.calls[1]["revision"] == "v1"
        said = auricle.load(models.ensemble, device="cpu").predict(recordings / "0.wav")
        shutil.rmtree(models.folder)
        model = auricle.from_hub(
            "me/ears", revision="v1", cache_dir="kept", local_files_only=True, device="cpu"
        )
        assert model.predict(recordings / "0.wav").probabilities == said.probabilities
        asked = hub.calls[2]
        assert (asked["revision"], asked["cache_dir"], asked["local_files_only"]) == ("v1", "kept", True)
        assert set(asked["allow_patterns"]) == {
            *("*.json", "*.md", "*.parquet", "*.safetensors", "*.skops"),
            *("model.onnx", "*/model.onnx"),
        }

    def test_the_export_goes_and_comes(self, hub: Hub, exported: BundleRef, recordings: Path) -> None:
        said = auricle.load(exported.path, device="cpu").predict(recordings / "0.wav")
        auricle.push(exported.path, "me/ears")
        model = auricle.from_hub("me/ears", device="cpu")
        assert model.backend == "onnx"
        assert model.predict(recordings / "0.wav").probabilities == said.probabilities
        # What an earlier bundle left would be another one's.
        assert set(hub.calls[0]["delete_patterns"]) >= {"model.onnx", "*/model.onnx"}

    def test_the_card_has_the_metadata_of_the_hub(
        self, hub: Hub, cnn_bundle: BundleRef, tmp_path: Path
    ) -> None:
        mine = shutil.copytree(cnn_bundle.path, tmp_path / "mine")
        (mine / "README.md").write_text(
            "---\nlibrary_name: auricle\nmetrics:\n- accuracy\n---\n\n# Mine\n\n## How to use it\n\nThus.\n"
        )
        auricle.push(mine, "me/ears", licence="mit", private=False)
        card = ModelCard.load(hub.folder / "me/ears/README.md")
        assert (card.data.license, card.data.metrics, card.data.library_name) == (
            "mit",
            ["accuracy"],
            "auricle",
        )
        assert (
            '## How to use it\n\n```python\nimport auricle\n\nmodel = auricle.from_hub("me/ears")'
            in card.text
        )
        assert "license" not in (mine / "README.md").read_text()

    def test_one_without_a_card_gets_one_that_says_so(self, hub: Hub, cnn_bundle: BundleRef) -> None:
        auricle.push(cnn_bundle.path, "me/ears")
        card = ModelCard.load(hub.folder / "me/ears/README.md")
        assert "auricle_spectrogram_cnn" in card.data.tags
        assert "not evaluated" in card.text
        assert "from_hub" in card.text

    def test_what_others_may_read_is_not_pushed_to_by_mistake(self, hub: Hub, cnn_bundle: BundleRef) -> None:
        hub.private["me/ears"] = False
        with pytest.raises(
            ConfigurationError, match=r"everybody may read it.*Nothing was pushed.*private=False"
        ):
            auricle.push(cnn_bundle.path, "me/ears")
        assert not hub.calls

    def test_what_came_damaged_is_refused(self, hub: Hub, cnn_bundle: BundleRef) -> None:
        auricle.push(cnn_bundle.path, "me/ears")
        weights = hub.folder / "me/ears/model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-1])
        with pytest.raises(BundleError, match=r"model\.safetensors is damaged"):
            auricle.from_hub("me/ears")

    @pytest.mark.parametrize(
        ("failure", "said"),
        [
            (
                errors.LocalEntryNotFoundError("no network"),
                r"cannot be reached.*hf download me/ears.*auricle\.load",
            ),
            (httpx.ConnectError("refused"), r"cannot be reached.*refused"),
            (errors.OfflineModeIsEnabled("offline"), r"cannot be reached.*offline"),
            (errors.RevisionNotFoundError("none", response=RESPONSE), "no such revision"),
            (errors.RepositoryNotFoundError("none", response=RESPONSE), "hf auth login"),
            (errors.HFValidationError("two slashes"), "is no name on the hub"),
        ],
    )
    def test_a_hub_that_fails_is_explained(self, hub: Hub, failure: Exception, said: str) -> None:
        hub.failure = failure
        with pytest.raises(ConfigurationError, match=said):
            auricle.from_hub("me/ears")

    def test_a_push_that_fails_is_explained(self, hub: Hub, cnn_bundle: BundleRef) -> None:
        hub.failure = httpx.ConnectError("refused")
        with pytest.raises(ConfigurationError, match="cannot be pushed to the hub, which cannot be reached"):
            auricle.push(cnn_bundle.path, "me/ears")

    def test_without_huggingface_hub(self, cnn_bundle: BundleRef, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "huggingface_hub", None)
        for call in (lambda: auricle.push(cnn_bundle.path, "me/ears"), lambda: auricle.from_hub("me/ears")):
            with pytest.raises(MissingPackageError, match=r"needs huggingface_hub.*'hub'"):
                call()
