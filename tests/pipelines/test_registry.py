"""What `kedro registry list` and `kedro run --pipelines=` promise, without running anything."""

import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.pipeline import Node, Pipeline
from project_runs import REPOSITORY

from auricle.checks import check_names
from auricle.corpora.params import IngestParams
from auricle.pipeline_registry import RECIPES, register_pipelines
from auricle.studies import NOT_RETRAINED, STUDIES, TRAINED_BY

ENVIRONMENTS = sorted(path.parent.name for path in (REPOSITORY / "conf").glob("*/globals.yml"))
# Where what differs between presets can hardly make a difference, two of them are asked with each change.
SOME_ENVIRONMENTS = [
    env if env in {"base", "ci"} else pytest.param(env, marks=pytest.mark.long) for env in ENVIRONMENTS
]
EXPECTED = {
    "ingest",
    "cache_spectrograms",
    "cache_waveforms",
    "extract_features",
    "train_rf",
    "train_cnn",
    "train_hybrid",
    "train_resnet",
    "train_cnn_lstm",
    "train_transfer",
    "train_wav2vec2",
    "train_note_analyzer",
    "train_note_analyzer_small",
    "train_note_sequence",
    "train_rating",
    "ensemble",
    "evaluate",
    "drift",
    "history",
    "explain",
    "similarity",
    "export",
    "predict",
    "recommend",
    "retrain",
    "sweep",
    "ablation",
    "augmentations",
    "experiments",
    "__default__",
}


def studies_of(pipeline: Pipeline) -> set[str]:
    return {str(node.namespace).partition(".")[0] for node in pipeline.nodes}


class TestRegistry:
    def test_names(self) -> None:
        assert set(register_pipelines()) == EXPECTED

    def test_kedro_warns_of_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Node, "__dotted_dataset_name_warned__", False, raising=False)  # once in a process
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            register_pipelines()

    def test_every_model_of_every_study_can_be_trained(self) -> None:
        for models in STUDIES.values():
            assert set(models) <= set(RECIPES) == set(TRAINED_BY)

    def test_every_model_can_be_retrained_or_it_is_said_why_not(self) -> None:
        assert {model for model, recipe in RECIPES.items() if recipe.challenge is None} == set(NOT_RETRAINED)

    def test_default_trains_and_compares_forest_and_cnn(self) -> None:
        names = {node.name for node in register_pipelines()["__default__"].nodes}
        assert {
            "genre.random_forest.fit",
            "genre.cnn.fit",
            "genre.evaluation.compare",
            "genre.evaluation.report",
        } <= names

    @pytest.mark.parametrize(
        "pipeline",
        [
            "train_rf",
            "train_cnn",
            "train_hybrid",
            "train_resnet",
            "train_cnn_lstm",
            "train_wav2vec2",
            "train_rating",
        ],
    )
    def test_training_starts_from_nothing_but_recordings_and_parameters(self, pipeline: str) -> None:
        free = register_pipelines()[pipeline].inputs()
        other = {name for name in free if not name.startswith("params:")}
        tolerant = {"recordings", "known_files", "known_splits"}
        tolerant |= {"known_features", "cached_spectrograms", "cached_variants", "cached_waveforms"}
        tolerant |= {"experiments_directory"}  # the report links the page in it, where there is one
        of_other_models = {name for name in other if name.count(".") == 2}
        assert other - of_other_models <= {f"{corpus}.{name}" for corpus in STUDIES for name in tolerant}

    def test_namespace_narrows_to_a_corpus(self) -> None:
        everything = register_pipelines()["train_rf"]
        studies = [corpus for corpus, models in STUDIES.items() if "random_forest" in models]
        parts = [everything.only_nodes_with_namespaces([corpus]) for corpus in studies]
        assert sum(len(part.nodes) for part in parts) == len(everything.nodes)
        assert all(part.nodes for part in parts)

    def test_networks_on_waveforms_are_no_part_of_what_is_made_for_spectrograms(self) -> None:
        pipelines = register_pipelines(["genre"])
        for name in ("sweep", "ablation", "augmentations"):
            assert not {read for read in pipelines[name].inputs() if ".wav2vec2." in read}, name
        pages = {made for made in pipelines["explain"].all_outputs() if ".wav2vec2." in made}
        assert pages == {"genre.wav2vec2.projection", "genre.wav2vec2.embedding_map"}
        for name in ("export", "evaluate", "experiments"):
            assert {read for read in pipelines[name].inputs() if ".wav2vec2." in read}, name

    def test_waveforms_need_no_spectrograms(self) -> None:
        names = {node.name for node in register_pipelines(["genre"])["train_wav2vec2"].nodes}
        assert {"genre.cache_waveforms", "genre.wav2vec2.fit", "genre.wav2vec2.predict"} <= names
        assert "genre.cache_spectrograms" not in names

    def test_what_is_made_of_classes_leaves_ratings_out(self) -> None:
        pipelines = register_pipelines()
        for name in ("experiments", "explain", "similarity", "export", "sweep", "ablation", "ensemble"):
            assert "ratings" not in studies_of(pipelines[name]), name
        for name in ("ingest", "cache_waveforms", "extract_features", "evaluate"):
            assert "ratings" in studies_of(pipelines[name]), name
        assert studies_of(pipelines["train_rating"]) == {"ratings"}

    def test_default_is_of_genre_whatever_other_studies_there_are(self) -> None:
        assert studies_of(register_pipelines()["__default__"]) == {"genre"}

    def test_imports_neither_torch_nor_transformers(self) -> None:
        code = (
            "import sys\n"
            "from auricle.pipeline_registry import register_pipelines\n"
            "import auricle.settings\n"
            "register_pipelines()\n"
            "heavy = {'torch', 'transformers', 'sklearn', 'matplotlib', 'librosa.core', 'datasets'}\n"
            "heavy &= set(sys.modules)\n"
            "sys.exit(f'imported {heavy}' if heavy else 0)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def genres_of_fma(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file that `--env=fma_all` reads before anything else."""
    monkeypatch.setenv("AURICLE_FMA", str(tmp_path))
    (tmp_path / "fma_metadata").mkdir()
    genres = "genre_id,#tracks,parent,title,top_level\n12,9,0,Rock,12\n25,3,12,Punk,12\n"
    (tmp_path / "fma_metadata/genres.csv").write_text(genres)


@pytest.mark.usefixtures("genres_of_fma")
class TestCatalog:
    @pytest.mark.parametrize("env", SOME_ENVIRONMENTS)
    def test_every_dataset_of_every_pipeline_is_a_catalog_entry(self, project: Path, env: str) -> None:
        bootstrap_project(project)
        with KedroSession.create(project, env=env) as session:
            catalog = session.load_context().catalog
            for name, pipeline in register_pipelines().items():
                missing = {dataset for dataset in pipeline.datasets() if dataset not in catalog}
                assert not missing, f"{name} in {env}"

    @pytest.mark.long  # Kedro-Viz loads the whole project
    def test_kedro_viz_shows_layers_of_every_pipeline(self) -> None:
        pytest.importorskip("kedro_viz")
        from kedro_viz.data_access import data_access_manager
        from kedro_viz.server import load_and_populate_data

        load_and_populate_data(REPOSITORY)
        for name in register_pipelines():  # it shows none where they make a circle
            assert data_access_manager.get_sorted_layers_for_registered_pipeline(name), name

    @pytest.mark.long  # a catalog for each environment
    def test_environments_never_write_to_one_place(self, project: Path) -> None:
        written: dict[str, str] = {}
        bootstrap_project(project)
        for env in ENVIRONMENTS:
            with KedroSession.create(project, env=env) as session:
                catalog = session.load_context().catalog
                for name in register_pipelines()["train_rf"].all_outputs():
                    place = str(catalog[name]._describe())
                    assert written.setdefault(place, env) == env, f"{env} and {written[place]}: {place}"

    @pytest.mark.parametrize("env", ENVIRONMENTS)
    def test_parameters_of_every_environment_are_known_and_valid(self, project: Path, env: str) -> None:
        read = {name for pipeline in register_pipelines().values() for name in pipeline.inputs()}
        bootstrap_project(project)
        with KedroSession.create(project, env=env) as session:
            context = session.load_context()
            not_of_nodes = {"params:studies", "params:plugins", "params:retrain.models", "params:runs"}
            check_names(context.params, not_of_nodes | read)
            for corpus in STUDIES:
                IngestParams.model_validate(context.params[corpus]["ingest"])
