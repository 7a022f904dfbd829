"""What `kedro run` runs pipelines with where no runner is named."""

from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from kedro.runner import AbstractRunner, SequentialRunner

from auricle.errors import StoppedError, StopSignal
from auricle.pipelines.marks import GATE, HEED_GATES
from auricle.runner.incremental import IncrementalRunner


class ProjectRunner(SequentialRunner):
    """The incremental runner for a pipeline that has a gate, and Kedro's sequential one for any other.

    Args:
        is_async: of Kedro's runners.
        options: of the runner that it comes to.
    """

    def __init__(self, is_async: bool = False, **options: Any) -> None:
        super().__init__(is_async=is_async)
        self._options = options

    def __str__(self) -> str:
        # Kedro-Viz shows how runs went of a runner only that calls itself so.
        return f"{HEED_GATES[1]}, a kedro.runner.sequential_runner.SequentialRunner object"

    def run(self, pipeline: Pipeline, catalog: Any, *args: Any, **options: Any) -> dict[str, Any]:
        """Run the pipeline, as every runner of Kedro does.

        Raises:
            StoppedError: a signal has asked for the end of the run.
        """
        chosen = IncrementalRunner if pipeline.only_nodes_with_tags(GATE).nodes else _Sequential
        runner: AbstractRunner = chosen(is_async=self._is_async, **self._options)
        return runner.run(pipeline, catalog, *args, **options)


class _Sequential(SequentialRunner):
    """Kedro's own, which says how to resume after a signal as it does after an error."""

    def _run(
        self, pipeline: Pipeline, catalog: Any, hook_manager: Any = None, run_id: str | None = None
    ) -> None:
        done = _Done()
        hook_manager.register(done)
        try:
            super()._run(pipeline, catalog, hook_manager, run_id)
        except StopSignal as signal:
            self._suggest_resume_scenario(pipeline, done.nodes, catalog)
            raise StoppedError(signal.number) from signal
        finally:
            hook_manager.unregister(done)


class _Done:
    """A hook that notes which nodes have run to their end."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []

    @hook_impl
    def after_node_run(self, node: Node) -> None:
        """Note a node."""
        self.nodes.append(node)
