"""`kedro run` of the project: which runner, which exit code, one retraining at a time, and SIGTERM."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from gated_project import make_gated_project
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.project import configure_project
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

import auricle
from auricle.commands.run import run
from auricle.errors import ConfigurationError
from auricle.runs.exit_codes import ExitCode
from auricle.runs.run_lock import RunLock

DEADLINE_S = 60
SOURCE = Path(auricle.__file__).parents[1]


class Project:
    def __init__(self, folder: Path) -> None:
        self.folder = make_gated_project(folder)

    def run(self, *arguments: str) -> Result:
        bootstrap_project(self.folder)
        return CliRunner().invoke(run, arguments, standalone_mode=True)

    def retrain(self, **params: Any) -> Result:
        told = ",".join(f"{name}={value}" for name, value in params.items())
        return self.run("--pipelines=retrain", f"--params={told}")

    def summaries(self) -> list[dict[str, Any]]:
        return [json.loads(file.read_text()) for file in sorted((self.folder / "data/runs").glob("*.json"))]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """The same in a process of its own, which is left when it waits in its last node."""
        process = subprocess.Popen(
            [sys.executable, "-m", "kedro", "run", *arguments],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"AURICLE_ASKED_BY": "cron", "DO_NOT_TRACK": "1", "PYTHONPATH": str(SOURCE)},
        )
        deadline = time.monotonic() + DEADLINE_S
        while not (self.folder / "deciding").exists():
            assert process.poll() is None and time.monotonic() < deadline, process.communicate()[0]
            time.sleep(0.05)
        return process


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    yield Project(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "gated"]:
        del sys.modules[name]
    configure_project("auricle")


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What is sent to the webhook."""
    bodies: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AURICLE_WEBHOOK_URL", f"http://127.0.0.1:{server.server_port}/hook/secret")
    yield bodies
    server.shutdown()
    server.server_close()


class TestOptions:
    def test_are_those_of_kedro(self) -> None:
        assert run.params == kedro_run.params

    def test_a_job_names_the_pipeline(self, project: Project) -> None:
        result = project.run(f"--config={project.folder / 'conf/jobs/retrain.yml'}")
        assert result.exit_code == 0, result.output
        assert project.summaries()[0]["models"] == {"genre.cnn": "promoted"}

    def test_help_tells_the_exit_codes(self) -> None:
        said = CliRunner().invoke(run, ["--help"]).output
        assert all(f"\n    {code:>3}  " in said for code in ExitCode)


class TestPlainRuns:
    def test_have_no_summary_no_lock_and_kedros_runner(self, project: Project) -> None:
        assert project.run().exit_code == 0
        assert (project.folder / "data/counted.json").exists()
        assert not (project.folder / "data/runs").exists()
        assert not (project.folder / "data/.lock").exists()
        assert not (project.folder / "data/.fingerprints").exists()

    def test_are_shown_by_kedro_viz(self, project: Project) -> None:
        assert project.run().exit_code == 0
        assert (project.folder / ".viz/kedro_pipeline_events.json").exists()

    def test_leave_a_summary_where_all_do(self, project: Project) -> None:
        assert project.run("--params=runs.summarize=all").exit_code == 0
        (summary,) = project.summaries()
        assert (summary["status"], summary["outcome"]) == ("succeeded", None)
        assert list(summary["nodes"]) == ["count"]


class TestRetraining:
    @pytest.mark.parametrize(
        ("params", "exit_code", "outcome"),
        [
            ({"outcome": "promoted"}, 0, "promoted"),
            ({"outcome": "kept"}, 10, "kept"),
            ({"go": "false"}, 11, "nothing new"),
            ({"outcome": "waiting"}, 12, "waiting"),
        ],
    )
    def test_tells_by_its_exit_code_what_came_of_it(
        self, project: Project, params: dict[str, str], exit_code: int, outcome: str
    ) -> None:
        result = project.retrain(**params)
        assert result.exit_code == exit_code, result.output
        (summary,) = project.summaries()
        assert (summary["status"], summary["outcome"]) == ("succeeded", outcome)
        assert summary["exit_code"] == exit_code
        assert summary["gates"]["genre.retraining.due"]["reason"] == "3 new recordings of 50"
        assert summary["models"] == ({} if outcome == "nothing new" else {"genre.cnn": outcome})

    def test_that_fails_says_where(self, project: Project) -> None:
        assert project.retrain(outcome="broken").exit_code == 1
        (summary,) = project.summaries()
        assert (summary["status"], summary["exit_code"]) == ("failed", 1)
        assert summary["error"] == {
            "type": "ValueError",
            "message": "no such recording",
            "node": "genre.cnn.decide",
        }

    def test_that_is_refused_before_any_node_says_so_and_tells_the_webhook(
        self, project: Project, heard: list[dict[str, Any]]
    ) -> None:
        assert project.retrain(refused="true").exit_code == 1
        (summary,) = project.summaries()
        assert (summary["status"], summary["exit_code"]) == ("failed", 1)
        assert summary["error"] == {"type": "ValueError", "message": "no such figure"}
        assert [body["status"] for body in heard] == ["failed"]
        assert project.retrain().exit_code == 10  # and the lock is free

    def test_whose_lock_cannot_be_made_says_so(self, project: Project) -> None:
        (project.folder / "data/.lock").mkdir(parents=True)
        assert project.retrain().exit_code == 1
        (summary,) = project.summaries()
        assert (summary["status"], summary["error"]["type"]) == ("failed", "IsADirectoryError")

    @pytest.mark.parametrize("node", ["genre.gate", "genre.cnn.decide", "genre.cnn.promote"])
    def test_of_some_nodes_waits_for_the_lock_too(self, project: Project, node: str) -> None:
        other = RunLock()
        other.take(project.folder / "data/.lock", "another")
        assert project.run("--pipelines=retrain", f"--nodes={node}").exit_code == ExitCode.LOCKED
        other.give_back()

    def test_that_finds_another_tells_the_webhook_and_leaves_the_other_its_lock(
        self, project: Project, heard: list[dict[str, Any]]
    ) -> None:
        other = RunLock()
        other.take(project.folder / "data/.lock", "another")
        for _ in range(2):
            assert project.retrain().exit_code == ExitCode.LOCKED
        other.give_back()
        assert [(told["status"], told["exit_code"]) for told in project.summaries()] == [("locked", 75)] * 2
        assert [body["status"] for body in heard] == ["locked"] * 2
        assert f"locked: A retraining is under way: process {os.getpid()}" in heard[0]["text"]

    def test_of_some_nodes_says_whether_it_decides(self, project: Project) -> None:
        assert project.run("--pipelines=retrain", "--nodes=genre.gate").exit_code == 0
        assert project.retrain().exit_code == 10
        assert project.run("--pipelines=retrain", "--nodes=genre.cnn.promote").exit_code == 0
        assert [told["decides"] for told in project.summaries()] == [False, True, False]
        assert [told["outcome"] for told in project.summaries()] == [None, "kept", None]

    def test_in_which_nothing_has_changed_decides_nothing(self, project: Project) -> None:
        assert project.retrain().exit_code == 10
        assert project.retrain().exit_code == 11

    def test_tells_the_webhook(self, project: Project, heard: list[dict[str, Any]]) -> None:
        assert project.retrain(outcome="promoted").exit_code == 0
        (body,) = heard
        assert body["text"] == "Auricle, retrain: promoted (genre.cnn: promoted)"
        assert {name: body[name] for name in body if name != "text"} == project.summaries()[0]

    def test_goes_without_a_webhook_that_does_not_answer(
        self, project: Project, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setenv("AURICLE_WEBHOOK_URL", "http://127.0.0.1:9/hook/secret")
        assert project.retrain().exit_code == 10
        assert "webhook at 127.0.0.1 was not told" in caplog.text
        assert "secret" not in caplog.text

    @pytest.mark.parametrize("runner", [None, "ThreadRunner"])
    def test_by_another_runner_is_refused_before_any_node(self, project: Project, runner: str | None) -> None:
        if runner is None:
            bootstrap_project(project.folder)
            with KedroSession.create(project.folder) as session, pytest.raises(ConfigurationError) as told:
                session.run(pipeline_names=["retrain"])
            error: BaseException | None = told.value
        else:
            error = project.run("--pipelines=retrain", f"--runner={runner}").exception
        assert "auricle.runner.IncrementalRunner" in str(error)
        assert not (project.folder / "deciding").exists()


class TestEnds:
    def test_by_sigterm_with_hooks_a_hint_and_a_summary_and_holds_the_lock_till_then(
        self, project: Project
    ) -> None:
        process = project.start("--pipelines=retrain", "--params=wait_s=60")
        (under_way,) = project.summaries()
        assert under_way["status"] == "running"
        refused = project.retrain()
        assert refused.exit_code == 75
        assert f"process {process.pid}, since " in refused.output
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=DEADLINE_S)
        assert process.returncode == 143, said
        assert "Give the same command again" in said
        summary = next(told for told in project.summaries() if told["status"] != "locked")
        assert (summary["status"], summary["exit_code"], summary["asked_by"]) == ("stopped", 143, "cron")
        assert project.retrain().exit_code == 10

    def test_by_sigkill_leaves_the_lock_free_and_the_next_run_says_so(self, project: Project) -> None:
        process = project.start("--pipelines=retrain", "--params=wait_s=60")
        process.kill()
        process.communicate()
        assert project.retrain().exit_code == 10
        killed, ended = project.summaries()
        assert (killed["status"], ended["status"]) == ("killed", "succeeded")
