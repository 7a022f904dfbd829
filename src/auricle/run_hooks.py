"""Kedro's hook of runs that nobody watches: their lock, their summary, and whom they tell."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from auricle.errors import ConfigurationError, StoppedError
from auricle.models.provenance import asked_by, git_revision
from auricle.pipelines.marks import DECISION, GATE, HEED_GATES, RETRAIN
from auricle.runs.exit_codes import OF_OUTCOME, ExitCode, outcome_of
from auricle.runs.params import RUNS, RunsParams
from auricle.runs.run_lock import RunLock
from auricle.runs.signals import Asked
from auricle.runs.summary import (
    RunSummary,
    Status,
    error_of,
    exit_code_of,
    mark_killed,
    new_summary,
    write_summary,
)

logger = logging.getLogger(__name__)


class RunHooks:
    """Keeps retrainings apart, and accounts for them.

    Attributes:
        summary: of the run under way, or of the last; None of one that leaves none.
        asked: whether a signal has asked for the end of the run under way.
    """

    def __init__(self) -> None:
        self.summary: RunSummary | None = None
        self.asked = Asked()
        self._lock = RunLock()
        self._started: dict[str, float] = {}
        self._latest: str | None = None
        self._has_outcome = False

    @hook_impl(tryfirst=True)  # what the checks of other hooks refuse is told too
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Begin the summary, and take the lock where the pipeline has steps of a retraining.

        Raises:
            ConfigurationError: the runner would run what is behind a closed gate.
            LockedError: another retraining is under way.
        """
        self.summary, self._latest, self._started = None, None, {"": time.monotonic()}
        self._params = RunsParams.model_validate(catalog.load("parameters").get(RUNS, {}))
        gates = pipeline.only_nodes_with_tags(GATE).nodes
        # One that is narrowed to the last of them promotes too.
        is_retraining = bool(pipeline.only_nodes_with_tags(GATE, DECISION, RETRAIN).nodes)
        decides = bool(pipeline.only_nodes_with_tags(DECISION).nodes)
        self._has_outcome = bool(gates) or decides
        if not is_retraining and self._params.summarize != "all":
            return
        self._folder = catalog.load("run_summaries")
        self._begin(run_params, is_retraining=is_retraining, decides=decides)
        if gates:
            _check_runner(run_params["runner"], gates)
        if is_retraining:
            self._lock.take(catalog.load("run_lock"), run_params["run_id"])
            for run in mark_killed(self._folder):
                logger.warning("The retraining of %s was killed: its summary says so now", run)
        if self.summary is not None:
            write_summary(self._folder, self.summary)

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Note when a node starts.

        Raises:
            StopSignal: a signal has asked for the end, and the run went on.
        """
        self.asked.end_if_asked()
        self._started[node.name], self._latest = time.monotonic(), node.name

    @hook_impl
    def after_node_run(self, node: Node, outputs: dict[str, Any]) -> None:
        """Note what a gate or a decision says, and how long each node took."""
        if self.summary is None:
            return
        self._note_time(node)
        if GATE in node.tags:
            self.summary.gates |= {name: dict(told) for name, told in outputs.items()}
        if DECISION in node.tags:
            decided = map(_decision, outputs.values())
            self.summary.models |= {told["model"]: told["outcome"] for told in decided}

    @hook_impl
    def after_dataset_saved(self, node: Node) -> None:
        """Note what saving took, and of a node that yields its output in parts, making them."""
        self._note_time(node)

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Say what the run has come to."""
        if self.summary is None:
            return
        if self._has_outcome:
            gates_open = [bool(told.get("go")) for told in self.summary.gates.values()]
            self.summary.outcome = outcome_of(self.summary.models, gates_open, decides=self.summary.decides)
        self._end("succeeded", OF_OUTCOME.get(self.summary.outcome or "", ExitCode.PROMOTED))

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """Say what has ended the run."""
        self.end_early("stopped" if isinstance(error, StoppedError) else "failed", error)

    def end_early(self, status: Status, error: BaseException) -> None:
        """End the summary of a run that did not come to its end, unless it has one."""
        if self.summary is not None and self.summary.status == "running":
            self.summary.error = error_of(error, self._latest)
            self._end(status, exit_code_of(status))

    def _begin(self, run_params: Mapping[str, Any], **told: bool) -> None:
        self.summary = new_summary(
            run_params["run_id"],
            pipelines=list(run_params["pipeline_names"] or ["__default__"]),
            env=run_params["env"],
            git_revision=git_revision(),
            asked_by=asked_by(),
            **told,
        )

    def _note_time(self, node: Node) -> None:
        if self.summary is not None:
            self.summary.nodes[node.name] = round(time.monotonic() - self._started[node.name], 2)

    def _end(self, status: Status, exit_code: ExitCode) -> None:
        from auricle.runs.webhook import tell

        summary = self.summary
        if summary is None:
            return
        summary.end(status, exit_code, time.monotonic() - self._started[""])
        write_summary(self._folder, summary)
        logger.info("Summary: %s", self._folder / f"{summary.run}.json")
        self._lock.give_back()  # before others are told, who may take their time, or start the next
        webhook = self._params.webhook
        if webhook.url:
            tell(webhook.url, {"text": summary.text} | summary.model_dump(mode="json"), webhook.timeout_s)


def _check_runner(runner: str, gates: list[Node]) -> None:
    if not runner.startswith(HEED_GATES):
        named = "Kedro's own" if runner == "None" else runner.lstrip("<").partition(" ")[0]
        raise ConfigurationError(
            f"{gates[0].name} may end this pipeline early, and the runner is {named}, which would run all of"
            " it. Leave --runner out, or give --runner=auricle.runner.IncrementalRunner."
        )


def _decision(told: Any) -> Mapping[str, str]:
    if not isinstance(told, Mapping) or not {"model", "outcome"} <= told.keys():
        raise ConfigurationError(
            f"A decision is {told!r}, and it has to be such as {{'model': 'genre.cnn', 'outcome': 'kept'}}."
        )
    return told
