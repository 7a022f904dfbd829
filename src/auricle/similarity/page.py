"""The page of similarity: a map of the corpus to be clicked and heard, with the neighbours of each."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from auricle.audio.limits import AudioLimits
from auricle.evaluation.pages import page_environment, style_sheet
from auricle.evaluation.report import SYNTHESIZED
from auricle.explanation.embedding_map import drawn, points_of
from auricle.explanation.judged import primary_labels
from auricle.explanation.map_page import map_context
from auricle.explanation.params import MapParams
from auricle.explanation.projection import cluster, project, unit_vectors
from auricle.similarity.index import SimilarityIndex
from auricle.similarity.neighbours import Listed

Json = dict[str, Any]


def corpus_map(index: SimilarityIndex, listed: Listed, params: MapParams) -> Json:
    """Recordings of an index as points, each with its copies and neighbours.

    Args:
        index: of the model.
        listed: of its recordings.
        params: how many points, projection, clusters.

    Returns:
        `points` and `projection`; where there are fewer than two recordings the points lie on each other.
    """
    corpus = index.recordings.assign(row=np.arange(len(index)), primary=index.recordings["label"])
    rows = drawn(corpus.assign(labels=corpus["labels"].map(tuple)), params)
    vectors = unit_vectors(np.asarray(index.vectors[rows["row"].to_numpy()]))
    primary = primary_labels(rows)
    if len(rows) < 2:
        coordinates, clusters = np.zeros((len(rows), 2)), np.zeros(len(rows), np.int64)
        projection: Json = {"method": "PCA", "perplexity": None, "explained": None}
    else:
        made = project(vectors, params)
        coordinates, clusters = made.coordinates, cluster(vectors, len(set(primary)), params)
        projection = {"method": made.method, "perplexity": made.perplexity, "explained": made.explained}
    points = points_of(rows, primary, clusters, coordinates)
    near = _near(points, index.recordings, listed)
    return {
        "points": [point | {"near": near[point["recording_id"]]} for point in points],
        "projection": projection,
    }


def _near(points: list[Json], recordings: pd.DataFrame, listed: Listed) -> dict[str, list[Json]]:
    """Of each point its copies, then its neighbours."""
    places = {point["recording_id"]: place for place, point in enumerate(points)}
    facts = recordings.set_index("recording_id")[["path", "label"]]
    turned = listed.copies.rename(columns={"recording_id": "other_id", "other_id": "recording_id"})
    copies = pd.concat([listed.copies, turned]).assign(copy=True)
    neighbours = listed.neighbours.rename(columns={"neighbour_id": "other_id"}).assign(copy=False)
    both = pd.concat(
        [table[["recording_id", "other_id", "similarity", "copy"]] for table in (copies, neighbours)]
    )
    both = both[both["recording_id"].isin(places)].join(facts, on="other_id")
    near: dict[str, list[Json]] = defaultdict(list)
    for row in both.to_dict("records"):
        near[row["recording_id"]].append(
            {
                "path": row["path"],
                "label": None if pd.isna(row["label"]) else row["label"],
                "similarity": round(float(row["similarity"]), 4),
                "copy": bool(row["copy"]),
                "point": places.get(row["other_id"]),
            }
        )
    return near


def render_similarity(
    index: SimilarityIndex,
    listed: Listed,
    figures: Json,
    *,
    recordings: Path,
    limits: AudioLimits,
    params: MapParams,
    model: str,
    source: Json,
) -> str:
    """The page as HTML, self-contained; its script is named by its hash, and no other may run.

    Args:
        index: of the model.
        listed: neighbours and copies of its recordings.
        figures: of `auricle.similarity.quality.similarity_figures`, of all models.
        recordings: the folder that paths are relative to.
        limits: what may be decoded.
        params: how much may be seen and heard.
        model: of the study's table, such as "cnn".
        source: where the recordings come from, see `auricle.evaluation.report.render_report`.
    """
    environment = page_environment()
    found = corpus_map(index, listed, params)
    return environment.get_template("similarity.html.j2").render(
        css=style_sheet(environment),
        model=model,
        about=index.about,
        copies=len(listed.copies),
        figures=figures,
        remarks=[SYNTHESIZED] * bool(source.get("synthesized")),
        **map_context(found, recordings=recordings, limits=limits, params=params),
    )
