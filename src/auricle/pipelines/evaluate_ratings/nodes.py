"""Nodes that judge raters. Heavy imports stand inside the functions."""

import logging
from collections.abc import Iterator
from typing import Any

import pandas as pd

from auricle.audio.descriptors import DescriptorExtractor, DescriptorParams
from auricle.errors import CorpusError
from auricle.evaluation.rating_params import RatingEvaluateParams
from auricle.models.bundle import BundleRef
from auricle.pipelines.evaluate.nodes import section_of

logger = logging.getLogger(__name__)


def score(
    champion: BundleRef | None,
    predictions: pd.DataFrame | None,
    embeddings: pd.DataFrame | None,
    features: pd.DataFrame,
    manifest: pd.DataFrame,
    descriptors: DescriptorParams,
    evaluation: RatingEvaluateParams,
    name: str,
) -> Iterator[dict[str, Any]]:
    """Figures of a rater beside simpler means; none, and a line in the log, where it cannot be judged."""
    from auricle.evaluation.ratings import evaluate_rater
    from auricle.models.forest import rows_of

    if champion is None or predictions is None or embeddings is None:
        return
    known = rows_of(features, DescriptorExtractor(descriptors).digest).drop(columns="extractor")
    try:
        metrics = evaluate_rater(predictions, embeddings, known, manifest, evaluation)
    except CorpusError as error:
        logger.warning("%s is not judged. %s", name, error)
        return
    logger.info("%s: %s", name, metrics["verdict"]["text"])
    if not metrics["verdict"]["of_use"]:
        logger.warning("%s: %s", name, metrics["verdict"]["headline"])
    yield metrics


def write_card(
    champion: BundleRef | None,
    metrics: dict[str, Any] | None,
    manifest: pd.DataFrame,
    data_report: dict[str, Any],
    source: dict[str, Any],
    name: str,
) -> Iterator[str]:
    """The model card, inside the bundle."""
    from auricle.evaluation.rating_card import rating_card
    from auricle.models.provenance import manifest_digest

    if champion is not None and metrics is not None:
        yield rating_card(
            champion.config,
            champion.training,
            metrics,
            data_report,
            source,
            name=name,
            data_digest=manifest_digest(manifest),
        )


def report(
    source: dict[str, Any], data_report: dict[str, Any], study: str, **of_models: Any
) -> Iterator[str]:
    """The page of the study; `of_models` holds `metrics_<model>` and `champion_<model>` of each model."""
    from auricle.evaluation.rating_report import render_rating_report

    prefix = "champion_"
    models = [name.removeprefix(prefix) for name in of_models if name.startswith(prefix)]
    found = [section_of(model, of_models) for model in models]
    sections = [section for section in found if section is not None]
    if sections:
        yield render_rating_report(study=study, source=source, data_report=data_report, sections=sections)
