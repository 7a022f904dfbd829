"""The nodes of similarity search. Heavy imports stand inside the functions."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from auricle.audio.limits import AudioLimits
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.stale import why_stale
from auricle.models.bundle import BundleRef
from auricle.similarity.params import SimilarityParams

logger = logging.getLogger(__name__)


class Indexed(NamedTuple):
    """What is known of an index: how it was built, neighbours, copies; None where there is no champion."""

    about: dict[str, Any] | None = None
    neighbours: pd.DataFrame | None = None
    copies: pd.DataFrame | None = None


def index_recordings(
    champion: BundleRef | None,
    embeddings: pd.DataFrame | None,
    manifest: pd.DataFrame,
    near_duplicates: pd.DataFrame,
    folder: Path,
    recordings: Path,
    params: SimilarityParams,
    decoding: AudioLimits,
    name: str,
) -> Indexed:
    """The index in its folder, what it says of itself, neighbours and copies.

    Without a champion nothing is known, and a line in the log says so.
    """
    from auricle.similarity.build import build_index, index_of
    from auricle.similarity.contents import gather
    from auricle.similarity.neighbours import list_neighbours
    from auricle.similarity.newcomers import with_newcomers
    from auricle.studies import TRAINED_BY

    if champion is None or embeddings is None:
        logger.info("%s is not trained; kedro run --pipelines=%s trains it", name, TRAINED_BY[_model(name)])
        return Indexed()
    old = index_of(folder, champion)
    known = with_newcomers(
        embeddings, manifest, old, champion, recordings, device=params.device, limits=decoding
    )
    contents = gather(known, manifest, near_duplicates, params.artist)
    usable = int((manifest["status"] == "ok").sum())
    if lacking := usable - len(contents.recordings):
        logger.warning("%s of %s recordings have no embedding and are not indexed", lacking, usable)
    index = build_index(folder, contents, champion, name, params)
    changes = index.about["changes"]
    logger.info("%s: %s recordings, %s new, %s gone", name, len(index), changes["added"], changes["removed"])
    listed = list_neighbours(index, params.neighbours, near_duplicates)
    return Indexed(index.about, listed.neighbours, listed.copies)


def keep_build(indexed: Indexed) -> Iterator[dict[str, Any]]:
    """How the index was built, where there is one."""
    if indexed.about is not None:
        yield indexed.about


def keep_neighbours(indexed: Indexed) -> Iterator[pd.DataFrame]:
    """The neighbours of every recording."""
    if indexed.neighbours is not None:
        yield indexed.neighbours


def keep_copies(indexed: Indexed) -> Iterator[pd.DataFrame]:
    """Pairs of recordings that sound the same."""
    if indexed.copies is not None:
        yield indexed.copies


def judge_neighbours(
    manifest: pd.DataFrame,
    near_duplicates: pd.DataFrame,
    params: SimilarityParams,
    evaluation: EvaluateParams,
    **of_models: Any,
) -> dict[str, Any]:
    """Label agreement and same-artist rate of each trained model.

    Args:
        manifest: of the corpus.
        near_duplicates: of the corpus.
        params: of the search.
        evaluation: how intervals are made.
        of_models: `champion_<model>`, `embeddings_<model>`, `predictions_<model>`, None where there is none.
    """
    from auricle.models.bundle import labels_of
    from auricle.similarity.contents import gather
    from auricle.similarity.quality import similarity_figures

    models = [name.removeprefix("champion_") for name in of_models if name.startswith("champion_")]
    parts = {
        model: [of_models[f"{what}_{model}"] for what in ("champion", "embeddings", "predictions")]
        for model in models
    }
    trained = {}
    for model, (champion, embeddings, predictions) in parts.items():
        if champion is None or embeddings is None or predictions is None:
            continue
        if reason := why_stale(predictions, manifest, labels_of(champion.config), champion):
            logger.warning("%s is not judged: %s", model, reason)
            continue
        contents = gather(embeddings, manifest, near_duplicates, params.artist)
        trained[model] = champion, contents, predictions
    if not trained:
        return {"recordings": 0, "groups": 0, "neighbours": params.neighbours, "models": {}}
    figures = similarity_figures(trained, manifest, params, evaluation)
    for model, found in figures["models"].items():
        logger.info("%s", _told(model, found, figures["neighbours"]))
    return figures


def draw_similarity(
    indexed: Indexed,
    figures: dict[str, Any],
    folder: Path,
    recordings: Path,
    source: dict[str, Any],
    params: SimilarityParams,
    decoding: AudioLimits,
    name: str,
) -> Iterator[str]:
    """The page of a champion's index."""
    from auricle.similarity.folder import read_index
    from auricle.similarity.neighbours import Listed
    from auricle.similarity.page import render_similarity

    if indexed.neighbours is None or indexed.copies is None:
        return
    yield render_similarity(
        read_index(folder),
        Listed(indexed.neighbours, indexed.copies),
        figures,
        recordings=recordings,
        limits=decoding,
        params=params.map,
        model=_model(name),
        source=source,
    )


def answer_queries(
    champion: BundleRef | None,
    indexed: Indexed,
    folder: Path,
    params: SimilarityParams,
    decoding: AudioLimits,
) -> Iterator[pd.DataFrame]:
    """The answers to `queries`: `query`, its place in the list, `is_copy`, and what `Answer` has.

    Without queries it is an empty table, so that none answers what is asked no more.
    """
    from auricle.inference.classifier import AudioClassifier
    from auricle.similarity.folder import read_index
    from auricle.similarity.query import answer, nothing_found

    if champion is None or indexed.about is None:
        return
    if not params.queries:
        yield nothing_found(read_index(folder)).assign(query=0, is_copy=False)
        return
    model = AudioClassifier(champion, device=params.device, limits=decoding)
    index = read_index(folder).with_model(model)
    tables = []
    for place, asked in enumerate(params.queries):
        found = answer(index, asked)
        for table, is_copy in ((found.copies, True), (found.neighbours, False)):
            tables.append(table.assign(query=place, is_copy=is_copy))
    yield pd.concat(tables, ignore_index=True)


def _model(name: str) -> str:
    """The model in the study's table: "cnn" of "genre.cnn"."""
    return name.rpartition(".")[2]


def _told(model: str, found: dict[str, Any], count: int) -> str:
    parts = []
    for name, figure in found.items():
        if figure["value"] is None:
            continue
        said = f"{name.replace('_', ' ')}@{count} {figure['value']:.3f}"
        if figure["low"] is not None:
            said += f" ({figure['low']:.3f} to {figure['high']:.3f})"
        parts.append(f"{said}, at random {figure['random']:.3f}")
    return f"{model}: {'; '.join(parts) or 'nothing to compare'}"
