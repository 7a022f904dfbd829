"""Kedro hooks of the project: refuse what cannot work before any node runs, and say plainly what failed."""

import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from auricle.checks import (
    PREFIX,
    check_ablation,
    check_deep_model,
    check_device,
    check_ensemble,
    check_evaluation,
    check_guard,
    check_labels,
    check_names,
    check_note_sequence,
    check_prediction,
    check_rating,
    check_recommendation,
    check_retraining,
    check_started_once,
    check_sweep,
    check_taggram,
    check_waveform_training,
)
from auricle.errors import AuricleError
from auricle.models.rating.plugins import PLUGINS, PluginParams, allow
from auricle.pipelines.marks import DECISION
from auricle.runs.params import RUNS
from auricle.studies import CHOICE, RETRAINED
from auricle.training.deep_params import BLOCKS

logger = logging.getLogger(__name__)

CHECKED = (
    "deep",
    "explain",
    "sweep",
    "ablation",
    "evaluate",
    DECISION,
    "note_sequence",
    "similarity",
    "ensemble",
)  # tags of nodes
PAGES = (".report", "_page", ".explanations", ".taggrams", ".embedding_map")


class ProjectHooks:
    """Checks before a run, timing of nodes, and one plain line for an error that a user is meant to read."""

    def __init__(self) -> None:
        self._started: dict[str, float] = {}

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Refuse before hours of ingestion, not after them, what cannot work.

        Raises:
            ConfigurationError: a parameter that nothing reads, a device or precision that cannot be had
                here, an architecture that contradicts itself, or a run started several times over.
        """
        from auricle.pipeline_registry import register_pipelines

        check_started_once(os.environ)
        # Of all studies: parameters of those that this environment does not have stand in base too.
        read = {name for registered in register_pipelines().values() for name in registered.inputs()}
        parameters = catalog.load("parameters")
        not_of_nodes = {f"{PREFIX}{name}" for name in (CHOICE, RETRAINED, PLUGINS, RUNS)}
        check_names(parameters, not_of_nodes | read | pipeline.inputs())
        plugins = PluginParams.model_validate(parameters.get(PLUGINS, {}))
        allow(plugins.allowed, Path(run_params["project_path"]))
        if "predict.run_root" in pipeline.inputs():
            check_prediction(catalog.load(f"{PREFIX}predict"), catalog.load("predict.run_root"))
        _check_recommending(pipeline, catalog)
        for variants in sorted(name for name in pipeline.inputs() if name.endswith(".variants")):
            check_guard(*(catalog.load(name) for name in _of_study(variants, "variants", "labels", "ingest")))
        _check_ratings(pipeline, catalog)
        for node in pipeline.only_nodes_with_tags(*CHECKED).nodes:
            names = {name.rpartition(".")[2]: name for name in node.inputs if name.startswith(PREFIX)}
            if "sweep" in names:
                sweep, labels, variants = (
                    catalog.load(names[name]) for name in ("sweep", "labels", "variants")
                )
                check_sweep(sweep, labels, variants, _blocks(node, catalog))
                continue
            if "ablation" in names:
                ablation, labels, front_end, variants = (
                    catalog.load(names[name]) for name in ("ablation", "labels", "front_end", "variants")
                )
                check_ablation(ablation, labels, front_end, variants, _blocks(node, catalog))
                continue
            if names.keys() >= {"ensemble", "labels"}:
                check_ensemble(
                    catalog.load(names["ensemble"]),
                    catalog.load(names["labels"]),
                    _candidates(node, pipeline, catalog),
                )
            if names.keys() >= {"note_sequence", "labels"}:
                (champion,) = (name for name in node.inputs if name.endswith(".champion"))
                is_made = champion in pipeline.all_outputs()
                check_note_sequence(
                    catalog.load(names["note_sequence"]),
                    catalog.load(names["labels"]),
                    None if is_made else catalog.load(champion),
                    is_made=is_made,
                )
            _check_judging(names, catalog)
            for name in names.keys() & {"train", "explanation", "similarity"}:
                check_device(catalog.load(names[name]))
            for champion in _explained(node) - pipeline.all_outputs():  # one in the making has no windows yet
                check_taggram(catalog.load(names["explanation"]), catalog.load(champion))
            if "model" in names:
                on_waveforms = "waveforms" in names
                if on_waveforms:
                    check_waveform_training(*(catalog.load(names[name]) for name in ("train", "variants")))
                of_model = (*BLOCKS, "waveforms" if on_waveforms else "front_end")
                check_deep_model(*(catalog.load(names[name]) for name in of_model))
                check_labels(*(catalog.load(names[name]) for name in ("model", "train", "labels")))

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Note when a node starts."""
        self._started[node.name] = time.monotonic()

    @hook_impl
    def after_node_run(self, node: Node) -> None:
        """Say how long a node took, where it took long enough to matter."""
        seconds = time.monotonic() - self._started.pop(node.name)
        if seconds >= 1:
            logger.info("%s took %.1f s", node.name, seconds)

    @hook_impl
    def on_node_error(self, error: Exception, node: Node) -> None:
        """Say in one line what a traceback buries."""
        if isinstance(error, AuricleError):
            logger.error("%s: %s", node.name, error)

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Point to the pages that the run has made."""
        for name in sorted(pipeline.all_outputs()):
            if name.endswith(PAGES) and catalog.exists(name):
                logger.info("Page: %s", catalog[name]._describe()["filepath"])


def _check_judging(names: Mapping[str, str], catalog: DataCatalog) -> None:
    """Whether a node can judge by such labels: by rule, or as it is configured."""
    for name, check in (("rule", check_retraining), ("evaluation", check_evaluation)):
        if names.keys() >= {name, "labels"}:
            check(catalog.load(names[name]), catalog.load(names["labels"]))


def _of_study(name: str, *blocks: str) -> list[str]:
    """Names of parameters that stand beside one, as `params:genre.labels` beside `params:genre.variants`."""
    study, _, _ = name.rpartition(".")
    return [f"{study}.{block}" for block in blocks]


def _check_recommending(pipeline: Pipeline, catalog: DataCatalog) -> None:
    """Refuse what cannot be recommended or written, of each node that writes ratings into tags."""
    for node in pipeline.only_nodes_with_tags("recommend").nodes:
        read = {name.rpartition(".")[2]: name for name in node.inputs}
        if read.keys() >= {"champion", "tag_directory", "recommendation", "ingest"}:
            champion = read["champion"]
            is_made = champion in pipeline.all_outputs()
            check_recommendation(
                catalog.load(read["recommendation"]),
                catalog.load(read["ingest"]),
                None if is_made else catalog.load(champion),
                catalog.load(read["tag_directory"]),
                champion.removesuffix(".champion"),
                is_made=is_made,
            )


def _check_ratings(pipeline: Pipeline, catalog: DataCatalog) -> None:
    """Refuse what ratings cannot be learned with, of each node that trains a rater."""
    for node in pipeline.only_nodes_with_tags("rating").nodes:
        names = {name.rpartition(".")[2]: name for name in node.inputs if name.startswith(PREFIX)}
        if "model" in names:
            (ingest,) = _of_study(names["waveforms"], "ingest")
            blocks = [names[name] for name in (*BLOCKS, "waveforms")]
            check_rating(*(catalog.load(name) for name in (*blocks, ingest)))
        elif "train" in names:
            check_device(catalog.load(names["train"]))


def _candidates(node: Node, pipeline: Pipeline, catalog: DataCatalog) -> dict[str, Any]:
    """By model what an ensemble could take: its champion, None where untrained, True where made first."""
    made = pipeline.all_outputs()
    champions = [name for name in node.inputs if name.endswith(".champion")]
    return {
        name.split(".")[-2]: True if name in made else catalog.load(name)
        for name in champions
        if not name.startswith(f"{node.namespace}.")
    }


def _explained(node: Node) -> set[str]:
    """The champion that a node makes taggrams of."""
    makes_taggrams = any(name.endswith(".taggram") for name in node.outputs)
    return {name for name in node.inputs if makes_taggrams and name.endswith(".champion")}


def _blocks(node: Node, catalog: DataCatalog) -> dict[str, Any]:
    """The parameters of each model that a node reads, `params:genre.cnn.train` as `train_cnn`."""
    blocks = {}
    for name in node.inputs:
        *_, model, block = name.split(".")
        if name.startswith(PREFIX) and block in BLOCKS:
            blocks[f"{block}_{model}"] = catalog.load(name)
    return blocks
