"""Runners: `kedro run --runner=auricle.runner.IncrementalRunner` does nothing twice."""

from auricle.runner.incremental import IncrementalRunner
from auricle.runner.project import ProjectRunner

__all__ = ["IncrementalRunner", "ProjectRunner"]
