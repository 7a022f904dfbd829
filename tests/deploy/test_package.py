"""`kedro package`: its wheel and its archive retrain where nothing else of the project is."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from fresh_environment import NO_NETWORK, ROOT, Environment

RETRAIN = "--params=retrain.models=[genre.random_forest],genre.random_forest.train.n_estimators=20"


def package(project: Path) -> Path:
    """The folder of what `kedro package` makes of a copy of the project."""
    shutil.copytree(ROOT / "conf", project / "conf")
    (project / "conf/local/credentials.yml").write_text("secret: 1")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    result = subprocess.run(
        [sys.executable, "-m", "kedro", "package"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        env=environment | {"DO_NOT_TRACK": "1"},
    )
    if result.returncode and NO_NETWORK.search(result.stdout + result.stderr):
        pytest.skip("setuptools cannot be had here: nothing builds a wheel")
    assert result.returncode == 0, result.stderr
    return project / "dist"


class Machine:
    """The wheel in an environment of what the image's lines of the lock pin; the archive is unpacked."""

    def __init__(self, folder: Path) -> None:
        self.fresh = Environment(folder / "fresh")
        made = package(self.fresh.project)
        lines = subprocess.run(
            [sys.executable, str(ROOT / "deploy/locked.py"), "pipelines"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        locked = folder / "locked.txt"
        locked.write_text(lines, encoding="utf-8")
        self.fresh.pip_install("--require-hashes", "--no-deps", "-r", locked)
        (wheel,) = made.glob("*.whl")
        self.fresh.pip_install("--no-deps", wheel)
        shutil.rmtree(self.fresh.project / "src")
        self.archive = made / "conf-auricle.tar.gz"
        self.folder = folder / "work"
        self.folder.mkdir()

    def auricle(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        hidden = ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME")
        environment = {name: value for name, value in os.environ.items() if name not in hidden}
        return subprocess.run(
            [str(self.fresh.python.parent / "auricle"), *map(str, arguments)],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            env=environment | {"DO_NOT_TRACK": "1"},
        )

    def summaries(self) -> list[dict[str, Any]]:
        files = (self.folder / "data/ci/08_reporting/retraining/runs").glob("*.json")
        return [json.loads(file.read_text()) for file in sorted(files)]


@pytest.mark.long
def test_the_package_retrains_in_a_fresh_environment(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    with tarfile.open(machine.archive) as archive:
        names = archive.getnames()
        assert "conf/jobs/retrain.yml" in names and "conf/local/credentials.yml" not in names
        archive.extractall(machine.folder, filter="data")

    first = machine.auricle("--config=conf/jobs/retrain.yml", "--env=ci", RETRAIN)
    assert first.returncode == 0, first.stderr
    assert list(machine.folder.glob("data/ci/06_models/genre/random_forest/champion.json"))
    again = machine.auricle(f"--conf-source={machine.archive}", "--pipelines=retrain", "--env=ci", RETRAIN)
    assert again.returncode == 11, again.stderr
    assert [told["outcome"] for told in machine.summaries()] == ["promoted", "nothing new"]

    refused = machine.auricle("--config=conf/jobs/predict.yml", "--env=ci")
    assert refused.returncode == 1
    assert "Train it with `kedro run --pipelines=train_cnn" in refused.stderr  # its model is read
