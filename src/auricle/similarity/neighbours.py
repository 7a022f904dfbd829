"""The neighbours of every recording of an index, and copies apart from them."""

import logging
from typing import NamedTuple

import numpy as np
import pandas as pd

from auricle.similarity.exact import FloatArray, IntArray
from auricle.similarity.index import SimilarityIndex

logger = logging.getLogger(__name__)

ROWS_AT_ONCE = 1024
# Of a recording with more copies than this fewer neighbours are listed.
MOST_CANDIDATES = 200


class Listed(NamedTuple):
    """Two tables.

    Attributes:
        neighbours: `recording_id`, `rank` from 1, `neighbour_id`, `similarity` (cosine).
        copies: pairs that sound the same: `recording_id`, `other_id`, `similarity`, `found_by`, which is
            `fingerprint` (by ingestion) or `embedding` (a cosine above `duplicate_above`).
    """

    neighbours: pd.DataFrame
    copies: pd.DataFrame


def list_neighbours(index: SimilarityIndex, count: int, near_duplicates: pd.DataFrame) -> Listed:
    """All neighbours and all pairs of copies.

    Args:
        index: of the recordings.
        count: neighbours of each, fewer where there are no more.
        near_duplicates: `recording_id` and `other_id` of the pairs that ingestion found.
    """
    copies = index.recordings["copies"].to_numpy()
    limit = index.about["duplicate_above"]
    parts, alike, short = [], [], 0
    for start in range(0, len(index), ROWS_AT_ONCE):
        own = np.arange(start, min(start + ROWS_AT_ONCE, len(index)))
        pending, wanted = own, count + 1 + MOST_CANDIDATES // 20
        while len(pending):
            found, cosines = index.search(np.ascontiguousarray(index.vectors[pending]), wanted)
            there = (found >= 0) & (found != pending[:, None])
            near = there & (cosines >= (np.inf if limit is None else limit))
            neighbours = there & ~near & (copies[found] != copies[pending][:, None])
            enough = neighbours.sum(axis=1) >= count
            done = enough | (wanted >= min(len(index), MOST_CANDIDATES))
            short += int((done & ~enough).sum())
            parts.append(_first(pending[done], found[done], cosines[done], neighbours[done], count))
            alike.append(_pairs(pending[done], found[done], cosines[done], near[done]))
            pending, wanted = pending[~done], min(2 * wanted, MOST_CANDIDATES, len(index))
    if short:
        logger.info("%s recordings have fewer than %s neighbours that are no copies", f"{short:,}", count)
    ids = index.recordings["recording_id"].to_numpy()
    table = np.concatenate(parts)
    table = table[np.lexsort((table["rank"], table["row"]))]
    neighbours = pd.DataFrame(
        {
            "recording_id": ids[table["row"]],
            "rank": table["rank"],
            "neighbour_id": ids[table["other"]],
            "similarity": table["cosine"],
        }
    )
    return Listed(neighbours, _copies(index, np.concatenate(alike), near_duplicates))


ENTRY = np.dtype([("row", "i8"), ("rank", "i4"), ("other", "i8"), ("cosine", "f4")])


def _first(
    rows: IntArray,
    found: IntArray,
    cosines: FloatArray,
    chosen: "np.ndarray[tuple[int, int], np.dtype[np.bool_]]",
    count: int,
) -> "np.ndarray[tuple[int], np.dtype[np.void]]":
    ranks = np.cumsum(chosen, axis=1)
    line, place = np.nonzero(chosen & (ranks <= count))
    entries = np.empty(len(line), ENTRY)
    entries["row"], entries["rank"] = rows[line], ranks[line, place]
    entries["other"], entries["cosine"] = found[line, place], cosines[line, place]
    return entries


def _pairs(
    rows: IntArray,
    found: IntArray,
    cosines: FloatArray,
    same: "np.ndarray[tuple[int, int], np.dtype[np.bool_]]",
) -> "np.ndarray[tuple[int], np.dtype[np.void]]":
    """Pairs with the end first that is first in the index; approximate search may find one from either."""
    entries = _first(rows, found, cosines, same, same.shape[1])
    ends = entries["row"], entries["other"]
    entries["row"], entries["other"] = np.minimum(*ends), np.maximum(*ends)
    return entries


def _copies(
    index: SimilarityIndex, alike: "np.ndarray[tuple[int], np.dtype[np.void]]", near_duplicates: pd.DataFrame
) -> pd.DataFrame:
    """Pairs by the embedding, and those of ingestion, which may be far apart by it."""
    ids = index.recordings["recording_id"]
    place = pd.Series(np.arange(len(index)), index=ids)
    known = near_duplicates[
        near_duplicates["recording_id"].isin(place.index) & near_duplicates["other_id"].isin(place.index)
    ]
    ends = np.sort(
        np.stack([place.loc[known[name]].to_numpy() for name in ("recording_id", "other_id")], axis=1), axis=1
    ).reshape(-1, 2)
    of_ingestion = (
        pd.DataFrame(ends, columns=["row", "other"]).drop_duplicates().assign(found_by="fingerprint")
    )
    by_embedding = pd.DataFrame({"row": alike["row"], "other": alike["other"]}).drop_duplicates()
    both = pd.concat([of_ingestion, by_embedding.assign(found_by="embedding")])
    both = both.drop_duplicates(["row", "other"], keep="first").sort_values(["row", "other"])
    one, other = both["row"].to_numpy(), both["other"].to_numpy()
    names = ids.to_numpy()
    cosines = np.einsum("nd,nd->n", index.vectors[one], index.vectors[other])
    return pd.DataFrame(
        {
            "recording_id": names[one],
            "other_id": names[other],
            "similarity": cosines.astype(np.float32),
            "found_by": both["found_by"].astype("str").to_numpy(),
        }
    )
