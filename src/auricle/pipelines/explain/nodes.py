"""The nodes that explain one model. Heavy imports stand inside the functions."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from auricle.audio.front_ends import load_front_end
from auricle.audio.limits import AudioLimits
from auricle.audio.store import SpectrogramStore
from auricle.evaluation.params import EvaluateParams
from auricle.explanation.params import ExplainParams
from auricle.models.bundle import BundleRef

logger = logging.getLogger(__name__)


def explain(
    champion: BundleRef | None,
    predictions: pd.DataFrame | None,
    manifest: pd.DataFrame,
    spectrograms: Path,
    recordings: Path,
    source: dict[str, Any],
    params: ExplainParams,
    decoding: AudioLimits,
    name: str,
) -> Iterator[str]:
    """The page of explanations of a champion; none, and a line in the log, where there is no champion."""
    from auricle.explanation.explain import explain_champion
    from auricle.explanation.page import render_explanations

    if champion is None or predictions is None:
        _say_untrained(name)
        return
    front_end = load_front_end(champion.path)
    with SpectrogramStore.open(spectrograms, front_end.digest, front_end.n_bands) as store:
        explained = explain_champion(
            champion,
            predictions,
            manifest,
            store=store,
            recordings=recordings,
            limits=decoding,
            params=params,
        )
        yield render_explanations(
            explained,
            model=_model(name),
            source=source,
            is_folded=champion.out_of_fold is not None,
        )


def say_over_time(
    champion: BundleRef | None,
    predictions: pd.DataFrame | None,
    manifest: pd.DataFrame,
    spectrograms: Path,
    params: ExplainParams,
) -> Iterator[pd.DataFrame]:
    """The taggrams of a champion as a table; none where there is no champion."""
    from auricle.explanation.taggram import taggram_table

    if champion is None or predictions is None:
        return
    front_end = load_front_end(champion.path)
    with SpectrogramStore.open(spectrograms, front_end.digest, front_end.n_bands) as store:
        yield taggram_table(champion, predictions, manifest, store=store, params=params)


def draw_taggrams(
    champion: BundleRef | None,
    taggram: pd.DataFrame | None,
    predictions: pd.DataFrame | None,
    manifest: pd.DataFrame,
    recordings: Path,
    source: dict[str, Any],
    params: ExplainParams,
    decoding: AudioLimits,
    name: str,
) -> Iterator[str]:
    """The page of taggrams of a champion."""
    from auricle.explanation.taggram_page import taggram_page

    if champion is None or taggram is None or predictions is None:
        return
    yield taggram_page(
        champion,
        taggram,
        predictions,
        manifest,
        recordings=recordings,
        limits=decoding,
        params=params.taggram,
        model=_model(name),
        source=source,
    )


def project_embeddings(
    champion: BundleRef | None,
    embeddings: pd.DataFrame | None,
    predictions: pd.DataFrame | None,
    manifest: pd.DataFrame,
    params: ExplainParams,
    evaluation: EvaluateParams,
    name: str,
) -> Iterator[dict[str, Any]]:
    """Points, clusters and figures of a champion's embeddings; a line in the log where there is none."""
    from auricle.explanation.embedding_map import embedding_map

    if champion is None or embeddings is None or predictions is None:
        _say_untrained(name)
        return
    yield embedding_map(
        champion,
        embeddings,
        predictions,
        manifest,
        params=params.embedding_map,
        evaluation=evaluation,
    )


def draw_embedding_map(
    champion: BundleRef | None,
    projection: dict[str, Any] | None,
    recordings: Path,
    source: dict[str, Any],
    params: ExplainParams,
    decoding: AudioLimits,
    name: str,
) -> Iterator[str]:
    """The page of a champion's embedding map."""
    from auricle.explanation.map_page import render_map

    if champion is None or projection is None:
        return
    yield render_map(
        projection,
        recordings=recordings,
        limits=decoding,
        params=params.embedding_map,
        model=_model(name),
        source=source,
        is_folded=champion.out_of_fold is not None,
    )


def _model(name: str) -> str:
    """The model in the study's table: "cnn" of "genre.cnn"."""
    return name.rpartition(".")[2]


def _say_untrained(name: str) -> None:
    from auricle.studies import TRAINED_BY

    logger.info("%s is not trained; kedro run --pipelines=%s trains it", name, TRAINED_BY[_model(name)])
