"""Jobs, units and the cron line name what there is, and an image is made of what the lock pins."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from auricle.commands.run import run
from auricle.inference.bulk.params import PredictParams
from auricle.pipeline_registry import register_pipelines
from auricle.runs.exit_codes import ExitCode
from auricle.runs.params import RunsParams

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
# Beside the Python that runs the tests, whose folder need not be in the path.
HADOLINT = shutil.which("hadolint", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
JOBS = sorted((ROOT / "conf/jobs").glob("*.yml"))
SERVICE, TIMER = (DEPLOY / f"systemd/auricle-retrain.{kind}" for kind in ("service", "timer"))
CRON = DEPLOY / "cron.d/auricle-retrain"
BLOCKS = {"predict": PredictParams, "runs": RunsParams}


def parsed(*arguments: str) -> dict[str, Any]:
    """What `kedro run` understands of its arguments, called in the project's folder."""
    told = [text.replace("=conf/", f"={ROOT}/conf/") for text in arguments]
    return run.make_context("run", told).params


def unit(file: Path) -> RawConfigParser:
    parser = RawConfigParser(strict=False, comment_prefixes=("#", ";"))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(file, encoding="utf-8")
    return parser


def kedro_run_of(command: str) -> dict[str, Any]:
    program, subcommand, *arguments = shlex.split(command)
    assert Path(program).name == "kedro" and subcommand == "run"
    return parsed(*arguments)


class TestJobs:
    @pytest.mark.parametrize("job", JOBS, ids=lambda job: job.stem)
    def test_names_pipelines_that_there_are_and_parameters_that_are_valid(self, job: Path) -> None:
        options = parsed(f"--config={job}")
        assert options["pipelines"] and set(options["pipelines"]) <= set(register_pipelines())
        for block, values in (options["params"] or {}).items():
            stands = yaml.safe_load((ROOT / f"conf/base/parameters_{block}.yml").read_text())[block]
            assert set(values) <= set(stands)
            BLOCKS[block].model_validate(values)

    def test_a_key_that_kedro_does_not_know_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "job.yml").write_text("run: {pipelins: retrain}")
        with pytest.raises(click.ClickException, match="pipelins"):
            parsed(f"--config={tmp_path / 'job.yml'}")


class TestUnits:
    def test_the_service_runs_the_nightly_job_and_knows_its_exit_codes(self) -> None:
        service = unit(SERVICE)["Service"]
        assert kedro_run_of(service["ExecStart"])["pipelines"] == ["retrain"]
        assert Path(shlex.split(service["ExecStart"])[0]).is_relative_to(service["WorkingDirectory"])
        good = {int(code) for code in service["SuccessExitStatus"].split()} | {0}
        assert good == set(ExitCode) - {ExitCode.FAILED, ExitCode.LOCKED}
        assert (service["KillSignal"], service["KillMode"]) == ("SIGTERM", "mixed")
        assert {"MemoryMax", "CPUWeight", "Nice", "NoNewPrivileges", "ProtectSystem"} <= set(service)

    def test_the_timer_starts_the_service_of_its_name(self) -> None:
        timer = unit(TIMER)
        assert TIMER.stem == SERVICE.stem
        assert timer["Timer"]["OnCalendar"] and timer["Install"]["WantedBy"] == "timers.target"

    @pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
    def test_systemd_has_nothing_to_say_against_them(self, tmp_path: Path) -> None:
        for file in (SERVICE, TIMER):
            # It wants programs to be there, and /opt/auricle is not.
            text = file.read_text(encoding="utf-8").replace("/opt/auricle/.venv/bin/kedro", sys.executable)
            (tmp_path / file.name).write_text(text, encoding="utf-8")
        files = [str(tmp_path / file.name) for file in (SERVICE, TIMER)]
        result = subprocess.run(
            ["systemd-analyze", "verify", *files], capture_output=True, text=True, check=False
        )
        # What is invalid is ignored with a warning; the exit code is 0 then.
        assert (result.returncode, result.stdout + result.stderr) == (0, "")

    def test_cron_runs_the_same_job_alone_and_low_in_priority(self) -> None:
        lines = CRON.read_text(encoding="utf-8").splitlines()
        (line,) = [line for line in lines if re.match(r"[\d*]", line)]
        assert "%" not in line  # a newline to cron
        *schedule, user, command = line.split(None, 6)
        assert (len(schedule), user) == (5, "auricle")
        kedro = re.search(r"\S+/kedro .*?(?= >>)", command)
        assert kedro is not None and kedro_run_of(kedro[0])["pipelines"] == ["retrain"]
        assert " nice -n " in command
        limit = re.search(r" timeout --kill-after=(\w+) (\w+) ", command)
        assert limit is not None
        service = unit(SERVICE)["Service"]
        assert (service["TimeoutStopSec"], service["TimeoutStartSec"]) == (f"{limit[1]}in", limit[2])
        assert "flock" not in command  # workers inherit its file, and would keep the lock of a killed run

    def test_cron_has_every_variable_of_the_service(self) -> None:
        lines = CRON.read_text(encoding="utf-8").splitlines()
        given = dict(line.split("=", 1) for line in lines if re.match(r"\w+=", line))
        of_service = re.findall(r"^Environment=(.*)$", SERVICE.read_text(encoding="utf-8"), re.M)
        wanted = dict(told.split("=", 1) for line in of_service for told in shlex.split(line))
        wanted = {name: value.replace("%C", "/var/cache") for name, value in wanted.items()}
        assert "NUMBA_CACHE_DIR" in wanted
        assert {name: given.get(name) for name in wanted} == wanted | {"AURICLE_ASKED_BY": "cron"}


@pytest.fixture(scope="class")
def locked() -> Iterator[Any]:
    sys.path.insert(0, str(DEPLOY))
    import locked

    yield locked
    sys.path.remove(str(DEPLOY))


class TestImage:
    PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    def test_has_what_the_extras_need_with_hashes_and_nothing_of_development(self, locked: Any) -> None:
        packages = locked.read_lock((ROOT / "requirements.lock").read_text(encoding="utf-8"))
        needed = locked.needed(packages, locked.wanted_by(self.PROJECT, ["pipelines"]))
        names = {package.name for package in needed}
        assert {"kedro", "click", "torch", "sympy", "pyarrow", "setuptools"} <= names
        assert not {"pytest", "mypy", "ruff", "onnxruntime", "mlflow-skinny"} & names
        assert all("--hash=sha256:" in package.lines for package in needed)

    def test_for_cpus_leaves_out_what_torch_needs_for_gpus_alone(self) -> None:
        def printed(*arguments: str) -> str:
            command = [sys.executable, str(DEPLOY / "locked.py"), "pipelines", *arguments]
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout

        whole, cpu = printed(), printed("--cpu")
        in_whole, in_cpu = (set(re.findall(r"^([\w.-]+)==", text, re.M)) for text in (whole, cpu))
        left_out = in_whole - in_cpu
        assert {"torch", "torchvision", "triton"} < left_out and in_cpu < in_whole
        assert all(name.startswith(("torch", "triton", "nvidia-", "cuda-")) for name in left_out)
        pins = re.findall(r"^(torch\w*==[\w.]+)", whole, re.M)
        assert printed("--torch").split() == pins

    def test_gets_nothing_but_what_it_needs(self) -> None:
        ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        assert "*" in ignored and "conf/local/*" in ignored
        copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.M)
        assert {name for names in copied for name in names.split()} <= {
            line.removeprefix("!") for line in ignored if line.startswith("!")
        }

    @pytest.mark.skipif(HADOLINT is None, reason="hadolint is not installed")
    def test_the_linter_has_nothing_to_say(self) -> None:
        command = [str(HADOLINT), str(DEPLOY / "Dockerfile")]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (result.returncode, result.stdout) == (0, "")
