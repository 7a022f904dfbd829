"""Nodes of the evaluation. Heavy imports stand inside the functions."""

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from auricle.audio.limits import AudioLimits
from auricle.corpora.labels import LabelParams
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.stale import why_stale
from auricle.models.bundle import BundleRef
from auricle.studies import ENSEMBLE

if TYPE_CHECKING:
    from auricle.evaluation.report import ModelSection

logger = logging.getLogger(__name__)


def score(
    champion: BundleRef | None,
    predictions: pd.DataFrame | None,
    manifest: pd.DataFrame,
    evaluation: EvaluateParams,
    labels: LabelParams,
) -> Iterator[dict[str, Any]]:
    """Figures of one model, from its predictions and the thresholds in its bundle.

    A generator, so that a model that was never trained, or not since the splits changed, has no figures
    instead of a failing node.
    """
    from auricle.evaluation.evaluate import evaluate_model

    if champion is None or predictions is None:
        return
    if why_stale(predictions, manifest, labels, champion) is None:
        yield evaluate_model(predictions, manifest, evaluation, labels, champion.config)


def write_card(
    champion: BundleRef | None,
    predictions: pd.DataFrame | None,
    metrics: dict[str, Any] | None,
    manifest: pd.DataFrame,
    data_report: dict[str, Any],
    source: dict[str, Any],
    labels: LabelParams,
    name: str,
) -> Iterator[str]:
    """The model card, inside the bundle; as it was where the splits changed since the model predicted."""
    from auricle.evaluation.card import model_card
    from auricle.models.provenance import manifest_digest

    if champion is None or metrics is None or predictions is None:
        return
    if why_stale(predictions, manifest, labels, champion):
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
    manifest: pd.DataFrame, evaluation: EvaluateParams, labels: LabelParams, **of_models: Any
) -> dict[str, Any]:
    """All models of the study on the same recordings; names those that are not trained, or not anew.

    `of_models` holds, for each model of the study, `<model>` (predictions) and `champion_<model>`, each None
    where the model is not trained.
    """
    from auricle.evaluation.comparison import compare_models
    from auricle.studies import TRAINED_BY

    champions = {name: of_models.get(f"champion_{name}") for name in models_of(of_models)}
    current: dict[str, pd.DataFrame | None] = dict.fromkeys(champions)
    stale = {}
    for name, champion in champions.items():
        table = of_models[name]
        if champion is None or table is None:
            continue
        if reason := why_stale(table, manifest, labels, champion):
            stale[name] = f"{name} is left out, train it again with {TRAINED_BY[name]}: {reason}"
            logger.warning(stale[name])
        else:
            current[name] = table
    comparison = compare_models(
        current,
        manifest,
        evaluation,
        labels,
        commands=TRAINED_BY,
        configs={name: champion.config for name, champion in champions.items() if champion is not None},
    )
    for name, told in comparison["learned"].items():
        if not told["shown"]:
            logger.warning("%s: %s", name, told["text"])
    return comparison | {"warnings": [*comparison["warnings"], *stale.values()]}


def models_of(of_models: Mapping[str, Any]) -> list[str]:
    """The models that a node is given, by the names of its inputs."""
    return [name for name in of_models if f"champion_{name}" in of_models]


def report(
    source: dict[str, Any],
    data_report: dict[str, Any],
    comparison: dict[str, Any],
    manifest: pd.DataFrame,
    recordings: Path,
    evaluation: EvaluateParams,
    decoding: AudioLimits,
    labels: LabelParams,
    study: str,
    experiments_directory: Path,
    **of_models: Any,
) -> str:
    """The page of the study, with a link to that of all its trainings where there is one.

    `of_models` holds, for each model of the study, `<model>` (predictions), `metrics_<model>` and
    `champion_<model>`, each None where the model is not trained; and `contributions` of the ensemble.
    """
    from auricle.evaluation.mistakes import with_excerpts, worst_mistakes
    from auricle.evaluation.report import render_report

    names = models_of(of_models)
    judged = [name for name in names if name in comparison["models"]]
    predictions = {name: of_models[name] for name in judged}
    configs = {name: of_models[f"champion_{name}"].config for name in judged}
    chosen = worst_mistakes(predictions, manifest, evaluation.mistakes.count, labels, configs)
    return render_report(
        study=study,
        source=source,
        data_report=data_report,
        comparison=comparison,
        models={name: section_of(name, of_models) if name in judged else None for name in names},
        mistakes=with_excerpts(chosen, recordings, decoding, evaluation.mistakes),
        contributions=of_models.get("contributions") if ENSEMBLE in judged else None,
        experiments_page=page_in(experiments_directory),
    )


def page_in(folder: Path) -> str | None:
    """The page in a folder beside the report, as the report names it; None where there is none."""
    pages = sorted(folder.glob("*.html"))
    return f"{folder.name}/{pages[0].name}" if pages else None


def section_of(name: str, of_models: Mapping[str, Any]) -> "ModelSection | None":
    """What the page of a study shows of a model; None where it is not trained, or not judged."""
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
