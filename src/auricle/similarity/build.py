"""Builds an index, or brings one up to date, and measures what its search finds."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from auricle.errors import AuricleError, BundleError
from auricle.models.bundle import BundleRef
from auricle.similarity.approximate import PROBES, ApproximateIndex
from auricle.similarity.contents import Contents
from auricle.similarity.exact import nearest
from auricle.similarity.folder import read_index, write_index
from auricle.similarity.index import SimilarityIndex
from auricle.similarity.params import SimilarityParams

logger = logging.getLogger(__name__)

# An index whose cells were made for half as many recordings, or for twice as many, is built afresh.
OUTGROWN = 2.0
TIE = 1e-6  # cosines that near are one


class RecallError(AuricleError):
    """Approximate search that finds too few of the nearest."""


def build_index(
    folder: Path, contents: Contents, model: BundleRef, name: str, params: SimilarityParams
) -> SimilarityIndex:
    """Write the index of these recordings: what was there of the same model is kept, and changed by little.

    Args:
        folder: of the index.
        contents: all recordings that are to be in it, and no others.
        model: that made the embeddings.
        name: of the model, such as `genre.cnn`.
        params: sizes, recall, seed.

    Raises:
        RecallError: recall below the floor.
        MissingPackageError: more recordings than are searched exactly, and faiss is not installed.
    """
    old = index_of(folder, model)
    index = _updated(old, contents, params) if old is not None else _fresh(contents, params)
    if index.approximate is not None:
        index = _tuned(index, params)
        if old is not None and index.about["recall"]["value"] < params.recall_target:
            index = _tuned(_fresh(contents, params), params)
        _check_recall(index.about["recall"], params)
    about = {
        "model": {"name": name, "version": model.version, "digest": model.digest},
        "recordings": len(index),
        "dimensions": int(index.vectors.shape[1]),
        "metric": "cosine",
        "exact_up_to": params.exact_up_to,
        "duplicate_above": params.duplicate_above,
        **index.about,
    }
    index = replace(index, about=about)
    write_index(folder, index)
    return index


def index_of(folder: Path, model: BundleRef) -> SimilarityIndex | None:
    """The index that is there; None, and a line in the log, where there is none to go on with."""
    if not folder.is_dir() or not any(folder.iterdir()):
        return None
    try:
        old = read_index(folder)
    except BundleError as error:
        logger.warning("The index is built afresh. %s", error)
        return None
    if old.about["model"]["digest"] != model.digest:
        logger.info("The index was of version %s, and is built afresh", old.about["model"]["version"])
        return None
    return old


def _fresh(contents: Contents, params: SimilarityParams) -> SimilarityIndex:
    changes = {"added": len(contents.recordings), "removed": 0, "kept": 0}
    if len(contents.recordings) <= params.exact_up_to:
        return _exact(contents, changes)
    keys = contents.recordings["key"].to_numpy(dtype=np.int64)
    cells = ApproximateIndex.built(contents.vectors, keys, cells=params.cells, seed=params.seed)
    about = {"trained_on": len(keys), "next_key": len(keys), "changes": changes}
    return SimilarityIndex(contents.recordings, contents.vectors, about, cells)


def _exact(contents: Contents, changes: dict[str, int]) -> SimilarityIndex:
    about = {"approximate": None, "changes": changes, "recall": {"value": 1.0, "exact": True}}
    return SimilarityIndex(contents.recordings, contents.vectors, about)


def _updated(old: SimilarityIndex, contents: Contents, params: SimilarityParams) -> SimilarityIndex:
    """The old index with what is new, and without what is gone; what has another vector now is both."""
    recordings = contents.recordings
    before = old.recordings.assign(row=np.arange(len(old))).set_index("recording_id")
    there = recordings["recording_id"].isin(before.index).to_numpy()
    rows = before["row"].reindex(recordings["recording_id"][there]).to_numpy(dtype=np.int64)
    same = np.zeros(len(recordings), dtype=bool)
    same[there] = (
        (np.abs(contents.vectors[there] - old.vectors[rows]) <= TIE).all(axis=1)
        if old.vectors.shape[1] == contents.vectors.shape[1]
        else False
    )
    kept = recordings["recording_id"][same]
    gone = ~before.index.isin(kept)
    changes = {"added": int((~same).sum()), "removed": int(gone.sum()), "kept": int(same.sum())}
    if len(recordings) <= params.exact_up_to:
        return _exact(contents, changes)
    if old.approximate is None or _outgrown(old, len(recordings), params):
        return _fresh(contents, params)
    first = int(old.about["approximate"]["next_key"])
    keys = np.empty(len(recordings), dtype=np.int64)
    keys[same] = before["key"].loc[kept].to_numpy()
    keys[~same] = np.arange(first, first + changes["added"])
    old.approximate.remove(before["key"].to_numpy(dtype=np.int64)[gone])
    old.approximate.add(contents.vectors[~same], keys[~same])
    about = {
        "trained_on": old.about["approximate"]["trained_on"],
        "next_key": first + changes["added"],
        "changes": changes,
    }
    return SimilarityIndex(recordings.assign(key=keys), contents.vectors, about, old.approximate)


def _outgrown(old: SimilarityIndex, size: int, params: SimilarityParams) -> bool:
    approximate = old.about["approximate"]
    grown = size / int(approximate["trained_on"])
    return (
        grown > OUTGROWN
        or grown < 1 / OUTGROWN
        or (params.cells or approximate["cells"]) != approximate["cells"]
    )


def _tuned(index: SimilarityIndex, params: SimilarityParams) -> SimilarityIndex:
    """The index with as many probes as reach the recall that is wanted, or the most allowed."""
    assert index.approximate is not None
    most = min(params.most_probes, index.approximate.cells)
    truth = _sampled(index, params)
    recall = 0.0
    for probes in (*(step for step in PROBES if step < most), most):
        index.approximate.probes = probes
        recall = _recall(index, *truth, params.neighbours)
        if recall >= params.recall_target:
            break
    facts: dict[str, Any] = {
        "package": "faiss",
        "cells": index.approximate.cells,
        "probes": index.approximate.probes,
        "trained_on": index.about["trained_on"],
        "next_key": index.about["next_key"],
    }
    measured = {"value": recall, "exact": False, "sample": len(truth[0]), "count": params.neighbours}
    about = {"approximate": facts, "recall": measured, "changes": index.about["changes"]}
    return replace(index, about={**about, "exact_up_to": params.exact_up_to})


def _sampled(
    index: SimilarityIndex, params: SimilarityParams
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Vectors of some recordings, and the cosine of the last of the true neighbours of each."""
    count = min(params.recall_sample, len(index))
    rows = np.sort(np.random.default_rng(params.seed).choice(len(index), count, replace=False))
    queries = np.ascontiguousarray(index.vectors[rows])
    return queries, nearest(index.vectors, queries, params.neighbours + 1)[1][:, -1]


def _recall(index: SimilarityIndex, queries: Any, least: Any, count: int) -> float:
    """Share of the nearest that are found; of equally near ones any will do."""
    _, cosines = index.search(queries, count + 1)
    found = (cosines >= least[:, None] - TIE).sum(axis=1) - 1  # each finds itself, which is no merit
    return float(np.clip(found / min(count, len(index) - 1), 0, 1).mean())


def _check_recall(recall: dict[str, Any], params: SimilarityParams) -> None:
    logger.info("Approximate search finds %.4f of the %d nearest", recall["value"], params.neighbours)
    if recall["value"] < params.recall_floor:
        raise RecallError(
            f"Approximate search finds {recall['value']:.4f} of the {params.neighbours} nearest of"
            f" {recall['sample']} recordings, and recall_floor is {params.recall_floor:g}. Raise most_probes"
            f" ({params.most_probes}), or exact_up_to ({params.exact_up_to:,}) to search exactly. The index"
            " that was there is left as it was."
        )
