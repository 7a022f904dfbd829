"""`auricle.load` finds a model by its name or path, or says what there is and how to train what is not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import auricle
from auricle.errors import BundleError, ConfigurationError
from auricle.inference.load import find_bundle, trained_models
from auricle.models.champion import write_champion

PYPROJECT = '[tool.kedro]\npackage_name = "auricle"\n'


@pytest.fixture
def project(tmp_path, cnn_bundle, monkeypatch) -> Path:
    """A project with a trained genre.cnn, as Kedro lays versions out; the test stands in its notebooks/."""
    root = tmp_path / "project"
    add_champion(root / "data", "genre", "cnn", cnn_bundle)
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "notebooks").mkdir()
    monkeypatch.chdir(root / "notebooks")
    return root


def add_champion(run_root: Path, study: str, model: str, bundle) -> Path:
    folder = run_root / "06_models" / study / model
    path = folder / "bundle/2026-11-01T12.00.00.000Z/bundle"
    shutil.copytree(bundle.path, path)
    write_champion(folder / "champion.json", find_bundle(path), moved_by="training")
    return path


class TestByName:
    def test_a_name_finds_the_champion_from_any_folder_of_the_project(self, project, recordings):
        model = auricle.load("genre.cnn", device="cpu")
        assert model.bundle.version == "2026-11-01T12.00.00.000Z"
        assert model.predict(recordings / "0.wav").label in model.labels

    def test_another_environments_data_is_named_by_run_root(self, project, forest_bundle):
        path = add_champion(project / "data/gtzan", "genre", "random_forest", forest_bundle)
        assert (
            find_bundle("genre.random_forest", run_root=project / "data/gtzan").path.resolve()
            == path.resolve()
        )
        assert find_bundle("genre.random_forest", run_root=str(project / "data/gtzan")).version.startswith(
            "2026"
        )

    def test_run_root_needs_no_project_around(self, project, monkeypatch, tmp_path):
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        assert find_bundle("genre.cnn", run_root=project / "data").vocabulary == ("high", "low")

    def test_an_unknown_study_lists_the_studies(self, project):
        with pytest.raises(ConfigurationError, match=r"no study 'moods'\. Studies: genre"):
            auricle.load("moods.cnn")

    def test_an_unknown_model_lists_the_studys_models(self, project):
        with pytest.raises(
            ConfigurationError, match=r"'genre' has no model 'gpt'\. Its models: random_forest, cnn"
        ):
            auricle.load("genre.gpt")

    def test_an_untrained_model_says_what_is_trained_and_how_to_train_it(self, project):
        with pytest.raises(
            ConfigurationError,
            match=r"genre\.random_forest is not trained.*Trained there: genre\.cnn\. Train it with "
            r"`kedro run --pipelines=train_rf --namespaces=genre`",
        ):
            auricle.load("genre.random_forest")

    def test_a_fresh_project_says_that_nothing_is_trained(self, project):
        shutil.rmtree(project / "data")
        with pytest.raises(ConfigurationError, match=r"Trained there: nothing.*--pipelines=train_cnn"):
            auricle.load("genre.cnn")

    def test_outside_a_project_a_name_is_refused_with_the_remedies(self, tmp_path, monkeypatch):
        (tmp_path / "pyproject.toml").write_text('[tool.kedro]\npackage_name = "another"\n')
        monkeypatch.chdir(tmp_path)
        with pytest.raises(ConfigurationError, match=r"not inside an Auricle project.*run_root="):
            auricle.load("genre.cnn")

    @pytest.mark.parametrize("content", ["[tool", "[tool]\nkedro = 3\n", "", "\xff"])
    def test_other_projects_files_between_are_passed_over(self, project, monkeypatch, content):
        inner = project / "notebooks/inner"
        inner.mkdir()
        (inner / "pyproject.toml").write_text(content, encoding="latin-1")
        monkeypatch.chdir(inner)
        assert find_bundle("genre.cnn").vocabulary == ("high", "low")

    def test_what_is_trained_is_listed_in_order(self, project, forest_bundle):
        add_champion(project / "data", "genre", "random_forest", forest_bundle)
        assert trained_models(project / "data") == ["genre.cnn", "genre.random_forest"]

    def test_a_damaged_champion_is_refused(self, project):
        weights = next((project / "data").rglob("model.safetensors"))
        weights.write_bytes(weights.read_bytes()[:-1])
        with pytest.raises(BundleError, match=r"model\.safetensors is damaged"):
            auricle.load("genre.cnn")


class TestByPath:
    def test_a_bundle_its_champion_and_the_champions_folder_all_lead_to_it(self, project):
        folder = project / "data/06_models/genre/cnn"
        bundle = next(folder.rglob("config.json")).parent
        digests = {
            find_bundle(path).digest for path in (bundle, folder / "champion.json", folder, str(bundle))
        }
        assert len(digests) == 1

    def test_a_path_that_looks_like_a_name_is_a_path_where_it_exists(self, cnn_bundle, tmp_path, monkeypatch):
        shutil.copytree(cnn_bundle.path, tmp_path / "genre.best")
        monkeypatch.chdir(tmp_path)
        assert find_bundle("genre.best").digest == cnn_bundle.digest

    def test_a_path_that_does_not_exist(self, tmp_path):
        with pytest.raises(
            BundleError, match=r"no bundle at .*/nowhere: the path does not exist.*'genre\.cnn'"
        ):
            auricle.load(tmp_path / "nowhere")

    def test_a_folder_without_a_bundle(self, tmp_path):
        with pytest.raises(BundleError, match=r"no bundle at .*: it has no config\.json"):
            auricle.load(tmp_path)

    def test_a_file_that_is_no_bundle(self, tmp_path):
        (tmp_path / "song.mp3").write_bytes(b"")
        with pytest.raises(BundleError, match=r"no bundle at .*song\.mp3"):
            auricle.load(tmp_path / "song.mp3")


HIDE = """
import sys

class Without:
    '''A finder that lacks what the base dependencies do not bring.'''

    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in HIDDEN:
            return None
        return self.finder.find_spec(name, path, target)

    def __getattr__(self, name):
        return getattr(self.finder, name)

sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
"""


PREDICT = """
import auricle
import importlib.util

print(importlib.util.find_spec("kedro"))
for bundle in sys.argv[1:3]:
    model = auricle.load(bundle)
    print(model.predict(sys.argv[3]).label in model.labels, model.embed(sys.argv[3]).ndim)
"""


def run(code: str, *arguments: object) -> str:
    """Run code in a fresh interpreter."""
    result = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


class TestDependencies:
    def test_importing_auricle_imports_nothing_heavy(self):
        heavy = ("torch", "transformers", "kedro", "sklearn", "librosa", "pandas", "numpy", "pydantic")
        code = f"import sys, auricle; print([name for name in {heavy} if name in sys.modules])"
        assert run(code).strip() == "[]"

    def test_importing_what_pipelines_name_imports_no_framework(self):
        heavy = ("torch", "transformers", "kedro", "sklearn", "matplotlib")
        models = ("params", "windows", "forest", "bundle", "champion", "registry", "provenance")
        modules = [f"auricle.models.{name}" for name in models]
        modules += [f"auricle.inference.{name}" for name in ("load", "scoring", "prediction")]
        code = f"import sys, {', '.join(modules)}; print([name for name in {heavy} if name in sys.modules])"
        assert run(code).strip() == "[]"

    @pytest.mark.slow
    def test_base_dependencies_suffice_to_predict(self, cnn_bundle, forest_bundle, recordings):
        extras = ("kedro", "kedro_datasets", "kedro_viz", "accelerate", "pandera", "matplotlib", "omegaconf")
        code = f"HIDDEN = {extras}\n{HIDE}\n{PREDICT}"
        output = run(code, cnn_bundle.path, forest_bundle.path, recordings / "0.wav")
        assert output.split() == ["None", "True", "1", "True", "1"]
