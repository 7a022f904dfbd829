"""`auricle`, or `python -m auricle`: the project as an installed package runs, without its repository."""

import sys
from typing import Any

from kedro.framework.cli.utils import find_run_command
from kedro.framework.project import configure_project

PACKAGE = "auricle"


def main(*arguments: Any, **options: Any) -> Any:
    """Do what `kedro run` does, with the same options, in the folder that this is called in.

    `--conf-source` names the configuration, a folder or the archive that `kedro package` makes; without it,
    it is the folder `conf`. From Python: `main(["--pipelines", "train_rf"])`, which returns what the run
    returns, or its exit code.
    """
    configure_project(PACKAGE)
    options["standalone_mode"] = not hasattr(sys, "ps1")
    # The name of the command is the section of files that --config names.
    return find_run_command(PACKAGE)(*arguments, prog_name="run", **options)


if __name__ == "__main__":
    main()
