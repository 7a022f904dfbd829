"""A runner that runs what has changed: nothing is done twice."""

from typing import Any

from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from kedro.runner import SequentialRunner, Task
from pluggy import PluginManager
from pydantic import TypeAdapter

from auricle.errors import ConfigurationError, StoppedError, StopSignal
from auricle.pipelines.marks import ADDS_TO_ITS_INPUT, GATE, HEED_GATES
from auricle.runner.fingerprints import Fingerprints
from auricle.runner.records import NodeState, Records, changes

RECORDS = "fingerprints"  # the catalog entry of the folder that the records lie in


class IncrementalRunner(SequentialRunner):
    """Runs a node where its code, its parameters or its inputs have changed, or an output is gone.

    Whether an input has changed is asked when the nodes before have run: one that makes what it has made
    before lets those after it be skipped. What is kept of a node is written after its outputs and taken away
    before it runs, so that a node that was killed or has failed runs again.

    A node tagged `gate` runs every time. Where it says `go: false`, nothing runs that descends from it,
    whatever has changed.

    Attributes:
        ran: the nodes of the last run that were not skipped, and why.
        held: the nodes that a gate has kept from running, and its reason.

    Example:
        $ kedro run --runner=auricle.runner.IncrementalRunner --runner-params=explain=true
    """

    def __init__(self, is_async: bool = False, explain: bool = False, force: bool = False) -> None:
        """Make the runner.

        Args:
            is_async: of Kedro's runners.
            explain: say also of each node that is skipped why; of those that run it is always said.
            force: run every node, as after an update of a package, which no fingerprint knows of.
        """
        super().__init__(is_async=is_async)
        self._explain, self._force = (TypeAdapter(bool).validate_python(value) for value in (explain, force))
        self.ran: dict[str, str] = {}
        self.held: dict[str, str] = {}

    def __str__(self) -> str:
        return HEED_GATES[0]

    def run(
        self,
        pipeline: Pipeline,
        catalog: Any,
        hook_manager: PluginManager | None = None,
        run_id: str | None = None,
        only_missing_outputs: bool = False,
    ) -> dict[str, Any]:
        """Run what has changed.

        Raises:
            ConfigurationError: with `--only-missing-outputs`, which would leave out what has changed.
            StoppedError: a signal has asked for the end of the run.
        """
        if only_missing_outputs:
            raise ConfigurationError(
                "IncrementalRunner runs what has changed, and what is missing too; --only-missing-outputs"
                " would leave out the former. Leave that option out."
            )
        try:
            return super().run(pipeline, catalog, hook_manager, run_id)
        except StopSignal as signal:
            raise StoppedError(signal.number) from signal

    def _run(
        self,
        pipeline: Pipeline,
        catalog: CatalogProtocol[Any, Any],
        hook_manager: PluginManager | None = None,
        run_id: str | None = None,
    ) -> None:
        if RECORDS not in catalog:
            raise ConfigurationError(
                f"The catalog has no entry {RECORDS!r}, the folder in which IncrementalRunner keeps what"
                " nodes were like. conf/base/catalog_raw.yml shows it."
            )
        turn = _Turn(pipeline, catalog, Records(catalog.load(RECORDS)))
        self.ran, self.held = {}, {}
        for node in pipeline.nodes:
            if node.name in self.ran:
                continue
            if (reason := turn.held_back(node)) is not None:
                self.held[node.name] = reason
                if self._explain:
                    self._logger.info("%s is skipped: %s", node.name, reason)
                continue
            why = turn.why(node) or ("force is set" if self._force else None)
            if why is None:
                if self._explain:
                    self._logger.info("%s is skipped: nothing has changed", node.name)
                continue
            try:
                self._execute(node, why, turn, hook_manager, run_id)
            except (Exception, StopSignal):
                self._logger.warning("Give the same command again: what has run to its end is skipped then.")
                raise
        for reason in sorted(set(self.held.values())):
            names = [name for name, told in self.held.items() if told == reason]
            self._logger.info("%d nodes were kept from running: %s", len(names), reason)
        self._logger.info("%d of %d nodes had to run", len(self.ran), len(pipeline.nodes))
        for name in pipeline.datasets():
            if name not in pipeline.inputs() | pipeline.outputs():
                catalog.release(name)

    def _execute(
        self, node: Node, why: str, turn: "_Turn", hook_manager: PluginManager | None, run_id: str | None
    ) -> None:
        """Run a node, and before it those that make what it needs and what was in memory only."""
        for name, maker in turn.needed_by(node).items():
            self._execute(
                maker, f"{node.name} needs {name}, which is in memory only", turn, hook_manager, run_id
            )
        self._logger.info("%s runs: %s", node.name, why)
        state = turn.fingerprints.of(node)
        turn.records.forget(node.name)
        Task(node, turn.catalog, self._is_async, hook_manager, run_id).execute()
        turn.finish(node, state)
        self.ran[node.name] = why


class _Turn:
    """One run: what is to be asked about its nodes."""

    def __init__(self, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any], records: Records) -> None:
        self.catalog, self.records = catalog, records
        self.fingerprints = Fingerprints(pipeline, catalog)
        self._closed: dict[str, str] = {}  # entries that are not to be made, or used, and why

    def why(self, node: Node) -> str | None:
        """Why a node has to run; None where it need not."""
        if not node.outputs:
            return "it has no outputs"
        if GATE in node.tags:
            return "it says whether others run"
        now, before = self.fingerprints.of(node), self.records.read(node.name)
        self.fingerprints.note(node, now)
        return changes(before, now, self.fingerprints.changed_by_others(node))

    def held_back(self, node: Node) -> str | None:
        """Why a node may not run, where it descends from a gate that is closed."""
        reason = next((self._closed[name] for name in node.inputs if name in self._closed), None)
        if reason is not None:
            self._closed |= dict.fromkeys(node.outputs, reason)
        return reason

    def needed_by(self, node: Node) -> dict[str, Node]:
        """Nodes that have to run because what they make lies in memory, and is not there."""
        makers = self.fingerprints.makers
        return {
            name: makers[name]
            for name in node.inputs
            if name in makers and self.fingerprints.in_memory(name) and not self.catalog.exists(name)
        }

    def finish(self, node: Node, before: NodeState) -> None:
        """Keep what a node was like before it ran, and what it has made.

        Inputs count as they were before: what comes while a node runs has it run again.
        """
        after = self.fingerprints.of(node)
        inputs = after.inputs if ADDS_TO_ITS_INPUT in node.tags else before.inputs
        state = NodeState(before.code, inputs, after.outputs)
        self.fingerprints.note(node, state)
        self.records.write(node.name, state)
        if GATE in node.tags:
            self._closed |= {
                name: reason for name in node.outputs if (reason := _reason_to_stop(name, self.catalog))
            }


def _reason_to_stop(gate: str, catalog: CatalogProtocol[Any, Any]) -> str | None:
    """What a gate says where it is closed; None where it is open.

    Raises:
        ConfigurationError: it says neither.
    """
    told = catalog.load(gate)
    if not isinstance(told, dict) or not isinstance(told.get("go"), bool):
        raise ConfigurationError(
            f"{gate} is {told!r}, and a gate has to say such as {{'go': False, 'reason': 'nothing new'}}."
        )
    return None if told["go"] else f"{gate}: {told.get('reason') or 'it says no'}"
