"""An environment has the pipelines of its own studies, whatever other sessions of the process have."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.pipeline import Pipeline
from project_runs import REPOSITORY, run_project

from auricle.errors import ConfigurationError
from auricle.pipeline_registry import register_pipelines
from auricle.studies import STUDIES, chosen_studies, retrained_models

ENVIRONMENTS = sorted(path.parent.name for path in (REPOSITORY / "conf").glob("*/globals.yml"))
# Where what differs between presets can hardly make a difference, two of them are asked with each change.
SOME_ENVIRONMENTS = [
    env if env in {"base", "ci"} else pytest.param(env, marks=pytest.mark.long) for env in ENVIRONMENTS
]
OF_NOTES = {
    "good_sounds",
    "notes_ablation",
    "philharmonia",
    "philharmonia_ablation",
    "philharmonia_instruments",
}
OF_CRIES = {"donateacry"}


def studies_of(pipeline: Pipeline) -> set[str]:
    return {str(node.namespace).partition(".")[0] for node in pipeline.nodes}


def narrowed(project: Path, env: str, **runtime_params: Any) -> dict[str, Pipeline]:
    """What the pipelines are once a session has made its context."""
    bootstrap_project(project)
    with KedroSession.create(project, env=env, runtime_params=runtime_params) as session:
        session.load_context()
        return dict(pipelines)


@pytest.fixture(autouse=True)
def _as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The file that `--env=fma_all` reads, and no narrowed pipelines for other tests."""
    monkeypatch.setenv("AURICLE_FMA", str(tmp_path))
    (tmp_path / "fma_metadata").mkdir()
    (tmp_path / "fma_metadata/genres.csv").write_text("genre_id,parent,title\n12,0,Rock\n25,12,Punk\n")
    yield
    pipelines.configure("auricle.pipeline_registry")


class TestChoice:
    def test_is_all_studies_where_nothing_is_said(self) -> None:
        assert chosen_studies({}) == chosen_studies({"studies": None}) == tuple(STUDIES)

    def test_is_in_the_order_of_the_table(self) -> None:
        assert chosen_studies({"studies": ["notes", "genre"]}) == ("genre", "notes")

    @pytest.mark.parametrize(
        ("studies", "message"),
        [
            (
                ["genres"],
                r"names 'genres', which there is not; 'genre' is near.*There are genre, notes, cry, ratings",
            ),
            (["voices"], "names 'voices', which there is not. There are genre, notes, cry, ratings"),
            (["notes", "notes"], "names 'notes' twice"),
            ("genre", r"is 'genre', not a list of names such as \[genre\]"),
            ([], r"is \[\], not a list"),
            ([1], r"is \[1\], not a list"),
        ],
    )
    def test_is_refused_where_it_cannot_work(self, studies: object, message: str) -> None:
        with pytest.raises(ConfigurationError, match=message):
            chosen_studies({"studies": studies})


class TestEnvironments:
    @pytest.mark.parametrize("env", [env for env in ENVIRONMENTS if env != "base"])
    def test_have_the_study_that_they_are_made_for(self, project: Path, env: str) -> None:
        expected = {"notes"} if env in OF_NOTES else {"cry"} if env in OF_CRIES else {"genre"}
        assert studies_of(narrowed(project, env)["train_rf"]) == expected

    def test_one_after_the_other_have_each_their_own(self, project: Path) -> None:
        assert "train_cnn" in narrowed(project, "gtzan")
        assert "train_cnn" not in narrowed(project, "good_sounds")
        again = narrowed(project, "gtzan")
        assert studies_of(again["train_cnn"]) == studies_of(again["ingest"]) == {"genre"}

    def test_sessions_of_one_process_do_not_narrow_what_is_registered(self, project: Path) -> None:
        narrowed(project, "philharmonia")
        assert studies_of(register_pipelines()["ingest"]) == set(STUDIES)

    def test_the_command_line_may_choose_others(self, project: Path) -> None:
        both = narrowed(project, "gtzan", studies=["genre", "notes"])
        assert studies_of(both["train_rf"]) == {"genre", "notes"}

    def test_kedro_viz_shows_their_own_study(self, project: Path) -> None:
        viz = pytest.importorskip("kedro_viz.integrations.kedro.data_loader")
        _, shown, _ = viz.load_data(project, env="philharmonia")
        assert studies_of(shown["train_rf"]) == {"notes"}


class TestNoChoice:
    """Where the environment names no study, as base does."""

    def test_pipelines_that_could_be_shared_are_of_the_first_study(self, project: Path) -> None:
        pipelines = narrowed(project, "base")
        for name in ("ingest", "train_rf", "train_cnn", "evaluate", "explain", "sweep", "__default__"):
            assert studies_of(pipelines[name]) == {"genre"}, name

    def test_those_of_other_models_are_there_too(self, project: Path) -> None:
        assert studies_of(narrowed(project, "base")["train_note_analyzer"]) == {"notes"}
        assert studies_of(narrowed(project, "base")["train_rating"]) == {"ratings"}

    def test_others_are_had_by_name(self, project: Path) -> None:
        assert studies_of(narrowed(project, "base", studies=["notes"])["train_rf"]) == {"notes"}
        assert studies_of(narrowed(project, "base", studies=["cry"])["train_cnn"]) == {"cry"}


@pytest.mark.parametrize("env", SOME_ENVIRONMENTS)
def test_where_recordings_are_somebodys_own_nothing_is_rendered(project: Path, env: str) -> None:
    bootstrap_project(project)
    with KedroSession.create(project, env=env) as session:
        loader = session.load_context().config_loader
    rendered_there = "demo_" in loader["globals"]["recordings"]
    for study in chosen_studies(loader["parameters"]):
        assert loader["parameters"][study]["demo"]["enabled"] == rendered_there, study


class TestSource:
    """A parameter may name the folder of recordings of a corpus."""

    @pytest.mark.parametrize("root", ["/music/cries", "cries"])
    def test_root_is_where_that_corpus_is_read_from(self, project: Path, root: str) -> None:
        bootstrap_project(project)
        params = {"cry": {"source": {"root": root}}}
        with KedroSession.create(project, env="donateacry", runtime_params=params) as session:
            catalog = session.load_context().catalog
        assert catalog.load("cry.recordings") == project / root
        assert catalog.load("genre.recordings") == project / "data/01_raw/donateacry"


class TestRuns:
    @pytest.mark.parametrize("name", ["train_cnn", "__default__"])
    def test_of_a_pipeline_without_a_study_say_so(self, project: Path, name: str) -> None:
        message = rf"{name}' has nothing to do in this environment, which has the study notes.*train_rf"
        with pytest.raises(ConfigurationError, match=message):
            run_project(project, [name], env="good_sounds")

    def test_of_no_pipeline_at_all_are_told_near_names(self, project: Path) -> None:
        with pytest.raises(ValueError, match=r"Failed to find the pipeline named 'train_cn'[\s\S]*train_cnn"):
            run_project(project, ["train_cn"], env="good_sounds")

    def test_with_an_unknown_study_are_refused(self, project: Path) -> None:
        with pytest.raises(ConfigurationError, match="names 'voices'"):
            run_project(project, ["ingest"], params={"studies": ["voices"]})


class TestRetrainedModels:
    def test_are_those_that_are_named_by_study(self) -> None:
        named = {"retrain": {"models": ["notes.random_forest", "genre.cnn", "genre.random_forest"]}}
        assert retrained_models(named) == {
            "genre": ("random_forest", "cnn"),
            "notes": ("random_forest",),
        }

    @pytest.mark.parametrize("parameters", [{}, {"retrain": {"models": []}}])
    def test_are_none_where_none_is_named(self, parameters: dict[str, Any]) -> None:
        assert retrained_models(parameters) == {}

    @pytest.mark.parametrize(
        ("models", "message"),
        [
            ("genre.cnn", r"is 'genre.cnn', not a list of names such as \[genre.random_forest"),
            (["genre.cmm"], "names 'genre.cmm', which there is not; 'genre.cnn' is near"),
            (["cnn"], "names 'cnn', which there is not.*There are genre.random_forest"),
            (["genre.ensemble"], "names 'genre.ensemble', which is made of the champions of others"),
            (["ratings.rater"], "names 'ratings.rater', which learns ratings"),
            (["genre.cnn", "genre.cnn"], "names 'genre.cnn' twice"),
        ],
    )
    def test_that_there_are_not_are_refused(self, models: Any, message: str) -> None:
        with pytest.raises(ConfigurationError, match=message):
            retrained_models({"retrain": {"models": models}})

    def test_have_the_nodes_of_the_pipeline_whatever_the_studies_of_an_environment(self) -> None:
        made = register_pipelines(["genre"], {"genre": ("cnn",), "notes": ("random_forest",)})["retrain"]
        assert studies_of(made) == {"genre"}
        decided = {node.name for node in made.nodes if node.name.endswith(".decide")}
        assert decided == {"genre.cnn.decide"}
        trained = {name for name in made.all_outputs() if name.endswith(".bundle")}
        assert trained == {"genre.cnn.challenger.bundle"}

    def test_of_no_study_of_an_environment_say_so(self) -> None:
        with pytest.raises(ConfigurationError, match="'retrain' has nothing to do in this environment"):
            register_pipelines(["cry"], {"genre": ("cnn",)})["retrain"]
