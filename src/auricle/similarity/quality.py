"""Whether near recordings are alike: label agreement, same-artist rate, beside chance and the forest."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.corpora.labels import indicators
from auricle.evaluation.params import EvaluateParams
from auricle.explanation.agreement import Neighbours, neighbour_agreement, neighbours_of
from auricle.explanation.judged import judged_recordings
from auricle.models.bundle import BundleRef
from auricle.similarity.contents import Contents
from auricle.similarity.exact import unit
from auricle.similarity.params import SimilarityParams

Json = dict[str, Any]


def similarity_figures(
    trained: Mapping[str, tuple[BundleRef, Contents, pd.DataFrame]],
    manifest: pd.DataFrame,
    params: SimilarityParams,
    evaluation: EvaluateParams,
) -> Json:
    """Figures of each model's embeddings on the same recordings: those that all were judged on.

    Label agreement@k is the share of labels in common with the k nearest of other groups: recordings of one
    artist share their label and their sound, so that neighbours of one's own group would agree whatever the
    model knows of the label. Same-artist rate@k is the share of the k nearest by one's own artist, copies
    left out; it is high where an embedding hears production or voice. Recordings that a model learned from
    have no part: their embeddings know their labels.

    Args:
        trained: bundle, contents of the index and predictions of each model.
        manifest: of the corpus.
        params: k, how many recordings, seed.
        evaluation: resamples of groups, confidence.

    Returns:
        `recordings`, `groups`, `neighbours`, and for each of `models` `label_agreement` and
        `same_artist_rate` (`value`, `low`, `high`, `random`, `best`; None where there is nothing to compare).
    """
    judged = _judged(trained, manifest, params)
    groups = pd.factorize(judged["group"])[0].astype(np.int64)
    return {
        "recordings": len(judged),
        "groups": len(set(groups.tolist())),
        "neighbours": params.neighbours,
        "confidence": evaluation.confidence,
        "samples": evaluation.bootstrap_samples,
        "models": {
            name: _figures(judged, contents, groups, params, evaluation)
            for name, (_, contents, _) in trained.items()
            if len(judged)
        },
    }


def _judged(
    trained: Mapping[str, tuple[BundleRef, Contents, pd.DataFrame]],
    manifest: pd.DataFrame,
    params: SimilarityParams,
) -> pd.DataFrame:
    """Recordings that every model was judged on and has an embedding of, with the labels of the first."""
    tables = [
        judged_recordings(predictions, manifest, bundle.config, is_folded=bundle.out_of_fold is not None)
        for bundle, _, predictions in trained.values()
    ]
    ids = set(tables[0]["recording_id"])
    for table, (_, contents, _) in zip(tables, trained.values(), strict=True):
        ids &= set(table["recording_id"]) & set(contents.recordings["recording_id"])
    judged = tables[0][tables[0]["recording_id"].isin(ids)].sort_values("recording_id", ignore_index=True)
    if len(judged) > params.judged_most:
        judged = judged.sample(params.judged_most, random_state=params.seed).sort_index(ignore_index=True)
    return judged


def _figures(
    judged: pd.DataFrame,
    contents: Contents,
    groups: npt.NDArray[np.int64],
    params: SimilarityParams,
    evaluation: EvaluateParams,
) -> Json:
    places = pd.Series(np.arange(len(contents.recordings)), index=contents.recordings["recording_id"])
    rows = places.loc[judged["recording_id"]].to_numpy()
    vectors = unit(contents.vectors[rows]).astype(np.float64)
    names = sorted({label for labels in judged["labels"] for label in labels})
    truth = indicators(judged["labels"], names) > 0
    found = neighbours_of(vectors, truth, groups, params.neighbours, params.seed)
    facts = contents.recordings.iloc[rows]
    artists = pd.factorize(facts["artist"])[0]  # -1 where it is not known
    own = artists[:, None] == np.unique(artists[artists >= 0])[None, :]
    copies = pd.factorize(facts["copies"])[0].astype(np.int64)
    by_artist = neighbours_of(vectors, own, copies, params.neighbours, params.seed)
    has_others = np.bincount(artists[artists >= 0], minlength=1)[np.maximum(artists, 0)] > 1
    return {
        "label_agreement": neighbour_agreement(found, groups, evaluation),
        "same_artist_rate": neighbour_agreement(
            _where(by_artist, has_others & (artists >= 0)), groups, evaluation
        ),
    }


def _where(found: Neighbours, asked: npt.NDArray[np.bool_]) -> Neighbours:
    """Of these recordings only: who has no other recording of the artist can find none."""
    return Neighbours(*(np.where(asked, values, np.nan) for values in (found.nearest, found.any, found.best)))
