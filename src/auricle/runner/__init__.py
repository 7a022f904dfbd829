"""Runners: `kedro run --runner=auricle.runner.IncrementalRunner` does nothing twice."""

from auricle.runner.incremental import IncrementalRunner

__all__ = ["IncrementalRunner"]
