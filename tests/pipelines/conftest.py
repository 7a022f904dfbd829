"""A project of its own for each test, and one that has been run, to be looked at."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from project_runs import make_project, run_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "project")


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which every model was trained in `--env=ci`; tests read it and leave it as it is."""
    folder = make_project(tmp_path_factory.mktemp("trained") / "project")
    run_project(folder, ["__default__", "train_hybrid", "train_resnet", "train_cnn_lstm"])
    return folder


@pytest.fixture
def run() -> Callable[..., dict[str, Any]]:
    return run_project
