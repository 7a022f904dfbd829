"""Projects for tests: empty, ready to train in, and one in which everything was trained."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from project_runs import copy_project, make_project, run_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "project")


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose genres are rendered, ingested, cached and described: to be copied, for that takes long.

    The processes of one test run share it.
    """
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder, made = shared / "prepared/project", shared / "prepared/made"
    with FileLock(shared / "prepared.lock"):
        if not made.exists():
            make_project(folder)
            run_project(folder, ["cache_spectrograms", "extract_features"])
            made.touch()
    return folder


@pytest.fixture
def ready(prepared: Path, tmp_path: Path) -> Path:
    """A project of one's own in which nothing is left to do but to train."""
    return copy_project(prepared, tmp_path / "project")


@pytest.fixture(scope="session")
def trained(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which every model was trained in `--env=ci`; tests read it and leave it as it is."""
    folder = copy_project(prepared, tmp_path_factory.mktemp("trained") / "project")
    run_project(folder, ["__default__", "train_hybrid", "train_resnet", "train_cnn_lstm"])
    return folder


@pytest.fixture
def run() -> Callable[..., dict[str, Any]]:
    return run_project
