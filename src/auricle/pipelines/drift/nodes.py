"""Nodes of drift and of the gate. Heavy imports stand inside the functions."""

import logging
from collections.abc import Iterator
from typing import Any

import pandas as pd

from auricle.models.bundle import BundleRef
from auricle.retraining.drift_params import DriftParams
from auricle.retraining.trigger_params import TriggerParams

logger = logging.getLogger(__name__)


def measure_drift(
    champion: BundleRef | None,
    manifest: pd.DataFrame,
    predictions: pd.DataFrame | None,
    embeddings: pd.DataFrame | None,
    drift: DriftParams,
    name: str,
) -> Iterator[dict[str, Any]]:
    """What is new to a champion, and whether it has drifted; nothing where there is no champion."""
    from auricle.retraining import drift as measuring
    from auricle.retraining.incumbent import where_it_could

    if champion is None:
        logger.info("%s has no champion yet: there is nothing to have drifted from", name)
        return
    said = {"predictions": where_it_could(predictions), "embeddings": where_it_could(embeddings)}
    report = measuring.measure_drift(champion, manifest, drift, **said)
    logger.info("%s: %s", name, measuring.told(report))
    yield report


def draw_drift(report: dict[str, Any] | None, source: dict[str, Any], name: str) -> Iterator[str]:
    """The page of a report."""
    from auricle.retraining.drift_page import render_drift

    if report is not None:
        yield render_drift(report, name=name, source=source)


def decide_due(manifest: pd.DataFrame, triggers: TriggerParams, **of_models: Any) -> dict[str, Any]:
    """Whether the models of a corpus are trained again.

    `of_models` holds, for each model, `champion_<model>`, `drift_<model>` and `tried_<model>`, each None
    where there is none.
    """
    from auricle.retraining import gate

    prefix = "champion_"
    models = [name.removeprefix(prefix) for name in of_models if name.startswith(prefix)]
    states = {
        model: gate.ModelState(
            champion=of_models[f"champion_{model}"],
            tried=of_models[f"tried_{model}"],
            drift=of_models[f"drift_{model}"],
        )
        for model in models
    }
    return gate.decide_due(manifest, states, triggers)
