"""MLflow has one run a bundle, however often it is logged, and its failures are nobody else's."""

import json
import logging
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tracked_bundle import metrics, tracked_bundle, training

from auricle.tracking import client as client_module
from auricle.tracking.client import connect
from auricle.tracking.params import TrackingParams
from auricle.tracking.runs import BundleRuns

MODEL = "genre.cnn"
LOG_AND_LISTEN = """
import sys, time
from pathlib import Path

calls = []
outward = ("socket.connect", "socket.getaddrinfo")
sys.addaudithook(lambda event, arguments: calls.append(arguments[-1]) if event in outward else None)

from tracked_bundle import tracked_bundle
from auricle.tracking.params import TrackingParams
from auricle.tracking.runs import BundleRuns

bundle = tracked_bundle(Path("bundle"))
BundleRuns(TrackingParams(mlflow=True), Path("runs"), "genre").log("genre.cnn", bundle, "champion", bundle)
time.sleep(2)  # telemetry has a thread of its own
assert list(Path("runs/artifacts").iterdir())
sys.exit(f"called {calls}" if calls else 0)
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One database for all tests here, which takes seconds to make; each has an experiment of its own."""
    return tmp_path_factory.mktemp("tracking")


@pytest.fixture
def experiment(request: pytest.FixtureRequest) -> str:
    return str(request.node.name)


@pytest.fixture
def runs(directory: Path, experiment: str) -> BundleRuns:
    return BundleRuns(TrackingParams(mlflow=True), directory, experiment)


def runs_in(directory: Path, experiment: str) -> list[Any]:
    client = connect(f"sqlite:///{directory}/mlflow.db")
    found = client.get_experiment_by_name(experiment)
    assert found is not None
    return list(client.search_runs([found.experiment_id]))


def steps(directory: Path, run: Any, name: str) -> list[int]:
    client = connect(f"sqlite:///{directory}/mlflow.db")
    return [metric.step for metric in client.get_metric_history(run.info.run_id, name)]


class TestRun:
    def test_has_parameters_history_and_where_the_bundle_is(
        self, directory: Path, experiment: str, runs: BundleRuns, tmp_path: Path
    ) -> None:
        bundle = tracked_bundle(tmp_path)
        runs.log(MODEL, bundle, "champion", bundle)
        (run,) = runs_in(directory, experiment)
        assert run.info.status == "FINISHED"
        assert run.data.params["model.channels"] == "[4, 8]"
        assert run.data.tags["auricle.bundle"] == str(tmp_path)
        assert run.data.tags["auricle.bundle_digest"] == bundle.digest
        assert steps(directory, run, "train/loss") == [1, 2, 3]

    def test_is_the_same_when_all_is_logged_again(
        self, directory: Path, experiment: str, tmp_path: Path
    ) -> None:
        bundle, judged = tracked_bundle(tmp_path), metrics()
        for _ in range(2):
            again = BundleRuns(TrackingParams(mlflow=True), directory, experiment)
            again.log(MODEL, bundle, "champion", bundle)
            again.log(MODEL, bundle, "metrics", judged)
        (run,) = runs_in(directory, experiment)
        assert steps(directory, run, "train/loss") == [1, 2, 3]
        assert steps(directory, run, "test/accuracy") == [0]

    def test_says_the_newest_of_two_evaluations(
        self, directory: Path, experiment: str, runs: BundleRuns, tmp_path: Path
    ) -> None:
        bundle = tracked_bundle(tmp_path)
        for seed in (0, 1):
            runs.log(MODEL, bundle, "metrics", metrics(seed))
        (run,) = runs_in(directory, experiment)
        assert run.data.metrics["test/log_loss"] == metrics(1)["figures"]["log_loss"]["value"]
        assert run.data.metrics["test/log_loss"] != metrics(0)["figures"]["log_loss"]["value"]

    def test_that_was_cut_short_is_completed_and_says_no_epoch_twice(
        self,
        directory: Path,
        experiment: str,
        runs: BundleRuns,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        bundle = tracked_bundle(tmp_path, training(folds=2))
        with monkeypatch.context() as patched:
            from mlflow import MlflowClient

            def die(*_: Any, **__: Any) -> None:
                raise KeyboardInterrupt

            patched.setattr(MlflowClient, "set_terminated", die)
            with pytest.raises(KeyboardInterrupt):
                runs.log(MODEL, bundle, "champion", bundle)
        BundleRuns(TrackingParams(mlflow=True), directory, experiment).log(MODEL, bundle, "champion", bundle)
        found = runs_in(directory, experiment)
        assert {run.info.status for run in found} == {"FINISHED"}
        assert sorted(run.data.tags["auricle.part"] for run in found) == ["final", "fold-0", "fold-1"]
        for run in found:
            expected = [1, 2, 3] if run.data.tags["auricle.part"] == "final" else [1, 2]
            assert steps(directory, run, "validation/loss") == expected

    def test_of_another_bundle_is_another(
        self, directory: Path, experiment: str, runs: BundleRuns, tmp_path: Path
    ) -> None:
        for digest in ("a" * 64, "b" * 64):
            bundle = tracked_bundle(tmp_path, digest=digest)
            runs.log(MODEL, bundle, "champion", bundle)
        assert len(runs_in(directory, experiment)) == 2

    def test_is_logged_without_a_call_to_anybody(self, tmp_path: Path) -> None:
        # Without what tells MLflow that it is being tested, which alone turns telemetry off.
        paths = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
        done = subprocess.run(
            [sys.executable, "-c", LOG_AND_LISTEN],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": paths},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


class TestFolds:
    def test_are_runs_inside_of_the_bundles(
        self, directory: Path, experiment: str, runs: BundleRuns, tmp_path: Path
    ) -> None:
        bundle = tracked_bundle(tmp_path, training(folds=3))
        runs.log(MODEL, bundle, "champion", bundle)
        by_part = {run.data.tags["auricle.part"]: run for run in runs_in(directory, experiment)}
        assert sorted(by_part) == ["final", "fold-0", "fold-1", "fold-2"]
        parent = by_part.pop("final").info
        assert {run.data.tags["mlflow.parentRunId"] for run in by_part.values()} == {parent.run_id}
        assert parent.start_time == by_part["fold-0"].info.start_time
        assert by_part["fold-2"].data.metrics["out_of_fold/macro_f1"] == 0.5


class TestArtifacts:
    def logged(self, directory: Path, experiment: str) -> Path:
        (run,) = runs_in(directory, experiment)
        return directory / "artifacts" / run.info.run_id / "artifacts"

    def test_are_small_files_pictures_and_figures_but_not_the_weights(
        self, directory: Path, experiment: str, runs: BundleRuns, tmp_path: Path
    ) -> None:
        from auricle.evaluation.plots import confusion_figure

        bundle, judged = tracked_bundle(tmp_path), metrics()
        runs.log(MODEL, bundle, "metrics", judged)
        runs.log(MODEL, bundle, "confusion_matrix", confusion_figure(judged))
        runs.log(MODEL, bundle, "card", "# A card")
        folder = self.logged(directory, experiment)
        assert json.loads((folder / "metrics.json").read_text()) == judged
        assert (folder / "README.md").read_text() == "# A card"
        for picture in ("confusion_matrix", "reliability"):
            assert (folder / f"pictures/{picture}.png").read_bytes().startswith(b"\x89PNG")
        assert (folder / "training.json").is_file()
        assert not list(folder.rglob("*.safetensors"))

    def test_are_the_whole_bundle_where_that_is_asked_for(
        self, directory: Path, experiment: str, tmp_path: Path
    ) -> None:
        bundle = tracked_bundle(tmp_path)
        runs = BundleRuns(TrackingParams(mlflow=True, bundle="artifact"), directory, experiment)
        runs.log(MODEL, bundle, "champion", bundle)
        folder = self.logged(directory, experiment)
        assert (folder / "bundle/model.safetensors").read_bytes() == bytes(100)


class TestFailure:
    """Each is one warning, soon, and no error."""

    def told(self, runs: BundleRuns, folder: Path, caplog: pytest.LogCaptureFixture) -> str:
        bundle = tracked_bundle(folder / "bundle")
        with caplog.at_level(logging.INFO, logger="auricle"):
            for what, content in (("champion", bundle), ("card", "# A card")):
                runs.log(MODEL, bundle, what, content)
        (warning,) = (record for record in caplog.records if record.name == "auricle.tracking.runs")
        assert warning.levelno == logging.WARNING
        return warning.getMessage()

    def test_of_a_locked_database(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(client_module, "LOCKED_AFTER_S", 0.1)
        other = sqlite3.connect(tmp_path / "mlflow.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        told = self.told(BundleRuns(TrackingParams(mlflow=True), tmp_path, "genre"), tmp_path, caplog)
        other.close()
        assert "database is locked" in told
        assert "`kedro run --pipelines=evaluate` logs what is missing" in told

    def test_of_a_file_that_is_no_database(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        (tmp_path / "mlflow.db").write_text("no database" * 100)
        told = self.told(BundleRuns(TrackingParams(mlflow=True), tmp_path, "genre"), tmp_path, caplog)
        assert "not a database" in told

    def test_of_a_server_that_is_not_there_does_not_tell_its_password(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        params = TrackingParams(mlflow=True, uri="http://me:secret@127.0.0.1:9")
        told = self.told(BundleRuns(params, tmp_path, "genre"), tmp_path, caplog)
        assert "Not logged for MLflow: champion of genre.cnn" in told
        assert "secret" not in told
