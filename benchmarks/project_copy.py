"""A copy of the project that a benchmark may change."""

import shutil
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]


def copy_of_project(project: Path, *, source: bool) -> Path:
    """The project without its data and without settings of this machine.

    Args:
        project: a folder that is not there yet.
        source: whether its code is copied too, to be changed; otherwise `src` is empty.
    """
    ignored = shutil.ignore_patterns("local", "__pycache__")
    shutil.copytree(REPOSITORY / "conf", project / "conf", ignore=ignored)
    (project / "conf/local").mkdir()
    if source:
        shutil.copytree(REPOSITORY / "src", project / "src", ignore=ignored)
    else:
        (project / "src").mkdir()
    shutil.copy(REPOSITORY / "pyproject.toml", project)
    return project
