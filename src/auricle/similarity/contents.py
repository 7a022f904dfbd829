"""What an index holds of a corpus: a vector of each recording, and what recordings are chosen by."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from auricle.errors import ConfigurationError, CorpusError
from auricle.similarity.exact import FloatArray, IntArray, unit

COLUMNS = ("recording_id", "path", "label", "labels", "group", "artist", "duration_s", "copies", "key")
BY_DEFAULT = "meta_artist"


@dataclass(frozen=True)
class Contents:
    """Recordings in the order of their ids.

    Attributes:
        recordings: `recording_id`, `path`, `label`, `labels`, `group`, `artist`, `duration_s`; `copies`, a
            number that all copies of one recording have in common, as ingestion found them; `key`, by which
            the approximate index knows it.
        vectors: of length one, float32 [shape=(n, dimensions)].
    """

    recordings: pd.DataFrame
    vectors: FloatArray


def gather(
    embeddings: pd.DataFrame, manifest: pd.DataFrame, near_duplicates: pd.DataFrame, artist: str | None
) -> Contents:
    """The usable recordings that have an embedding.

    Args:
        embeddings: `recording_id` and `embedding`, by one model.
        manifest: of the corpus.
        near_duplicates: `recording_id` and `other_id` of copies.
        artist: column of the manifest; None: `meta_artist` where there is one, else `group`.

    Raises:
        ConfigurationError: the manifest has no such column.
        CorpusError: no recording has an embedding.
    """
    usable = manifest[manifest["status"] == "ok"].assign(
        artist=lambda rows: rows[artist_column(rows, artist)]
    )
    rows = usable.merge(embeddings, on="recording_id").sort_values("recording_id", ignore_index=True)
    if rows.empty:
        raise CorpusError(
            "No recording of the manifest has an embedding. Train the model again: its"
            " embeddings are of another corpus."
        )
    rows["copies"] = copies_of(rows["recording_id"], near_duplicates)
    rows["labels"] = rows["labels"].map(list)
    vectors = unit(np.stack(rows["embedding"].tolist()))
    return Contents(rows.assign(key=np.arange(len(rows)))[list(COLUMNS)], vectors)


def artist_column(manifest: pd.DataFrame, asked: str | None, *, by: str = "similarity.artist") -> str:
    """The column that names the artist.

    Args:
        manifest: of the corpus.
        asked: the column, or None.
        by: the parameter that asks for it.

    Raises:
        ConfigurationError: it was asked for, and there is none.
    """
    if asked is None:
        return BY_DEFAULT if BY_DEFAULT in manifest else "group"
    if asked not in manifest:
        raise ConfigurationError(
            f"{by} is {asked!r}, which is no column of the manifest. There are {', '.join(manifest.columns)}."
        )
    return asked


def copies_of(ids: "pd.Series[str]", near_duplicates: pd.DataFrame) -> IntArray:
    """A number for each recording, the same for all copies of one: a copy of a copy is one too."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    places = pd.Series(np.arange(len(ids)), index=ids)
    known = near_duplicates[
        near_duplicates["recording_id"].isin(places.index) & near_duplicates["other_id"].isin(places.index)
    ]
    one, other = (places.loc[known[name]].to_numpy() for name in ("recording_id", "other_id"))
    links = coo_array((np.ones(len(one)), (one, other)), shape=(len(ids), len(ids)))
    return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)
