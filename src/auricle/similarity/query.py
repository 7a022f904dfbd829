"""Questions to an index: recordings like some, unlike others, of some kind; copies apart."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.errors import ConfigurationError
from auricle.similarity.exact import FloatArray, IntArray, unit
from auricle.similarity.index import SimilarityIndex
from auricle.similarity.params import QueryParams

AT_FIRST = 100  # recordings among which copies are sought; more where all of them are
SHOWN = ["recording_id", "path", "label", "artist", "duration_s"]


@dataclass(frozen=True)
class Answer:
    """What an index says.

    Attributes:
        neighbours: the nearest first: `rank` from 1, `recording_id`, `path`, `label`, `artist`, `duration_s`
            and `similarity`, the cosine with what was asked for.
        copies: recordings that sound the same as one that was asked for, likewise; none is a neighbour.
    """

    neighbours: pd.DataFrame
    copies: pd.DataFrame


@dataclass(frozen=True)
class _Asked:
    """Vectors of recordings, and the rows of those that are in the index."""

    vectors: FloatArray
    rows: IntArray


def answer(index: SimilarityIndex, asked: QueryParams) -> Answer:
    """The nearest recordings of those that may be found.

    Raises:
        ConfigurationError: a recording that there is not, a file without a model, a label or an artist that
            no recording has, or recordings that cancel each other out.
        AudioError: a file that cannot be used.
    """
    like, unlike = _find(index, asked.like), _find(index, asked.unlike)
    allowed = _allowed(index.recordings, asked)
    allowed[like.rows] = allowed[unlike.rows] = False
    wanted = _direction(like, unlike)
    is_copy = _copies(index, like, allowed)
    while True:
        allowed &= ~is_copy
        found, near = _nearest(index, wanted, asked.count, allowed)
        late = found[_alike(index, index.vectors[found], like)]  # by an approximate search missed until now
        if not len(late):
            break
        is_copy[late] = True
    copies = np.flatnonzero(is_copy)
    return Answer(
        _table(index.recordings, found, near),
        _table(index.recordings, copies, index.vectors[copies] @ wanted),
    )


def nothing_found(index: SimilarityIndex) -> pd.DataFrame:
    """The table of neighbours of nothing: the columns of every other, and no row."""
    return _table(index.recordings, np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32))


def _find(index: SimilarityIndex, names: Sequence[str]) -> _Asked:
    by_id = pd.Series(np.arange(len(index)), index=index.recordings["recording_id"])
    by_path = pd.Series(np.arange(len(index)), index=index.recordings["path"])
    vectors, rows = [], []
    for name in names:
        row = by_id.get(name, by_path.get(name))
        if row is not None:
            vectors.append(np.asarray(index.vectors[row]))
            rows.append(int(row))
            continue
        file = _file(index, name)
        vectors.append(_embedded(index, file))
        with file.open("rb") as stream:  # the same bytes are the same recording, wherever they lie
            same = by_id.get(hashlib.file_digest(stream, "sha256").hexdigest()[:16])
        rows += [] if same is None else [int(same)]
    stacked = np.stack(vectors) if vectors else np.empty((0, index.vectors.shape[1]), np.float32)
    return _Asked(stacked, np.array(rows, dtype=np.int64))


def _file(index: SimilarityIndex, name: str) -> Path:
    file = Path(name)
    if file.is_file():
        return file
    near = get_close_matches(name, index.recordings["path"].tolist()[:20_000], n=3)
    raise ConfigurationError(
        f"{name!r} is neither a recording_id nor a path of the index, nor a file here."
        + (f" Near to it: {', '.join(near)}." if near else "")
        + " Recordings that are new since the index was built are asked about by their file."
    )


def _embedded(index: SimilarityIndex, file: Path) -> FloatArray:
    if index.model is None:
        raise ConfigurationError(
            f"{file} is not in the index, and no model is loaded to embed it. Open the index by its name,"
            " such as open_index('genre.cnn'), or give it a model: open_index(folder, model='genre.cnn')."
        )
    return unit(index.model.embed(file))


def _direction(like: _Asked, unlike: _Asked) -> FloatArray:
    """The mean of what is wanted less the mean of what is not, by Rocchio (1971), of length one."""
    wanted = like.vectors.mean(axis=0)
    if len(unlike.vectors):
        wanted = unit(wanted) - unit(unlike.vectors.mean(axis=0))
    if np.linalg.norm(wanted) < 1e-4:
        raise ConfigurationError(
            "What is asked for has no direction: its recordings cancel each other out. Ask for others, or"
            " leave some of unlike out."
        )
    return unit(wanted)


def _allowed(recordings: pd.DataFrame, asked: QueryParams) -> npt.NDArray[np.bool_]:
    allowed = np.ones(len(recordings), dtype=bool)
    if asked.labels:
        known = {label for labels in recordings["labels"] for label in labels}
        _check("label", asked.labels, known)
        allowed &= (
            recordings["labels"].map(lambda labels: not set(asked.labels).isdisjoint(labels)).to_numpy()
        )
    for names, is_wanted in ((asked.artists, True), (asked.without_artists, False)):
        if names:
            _check("artist", names, set(recordings["artist"].dropna()))
            allowed &= recordings["artist"].isin(names).to_numpy() == is_wanted
    if asked.min_duration_s is not None:
        allowed &= (recordings["duration_s"] >= asked.min_duration_s).to_numpy()
    if asked.max_duration_s is not None:
        allowed &= (recordings["duration_s"] <= asked.max_duration_s).to_numpy()
    return allowed


def _check(what: str, names: Sequence[str], known: set[str]) -> None:
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=3, cutoff=0.3) or sorted(known)[:5]
            raise ConfigurationError(
                f"No recording of the index has the {what} {name!r}. There are {', '.join(near)}"
                f"{' and others' if len(known) > len(near) else ''}."
            )


def _nearest(
    index: SimilarityIndex, wanted: FloatArray, count: int, allowed: npt.NDArray[np.bool_]
) -> tuple[IntArray, FloatArray]:
    rows, cosines = index.search(wanted[None], count, _mask(allowed))
    there = rows[0] >= 0
    fewer = min(count, int(allowed.sum()))
    if there.sum() >= fewer:
        return rows[0][there], cosines[0][there]
    # The cells that approximate search looks into hold copies, or what is filtered out. Every vector is
    # scored where it lies: a copy of those allowed could be of a million.
    every = np.where(allowed, index.vectors @ wanted, np.float32(-np.inf))
    best = np.argsort(-every, kind="stable")[:fewer]
    return best, every[best]


def _mask(allowed: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_] | None:
    return None if allowed.all() else allowed


def _copies(index: SimilarityIndex, like: _Asked, allowed: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which allowed recordings are copies of one asked for: as ingestion found, or by the cosine."""
    of_all = index.recordings["copies"].to_numpy()
    found = np.isin(of_all, of_all[like.rows])
    limit, count = index.about["duplicate_above"], AT_FIRST
    while limit is not None:
        rows, cosines = index.search(like.vectors, count, _mask(allowed))
        found[rows[cosines >= limit]] = True
        if rows.shape[1] < count or (cosines[:, -1] < limit).all():
            break
        count *= 4  # every one that was found is a copy: there may be more
    return found & allowed


def _alike(index: SimilarityIndex, vectors: FloatArray, like: _Asked) -> npt.NDArray[np.bool_]:
    """Which vectors are copies, by the cosine, of one asked for."""
    limit = index.about["duplicate_above"]
    if limit is None:
        return np.zeros(len(vectors), dtype=bool)
    return np.asarray((vectors @ like.vectors.T >= limit).any(axis=1))


def _table(recordings: pd.DataFrame, rows: IntArray, cosines: FloatArray) -> pd.DataFrame:
    order = np.argsort(-cosines, kind="stable")
    table = recordings.iloc[rows[order]][SHOWN].reset_index(drop=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table.assign(similarity=cosines[order].astype(np.float32))
