"""Projects for tests: the real configuration, an empty data folder, and a run in this process."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

REPOSITORY = Path(__file__).parents[2]


def make_project(folder: Path) -> Path:
    """A copy of the project without its data."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(REPOSITORY / "conf", folder / "conf", ignore=shutil.ignore_patterns("local"))
    (folder / "conf/local").mkdir()
    shutil.copy(REPOSITORY / "pyproject.toml", folder)
    (folder / "src").mkdir()  # Kedro wants one; the package is the installed one
    return folder


def copy_project(project: Path, folder: Path) -> Path:
    """The same project in another place; its files keep their times, by which they are known."""
    return shutil.copytree(project, folder)


def nested(params: dict[str, Any]) -> dict[str, Any]:
    """What the command line makes of `--params=a.b=1`."""
    tree: dict[str, Any] = {}
    for name, value in params.items():
        *parents, last = name.split(".")
        branch = tree
        for parent in parents:
            branch = branch.setdefault(parent, {})
        branch[last] = value
    return tree


def run_project(
    project: Path, pipelines: Sequence[str] | None = None, env: str = "ci", **options: Any
) -> dict[str, Any]:
    """What `kedro run --env=ENV --pipelines=A,B --params=...` does, in this process."""
    bootstrap_project(project)
    params = nested(options.pop("params", {}))
    with KedroSession.create(project, env=env, runtime_params=params) as session:
        return session.run(pipeline_names=list(pipelines) if pipelines else None, **options)
