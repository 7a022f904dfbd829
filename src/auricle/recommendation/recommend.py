"""Ranks what is not rated yet, says how sure that is and which rated recordings are nearest."""

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from auricle.models.bundle import BundleRef
from auricle.recommendation.choice import choose, directions_of
from auricle.recommendation.corpus import BoolArray, embedded_rows, unheard
from auricle.recommendation.interval import Intervals, calibrate, judge_coverage
from auricle.recommendation.params import RecommendationParams
from auricle.recommendation.windows import Rated, rate_windows
from auricle.similarity.contents import copies_of
from auricle.similarity.exact import nearest

FACTS = ["recording_id", "path", "artist", "duration_s"]
NEAR = ("near_ids", "near_paths", "near_ratings", "near_similarities")
COPY_OF_RATED = "a copy of it is rated"
COPY = "a copy of it is here"
ENOUGH_OF_ARTIST = "enough of its artist"
BELOW = "others come first"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recommended:
    """What is recommended.

    Attributes:
        table: every unrated recording, those on the list first: `rank` from 1 (missing of what is not on the
            list), `recording_id`, `path`, `artist`, `duration_s`, `rating` (expected), `low` and `high` (its
            interval), `spread` (of dropout's passes), `left_out` (why it is not on the list, or ""), and of
            the nearest rated recordings the lists `near_ids`, `near_paths`, `near_ratings` and
            `near_similarities` (cosines of embeddings less their mean).
        figures: counts, the intervals, and what they cover of the rated recordings of test.
    """

    table: pd.DataFrame
    figures: dict[str, Any]


def recommend(
    champion: BundleRef,
    windows: pd.DataFrame | None,
    manifest: pd.DataFrame,
    near_duplicates: pd.DataFrame,
    params: RecommendationParams,
) -> Recommended:
    """Rank the unrated recordings of a corpus.

    Args:
        champion: a rater.
        windows: embeddings of the recordings' windows, see `auricle.recommendation.windows`.
        manifest: of the corpus.
        near_duplicates: `recording_id` and `other_id` of copies.
        params: what is wanted.

    Raises:
        CorpusError: everything is rated, or nothing.
        ConfigurationError: a column for the artist that there is not.
    """
    rows = embedded_rows(manifest, windows, params.artist)
    is_rated = rows["rating"].notna().to_numpy()
    rated = rate_windows(champion, rows, passes=params.interval.passes, seed=params.interval.seed)
    intervals, coverage = _intervals(rows, rated, unheard(champion, rows), params)
    listed = _unrated_rows(rows, rated, intervals)
    directions = directions_of(rated.embeddings)
    near, cosines = nearest(directions[is_rated], directions[~is_rated], params.reasons)
    reasons = _reasons(rows[is_rated], near, cosines)
    one_of = rows["one_of"][~is_rated].reset_index(drop=True)
    left_out = _copies(rows, is_rated, rated.ratings, near_duplicates)
    places = np.flatnonzero(left_out == "")
    chosen = places[
        choose(
            rated.ratings[~is_rated][places],
            directions[~is_rated][places],
            one_of.to_numpy(object)[places],
            count=params.count,
            diversity=params.diversity,
            max_per_artist=params.max_per_artist,
        )
    ]
    table = _ranked(listed.join(reasons), one_of, chosen, left_out, params.max_per_artist)
    _told(table, intervals, coverage, params)
    return Recommended(
        table, _figures(champion, rows, table, intervals=intervals, coverage=coverage, params=params)
    )


def _intervals(
    rows: pd.DataFrame, rated: Rated, is_unheard: BoolArray, params: RecommendationParams
) -> tuple[Intervals, dict[str, Any]]:
    """Calibrated on the rated recordings of validation, judged on those of test."""
    asked = params.interval
    parts = {}
    for split in ("validation", "test"):
        chosen = ((rows["split"] == split) & rows["rating"].notna()).to_numpy() & is_unheard
        part = Rated(rated.ratings[chosen], rated.passes[:, chosen], rated.embeddings[chosen])
        truth = rows["rating"].to_numpy(np.float64)[chosen]
        parts[split] = truth, part, rows["group"].to_numpy(object)[chosen]
    truth, part, groups = parts["validation"]
    intervals = calibrate(truth, part.ratings, part.spread, groups, asked.level)
    if not np.isfinite(intervals.half):
        highest = np.floor(100 * intervals.groups / (intervals.groups + 1)) / 100
        remedy = f"Set recommendation.interval.level to {highest:.2f} at most, or rate" if highest else "Rate"
        logger.warning(
            "Ratings of %s artists are in validation, of whom no interval of level %g can be had: every"
            " interval is the whole scale. %s recordings of more artists.",
            intervals.groups,
            asked.level,
            remedy,
        )
    truth, part, groups = parts["test"]
    return intervals, judge_coverage(truth, part, groups, intervals, level=asked.level, seed=asked.seed)


def _unrated_rows(rows: pd.DataFrame, rated: Rated, intervals: Intervals) -> pd.DataFrame:
    low, high = intervals.around(rated.ratings, rated.spread)
    told = {"rating": rated.ratings, "low": low, "high": high, "spread": rated.spread}
    numbers = pd.DataFrame({name: np.asarray(values, np.float32) for name, values in told.items()})
    unrated = rows["rating"].isna()
    return rows[FACTS].join(numbers)[unrated].reset_index(drop=True)


def _reasons(rated: pd.DataFrame, near: Any, cosines: Any) -> pd.DataFrame:
    """The nearest rated recordings of each, as lists."""
    ids, paths = (rated[name].to_numpy(object) for name in ("recording_id", "path"))
    ratings = rated["rating"].to_numpy(np.float32)
    columns = (ids[near], paths[near], ratings[near], cosines)
    return pd.DataFrame({name: list(values) for name, values in zip(NEAR, columns, strict=True)})


def _copies(rows: pd.DataFrame, is_rated: Any, ratings: Any, near_duplicates: pd.DataFrame) -> Any:
    """Why an unrated recording cannot be on the list whatever the others: "" mostly; object (unrated,)."""
    table = pd.DataFrame(
        {"copies": copies_of(rows["recording_id"], near_duplicates), "rated": is_rated, "rating": ratings}
    )
    of_rated = set(table["copies"][table["rated"]])
    unrated = table[~table["rated"]]
    first = unrated.sort_values("rating", ascending=False, kind="stable").drop_duplicates("copies").index
    reasons = np.where(unrated.index.isin(first), "", COPY).astype(object)
    reasons[unrated["copies"].isin(of_rated).to_numpy()] = COPY_OF_RATED
    return reasons


def _ranked(
    listed: pd.DataFrame, artists: "pd.Series[str]", chosen: Any, left_out: Any, most: int | None
) -> pd.DataFrame:
    """The list, then the others by their rating."""
    ranks = pd.Series(pd.NA, index=listed.index, dtype="Int64")
    ranks.iloc[chosen] = np.arange(1, len(chosen) + 1)
    of_artist = artists.map(artists.iloc[chosen].value_counts()).fillna(0)
    full = False if most is None else of_artist >= most
    others = pd.Series(np.where(full, ENOUGH_OF_ARTIST, BELOW), index=listed.index)
    reasons = pd.Series(left_out, index=listed.index).where(pd.Series(left_out) != "", others)
    table = listed.assign(left_out=reasons.where(ranks.isna(), "").astype("str"))
    table.insert(0, "rank", ranks)
    by_rating = table.sort_values(["rating", "recording_id"], ascending=[False, True])
    return by_rating.sort_values("rank", kind="stable", na_position="last").reset_index(drop=True)


def _figures(
    champion: BundleRef,
    rows: pd.DataFrame,
    table: pd.DataFrame,
    *,
    intervals: Intervals,
    coverage: dict[str, Any],
    params: RecommendationParams,
) -> dict[str, Any]:
    return {
        "model": {"version": champion.version, "digest": champion.digest},
        "rated": int(rows["rating"].notna().sum()),
        "unrated": len(table),
        "listed": int(table["rank"].notna().sum()),
        "left_out": table.loc[table["left_out"] != "", "left_out"].value_counts().to_dict(),
        "interval": {
            "level": params.interval.level,
            "half": float(intervals.half) if np.isfinite(intervals.half) else None,
            "mean_spread": intervals.mean_spread,
            "by_dropout": intervals.mean_spread > 0,
            "groups": intervals.groups,
            "recordings": intervals.recordings,
        },
        "coverage": coverage,
        "params": params.model_dump(mode="json", include={"count", "max_per_artist", "diversity"}),
    }


def _told(
    table: pd.DataFrame, intervals: Intervals, coverage: dict[str, Any], params: RecommendationParams
) -> None:
    logger.info(
        "%s of %s unrated recordings are recommended.", f"{table['rank'].notna().sum():,}", f"{len(table):,}"
    )
    if params.interval.passes and not intervals.mean_spread:
        logger.info("The classifier has no module of dropout: all intervals are equally wide.")
    if coverage["intervals"] is not None:
        logger.info(
            "Intervals of level %g hold %.3f of the ratings of %s artists of test, and are %.3f wide.",
            coverage["level"],
            coverage["intervals"]["coverage"],
            coverage["groups"],
            coverage["intervals"]["width"],
        )


def flat(table: pd.DataFrame) -> pd.DataFrame:
    """For CSV, which has no lists: their entries with a semicolon between them."""
    return table.assign(
        **{name: table[name].map(lambda values: "; ".join(_plain(each) for each in values)) for name in NEAR}
    )


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"


def tracks_of(table: pd.DataFrame) -> list[tuple[str, float]]:
    """Paths, relative to the folder of recordings, and durations of the list, in its order."""
    listed = table[table["rank"].notna()]
    return list(zip(listed["path"], listed["duration_s"], strict=True))
