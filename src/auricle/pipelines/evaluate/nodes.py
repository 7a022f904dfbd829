"""Nodes of the evaluation. Heavy imports stand inside the functions."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from auricle.audio.limits import AudioLimits
from auricle.errors import CorpusError
from auricle.evaluation.params import EvaluateParams
from auricle.models.bundle import BundleRef

if TYPE_CHECKING:
    from auricle.evaluation.report import ModelSection

logger = logging.getLogger(__name__)


def score(
    predictions: pd.DataFrame | None, manifest: pd.DataFrame, evaluation: EvaluateParams
) -> Iterator[dict[str, Any]]:
    """Figures of one model, from its predictions alone.

    A generator, so that a model that was never trained, or not since the splits changed, has no figures
    instead of a failing node.
    """
    from auricle.evaluation.evaluate import evaluate_model

    if predictions is not None and why_stale(predictions, manifest) is None:
        yield evaluate_model(predictions, manifest, evaluation)


def write_card(
    champion: BundleRef | None,
    predictions: pd.DataFrame | None,
    metrics: dict[str, Any] | None,
    manifest: pd.DataFrame,
    data_report: dict[str, Any],
    source: dict[str, Any],
    name: str,
) -> Iterator[str]:
    """The model card, inside the bundle; as it was where the splits changed since the model predicted."""
    from auricle.evaluation.card import model_card
    from auricle.models.provenance import manifest_digest

    if champion is None or metrics is None or predictions is None or why_stale(predictions, manifest):
        return
    yield model_card(
        champion.config,
        champion.training,
        metrics,
        data_report,
        source,
        name=name,
        data_digest=manifest_digest(manifest),
    )


def draw_curves(champion: BundleRef | None) -> Iterator[Any]:
    """How the training went, or what the forest listens to."""
    from auricle.evaluation.plots import training_figure

    if champion is not None:
        yield training_figure(champion.training)


def draw_confusion_matrix(metrics: dict[str, Any] | None) -> Iterator[Any]:
    """What was taken for what."""
    from auricle.evaluation.plots import confusion_figure

    if metrics is not None:
        yield confusion_figure(metrics)


def compare(
    manifest: pd.DataFrame, evaluation: EvaluateParams, **predictions: pd.DataFrame | None
) -> dict[str, Any]:
    """All models of the study on the same recordings; names those that are not trained, or not anew."""
    from auricle.evaluation.comparison import compare_models
    from auricle.studies import TRAINED_BY

    stale = {}
    for name, table in predictions.items():
        if table is not None and (reason := why_stale(table, manifest)):
            stale[name] = f"{name} is left out, train it again with {TRAINED_BY[name]}: {reason}"
            logger.warning(stale[name])
    current = {name: None if name in stale else table for name, table in predictions.items()}
    comparison = compare_models(current, manifest, evaluation, commands=TRAINED_BY)
    return comparison | {"warnings": [*comparison["warnings"], *stale.values()]}


def why_stale(predictions: pd.DataFrame, manifest: pd.DataFrame) -> str | None:
    """Why predictions cannot be judged on this corpus (other splits, another protocol), or None."""
    from auricle.evaluation.scored import scored_rows

    try:
        scored_rows(predictions, manifest)
    except CorpusError as error:
        return str(error)
    return None


def report(
    source: dict[str, Any],
    data_report: dict[str, Any],
    comparison: dict[str, Any],
    manifest: pd.DataFrame,
    recordings: Path,
    evaluation: EvaluateParams,
    decoding: AudioLimits,
    study: str,
    **of_models: Any,
) -> str:
    """The page of the study.

    `of_models` holds, for each model of the study, `<model>` (predictions), `metrics_<model>` and
    `champion_<model>`, each None where the model is not trained.
    """
    from auricle.evaluation.mistakes import with_excerpts, worst_mistakes
    from auricle.evaluation.report import render_report

    names = [name for name in of_models if f"champion_{name}" in of_models]
    judged = [name for name in names if name in comparison["models"]]
    predictions = {name: of_models[name] for name in judged}
    chosen = worst_mistakes(predictions, manifest, evaluation.mistakes.count)
    return render_report(
        study=study,
        source=source,
        data_report=data_report,
        comparison=comparison,
        models={name: _section(name, of_models) if name in judged else None for name in names},
        mistakes=with_excerpts(chosen, recordings, decoding, evaluation.mistakes),
    )


def _section(name: str, of_models: dict[str, Any]) -> "ModelSection | None":
    from auricle.evaluation.report import ModelSection

    champion, metrics = of_models[f"champion_{name}"], of_models[f"metrics_{name}"]
    if champion is None or metrics is None:
        return None
    return ModelSection(
        name=name,
        metrics=metrics,
        training=champion.training,
        config=champion.config,
        version=champion.version,
        digest=champion.digest,
    )
