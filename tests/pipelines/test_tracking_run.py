"""`kedro run` with trackers: they are told what the project's files say, and cost nothing if they fail."""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from project_runs import copy_project, run_project
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from test_killed_run import start, wait_for

from auricle.models.champion import read_champion

TRACKING = "data/ci/08_reporting/genre/tracking"
ASKED = {"genre.tracking.mlflow": True, "genre.tracking.tensorboard": True}


@pytest.fixture(scope="module")
def tracked(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A forest, trained while the tracker was broken, and a CNN, trained after it was mended."""
    project = copy_project(prepared, tmp_path_factory.mktemp("tracked") / "project")
    database = project / TRACKING / "mlflow.db"
    database.parent.mkdir(parents=True)
    database.write_text("no database" * 100)
    run_project(project, ["train_rf"], params=ASKED)
    database.unlink()
    run_project(project, ["train_cnn", "evaluate"], params=ASKED)
    return project


def client_of(project: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{project / TRACKING}/mlflow.db")


def runs_of(project: Path) -> dict[str, Any]:
    """MLflow's runs by the names of their models; every one of another."""
    client = client_of(project)
    found = client.search_runs([client.get_experiment_by_name("genre").experiment_id])
    by_model = {run.data.tags["auricle.model"]: run for run in found}
    assert len(by_model) == len(found)
    return by_model


def champion_of(project: Path, model: str) -> Any:
    return read_champion(project / f"data/ci/06_models/genre/{model}/champion.json")


def scalars_of(folder: Path) -> dict[str, list[tuple[int, float]]]:
    read = EventAccumulator(str(folder)).Reload()
    return {name: [(e.step, e.value) for e in read.Scalars(name)] for name in read.Tags()["scalars"]}


@pytest.mark.long
class TestMlflow:
    """The forest's run is one that its training could not log, and that the evaluation caught up with."""

    @pytest.mark.parametrize("model", ["random_forest", "cnn"])
    def test_refers_to_the_bundle(self, tracked: Path, model: str) -> None:
        champion, run = champion_of(tracked, model), runs_of(tracked)[f"genre.{model}"]
        assert run.data.tags["auricle.bundle_digest"] == champion.digest
        assert Path(run.data.tags["auricle.bundle"]).samefile(champion.path)
        assert run.info.status == "FINISHED"

    @pytest.mark.parametrize("model", ["random_forest", "cnn"])
    def test_has_the_figures_of_metrics_json(self, tracked: Path, model: str) -> None:
        champion, run = champion_of(tracked, model), runs_of(tracked)[f"genre.{model}"]
        file = tracked / f"data/ci/08_reporting/genre/{model}/{champion.version}/metrics.json"
        figures = json.loads(file.read_text())["figures"]
        logged = {name: value for name, value in run.data.metrics.items() if name.startswith("test/")}
        expected = {
            f"test/{name}{suffix}": figure[key]
            for name, figure in figures.items()
            for key, suffix in (("value", ""), ("low", "_low"), ("high", "_high"), ("majority", "_baseline"))
            if figure[key] is not None
        }
        assert logged == expected
        assert {"test/macro_f1", "test/macro_f1_low", "test/macro_f1_baseline"} <= set(logged)

    def test_has_every_parameter(self, tracked: Path) -> None:
        runs = runs_of(tracked)
        assert runs["genre.cnn"].data.params["train.epochs"] == "2"
        assert runs["genre.cnn"].data.params["model.channels"] == "[8, 16, 32, 64]"
        assert runs["genre.cnn"].data.params["front_end.n_mels"] == "128"
        assert runs["genre.random_forest"].data.params["train.n_estimators"] == "30"

    def test_has_the_history_by_epoch(self, tracked: Path) -> None:
        run, client = runs_of(tracked)["genre.cnn"], client_of(tracked)
        history = champion_of(tracked, "cnn").training["history"]
        for name, key in (("train/loss", "loss"), ("validation/macro_f1", "macro_f1")):
            logged = [(point.step, point.value) for point in client.get_metric_history(run.info.run_id, name)]
            assert logged == [(entry["epoch"], entry[key]) for entry in history]

    @pytest.mark.parametrize("model", ["random_forest", "cnn"])
    def test_has_the_card_and_pictures_and_no_weights(self, tracked: Path, model: str) -> None:
        run = runs_of(tracked)[f"genre.{model}"]
        folder = tracked / TRACKING / "artifacts" / run.info.run_id / "artifacts"
        pictures = {picture.stem for picture in (folder / "pictures").iterdir()}
        assert pictures == {"curves", "confusion_matrix", "reliability"}
        assert (folder / "README.md").read_text() == (
            champion_of(tracked, model).path / "README.md"
        ).read_text()
        assert not list(folder.rglob("model.*"))


@pytest.mark.long
class TestTensorBoard:
    def test_has_the_history_by_epoch(self, tracked: Path) -> None:
        (folder,) = (tracked / TRACKING / "tensorboard/cnn").glob("*/final")
        history = champion_of(tracked, "cnn").training["history"]
        said = scalars_of(folder)
        for name, key in (("train/loss", "loss"), ("validation/loss", "eval_loss"), ("seconds", "seconds")):
            assert [step for step, _ in said[name]] == [entry["epoch"] for entry in history]
            expected = [entry[key] for entry in history]
            assert [value for _, value in said[name]] == pytest.approx(expected, rel=1e-6)


class TestWithoutTracking:
    @pytest.mark.parametrize(
        ("tracker", "module"), [("mlflow", "sqlalchemy"), ("tensorboard", "tensorboard")]
    )
    def test_a_missing_extra_is_refused_before_any_node(
        self, project: Path, tracker: str, module: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(Exception, match=r"pip install auricle\[tracking\]"):
            run_project(project, ["train_cnn"], params={f"genre.tracking.{tracker}": True})
        assert not (project / "data/ci/02_intermediate").exists()

    def test_a_misspelt_parameter_is_refused(self, project: Path) -> None:
        with pytest.raises(Exception, match="mlfow"):
            run_project(project, ["train_rf"], params={"genre.tracking.mlfow": True})
        assert not (project / "data/ci/02_intermediate").exists()


@pytest.mark.long
def test_a_training_that_was_killed_is_one_run_that_says_no_epoch_twice(
    project: Path, tmp_path: Path
) -> None:
    command = [
        "--params=genre.cnn.train.epochs=12,genre.tracking.mlflow=true,genre.tracking.tensorboard=true"
    ]
    process = start(project, tmp_path / "first.log", *command)
    try:
        wait_for("epoch 4 of 12", tmp_path / "first.log", process)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert not (project / TRACKING / "mlflow.db").exists()
    assert start(project, tmp_path / "second.log", *command).wait() == 0, (
        tmp_path / "second.log"
    ).read_text()
    assert "goes on from checkpoint-" in (tmp_path / "second.log").read_text()

    epochs = list(range(1, 13))
    run = runs_of(project)["genre.cnn"]
    logged = client_of(project).get_metric_history(run.info.run_id, "train/loss")
    assert [point.step for point in logged] == epochs
    (folder,) = (project / TRACKING / "tensorboard/cnn").glob("*/final")
    assert len(list(folder.iterdir())) == 2
    for name, points in scalars_of(folder).items():
        assert [step for step, _ in points] == epochs, name
