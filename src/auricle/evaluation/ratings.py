"""Judges a rater on artists that it has not heard, beside simpler means that know the same ratings."""

from typing import Any

import numpy as np
import pandas as pd

from auricle.corpora.places import TEST, TRAIN, VALIDATION
from auricle.errors import CorpusError
from auricle.evaluation.rating_figures import (
    GROUP_MEAN,
    MODEL,
    OWN_NEIGHBOURS,
    RatedRows,
    beside,
    calibration_bins,
    judge,
    mean_of_nearest,
)
from auricle.evaluation.rating_params import RatingEvaluateParams
from auricle.evaluation.rating_words import OTHERS, put_into_words

Json = dict[str, Any]
RATING = "rating"


def evaluate_rater(
    predictions: pd.DataFrame,
    embeddings: pd.DataFrame,
    features: pd.DataFrame,
    manifest: pd.DataFrame,
    params: RatingEvaluateParams,
) -> Json:
    """Figures of a rater and of what stands beside it, on rated test recordings, with intervals.

    Simpler means know the ratings of training and validation. The artist's mean of an artist who is in
    neither is that of the artist's other judged recordings, leaving out the one that is asked about: the
    model is not told so much.

    Args:
        predictions: `recording_id`, `split`, `rating`.
        embeddings: `recording_id`, `embedding`, of the same recordings.
        features: index `recording_id`, a column for each hand-crafted feature.
        manifest: of the corpus.
        params: See `RatingEvaluateParams`.

    Returns:
        What `judge` says, and `problem_type` (`regression`), `split`, `learned_from` and `unrated`
        (recordings), `calibration` (see `calibration_bins`), `confidence`, `bootstrap_samples`, `verdict`
        (see `put_into_words`), `warnings`, one of them where artists are too few for intervals; and
        `where_known`, of those recordings alone whose artist has others that are judged: `recordings`,
        `groups`, and the `difference` of the absolute error from the mean of these; None where there are too
        few.

    Raises:
        CorpusError: fewer than two artists can be judged, or the model has learned from some of them.
    """
    rows = rated_rows(predictions, embeddings, manifest)
    lacking = ~rows["recording_id"].isin(features.index)
    rows = rows[~lacking]
    known, asked = (rows[rows["split"].isin(splits)] for splits in ((TRAIN, VALIDATION), (TEST,)))
    if asked["group"].nunique() < 2:
        raise CorpusError(
            f"Ratings of {asked['group'].nunique()} artists can be judged, and intervals are drawn over"
            " artists. Rate recordings of more artists, or raise ingest.test_share."
        )
    truth, groups = asked[RATING].to_numpy(np.float64), asked["group"].to_numpy(dtype=object)
    said = {MODEL: asked["said"].to_numpy(np.float64)} | _beside(known, asked, features, params)
    judged = judge(
        RatedRows(truth, groups, params.liked),
        {name: said[name] for name in (MODEL, *OTHERS)},
        confidence=params.confidence,
        samples=params.bootstrap_samples,
        seed=params.seed,
        min_groups=params.min_groups_for_claim,
    )
    warnings = (
        [f"{int(lacking.sum())} recordings have no features and are left out."] if lacking.any() else []
    )
    if judged["groups"] < params.min_groups_for_claim:
        warnings.append(
            f"Only {judged['groups']} artists can be judged, and evaluation.min_groups_for_claim is"
            f" {params.min_groups_for_claim}: no interval is given, and nothing is shown. Rate recordings of"
            " more artists."
        )
    where_known = _where_others_are_known(asked, said, params)
    return {
        "problem_type": "regression",
        "split": TEST,
        **judged,
        "learned_from": len(known),
        "unrated": int((manifest["status"].eq("ok") & manifest[RATING].isna()).sum()),
        "calibration": calibration_bins(truth, said[MODEL]),
        "confidence": params.confidence,
        "bootstrap_samples": params.bootstrap_samples,
        "where_known": where_known,
        "verdict": put_into_words(judged, where_known),
        "warnings": warnings,
    }


def _where_others_are_known(asked: pd.DataFrame, said: Json, params: RatingEvaluateParams) -> Json | None:
    """The model beside the artist's other ratings on those recordings alone whose artist has others."""
    known = asked.groupby("group")[RATING].transform("size").to_numpy() > 1
    rows = asked[known]
    if rows["group"].nunique() < 2:
        return None
    judged = judge(
        RatedRows(rows[RATING].to_numpy(np.float64), rows["group"].to_numpy(dtype=object), params.liked),
        {name: said[name][known] for name in (MODEL, GROUP_MEAN)},
        confidence=params.confidence,
        samples=params.bootstrap_samples,
        seed=params.seed,
        min_groups=params.min_groups_for_claim,
    )
    return {
        "recordings": judged["recordings"],
        "groups": judged["groups"],
        "difference": judged["differences"][GROUP_MEAN]["mae"],
    }


def rated_rows(predictions: pd.DataFrame, embeddings: pd.DataFrame, manifest: pd.DataFrame) -> pd.DataFrame:
    """Rated recordings: `recording_id`, `rating`, `group`, `split` (now), `said` and `embedding`.

    Raises:
        CorpusError: what is test now was learned from.
    """
    usable = manifest[manifest["status"].eq("ok") & manifest[RATING].notna()]
    told = predictions.rename(columns={RATING: "said", "split": "was"})
    rows = usable.merge(told, on="recording_id").merge(embeddings, on="recording_id")
    moved = rows["split"].eq(TEST) & rows["was"].isin([TRAIN, VALIDATION])
    if moved.any():
        raise CorpusError(
            f"{int(moved.sum())} recordings that are now test were in training when the model was made: the"
            " splits have changed since."
        )
    return rows


def _beside(
    known: pd.DataFrame, asked: pd.DataFrame, features: pd.DataFrame, params: RatingEvaluateParams
) -> dict[str, Any]:
    from sklearn.preprocessing import StandardScaler

    values = [features.loc[rows["recording_id"]].to_numpy(np.float64) for rows in (known, asked)]
    scaler = StandardScaler().fit(values[0])
    heard, judged = (np.nan_to_num(scaler.transform(part)) for part in values)
    ratings = known[RATING].to_numpy(np.float64)
    told = beside(
        heard=heard,
        ratings=ratings,
        groups=known["group"].to_numpy(dtype=object),
        asked=judged,
        asked_groups=asked["group"].to_numpy(dtype=object),
        asked_ratings=asked[RATING].to_numpy(np.float64),
        neighbours=params.neighbours,
        seed=params.seed,
    )
    own = mean_of_nearest(
        np.stack(list(known["embedding"])), ratings, np.stack(list(asked["embedding"])), params.neighbours
    )
    return told | {OWN_NEIGHBOURS: own}
