"""A map of recordings by what a model makes of them: points, clusters, and how much both may be believed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.corpora.labels import indicators
from auricle.evaluation.params import EvaluateParams
from auricle.explanation.agreement import cluster_agreement, kept_by, neighbour_agreement, neighbours_of
from auricle.explanation.judged import judged_recordings, primary_labels
from auricle.explanation.params import EmbeddingMapParams, MapParams
from auricle.explanation.projection import UNCLUSTERED, cluster, project, unit_vectors
from auricle.models.bundle import BundleRef, labels_of

Json = dict[str, Any]

FEWEST = 3  # points that can lie otherwise than any points do


def embedding_map(
    bundle: BundleRef,
    embeddings: pd.DataFrame,
    predictions: pd.DataFrame,
    manifest: pd.DataFrame,
    *,
    params: EmbeddingMapParams,
    evaluation: EvaluateParams,
) -> Json:
    """The map of the judged recordings, ready for JSON.

    Args:
        bundle: of the model.
        embeddings: `recording_id` and `embedding`, by the model in the bundle.
        predictions: of the model; they say which recordings are judged, see `judged_recordings`.
        manifest: of the corpus.
        params: how the map is made.
        evaluation: resamples, confidence, and the fewest groups for an interval.

    Returns:
        `points` (recording, true labels, the primary one, cluster and coordinates), `projection`,
        `clustering`, `figures` (None where there are fewer than three recordings), and how many there are.
    """
    judged = judged_recordings(predictions, manifest, bundle.config, is_folded=bundle.out_of_fold is not None)
    there = judged.merge(embeddings, on="recording_id", how="inner")
    rows = drawn(there, params)
    about = {"judged": len(judged), "groups": int(rows["group"].nunique()), "points": []}
    if len(rows) < FEWEST:
        return about | {"dimensions": 0, "projection": None, "clustering": None, "figures": None}
    vectors = unit_vectors(np.stack(rows["embedding"].tolist()))
    return about | mapped(rows, vectors, labels_of(bundle.config).is_multi, params, evaluation)


def mapped(
    rows: pd.DataFrame,
    vectors: npt.NDArray[np.float64],
    is_multi: bool,
    params: EmbeddingMapParams,
    evaluation: EvaluateParams,
) -> Json:
    """Points, projection, clusters and figures of at least three recordings.

    Args:
        rows: of `judged_recordings`.
        vectors: [shape=(n, embedding_size)] of `unit_vectors`, in their order.
        is_multi: whether a recording may have several labels.
        params: how the map is made.
        evaluation: how intervals are.
    """
    from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

    primary = primary_labels(rows)
    codes = pd.factorize(np.array(primary, dtype=object))[0].astype(np.int64)
    groups = pd.factorize(rows["group"])[0].astype(np.int64)
    names = sorted({label for labels in rows["labels"] for label in labels})
    truth = indicators(rows["labels"], names) > 0
    projection = project(vectors, params)
    clusters = cluster(vectors, len(set(primary)), params)
    figures = {
        name: cluster_agreement(score, codes, clusters, groups, evaluation)
        for name, score in (
            ("adjusted_rand_index", adjusted_rand_score),
            ("adjusted_mutual_information", adjusted_mutual_info_score),
        )
    }
    for name, space in (("neighbours", vectors), ("neighbours_in_picture", projection.coordinates)):
        found = neighbours_of(space, truth, groups, params.neighbours, params.seed)
        figures[name] = neighbour_agreement(found, groups, evaluation)
    figures["trustworthiness"] = kept_by(vectors, projection.coordinates, params.neighbours, params.seed)
    return {
        "dimensions": int(vectors.shape[1]),
        "several": is_multi,
        "neighbours": params.neighbours,
        "confidence": evaluation.confidence,
        "samples": evaluation.bootstrap_samples,
        "projection": {
            "method": projection.method,
            "perplexity": projection.perplexity,
            "explained": projection.explained,
        },
        "clustering": {
            "method": params.cluster_by,
            "clusters": int(clusters.max()) + 1,
            "unclustered": int((clusters == UNCLUSTERED).sum()),
        },
        "figures": figures,
        "points": points_of(rows, primary, clusters, projection.coordinates),
    }


def points_of(
    rows: pd.DataFrame,
    primary: Sequence[str],
    clusters: npt.NDArray[np.int64],
    coordinates: npt.NDArray[np.float64],
) -> list[Json]:
    """Recordings as `map_context` takes them.

    Args:
        rows: `recording_id`, `path` and `labels`.
        primary: the label that each has its colour by.
        clusters: [shape=(n,)].
        coordinates: [shape=(n, 2)].
    """
    return [
        {
            "recording_id": row["recording_id"],
            "path": row["path"],
            "labels": list(row["labels"]),
            "primary": label,
            "cluster": int(number),
            "x": float(x),
            "y": float(y),
        }
        for row, label, number, (x, y) in zip(
            rows.to_dict("records"), primary, clusters, coordinates, strict=True
        )
    ]


def drawn(rows: pd.DataFrame, params: MapParams) -> pd.DataFrame:
    """All rows, or so many at random, in their order."""
    if len(rows) <= params.most:
        return rows
    return rows.sample(params.most, random_state=params.seed).sort_index()
