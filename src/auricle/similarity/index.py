"""The index of one model's embeddings in memory: which recordings are near to a vector, and how near."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.similarity.approximate import ApproximateIndex
from auricle.similarity.exact import FloatArray, IntArray, nearest, ranked
from auricle.similarity.params import QueryParams

if TYPE_CHECKING:
    from auricle.inference.classifier import AudioClassifier
    from auricle.similarity.query import Answer

QUERIES_AT_ONCE = 512
MORE = 10  # candidates beyond those asked for, which the true vectors may rank higher than 16 bits did


@dataclass(frozen=True)
class SimilarityIndex:
    """Recordings by their vectors.

    Attributes:
        recordings: of `auricle.similarity.contents.Contents`.
        vectors: float32 [shape=(n, dimensions)], of length one.
        about: `index.json`: the model, recall, how it was built.
        approximate: what narrows the search, or None where it is exact.
        model: what embeds files, or None where only recordings of the index can be asked about.
    """

    recordings: pd.DataFrame
    vectors: FloatArray
    about: dict[str, Any]
    approximate: ApproximateIndex | None = None
    model: AudioClassifier | None = None

    def __len__(self) -> int:
        return len(self.recordings)

    def with_model(self, model: AudioClassifier) -> SimilarityIndex:
        """The same index, which can be asked about files.

        Raises:
            BundleError: the index is of another model.
        """
        from auricle.similarity.opening import check_model

        check_model(self.about, model.bundle, "this index")
        return replace(self, model=model)

    def search(
        self, queries: FloatArray, count: int, allowed: npt.NDArray[np.bool_] | None = None
    ) -> tuple[IntArray, FloatArray]:
        """Rows of the nearest and their cosines, nearest first.

        Args:
            queries: of length one, float32 [shape=(queries, dimensions)].
            count: how many.
            allowed: [shape=(n,)], which recordings may be found; None: all. Of few the search is exact.

        Returns:
            Rows int64 and cosines float32 [shape=(queries, at most count)]; where approximate search finds
            fewer, the row is -1 and the cosine minus infinity.
        """
        if allowed is not None and (self.approximate is None or allowed.sum() <= self.about["exact_up_to"]):
            places = np.flatnonzero(allowed)
            rows, cosines = nearest(self.vectors[places], queries, count)
            return places[rows], cosines
        if self.approximate is None:
            return nearest(self.vectors, queries, count)
        keys, order = self._keys
        found = self.approximate.search(
            queries,
            min(count + MORE, len(self)),
            None if allowed is None else self.recordings["key"].to_numpy()[allowed],
        )
        rows = order[np.searchsorted(keys, np.maximum(found, keys[0]))]
        cosines = np.empty(rows.shape, np.float32)
        for start in range(0, len(rows), QUERIES_AT_ONCE):
            part = slice(start, start + QUERIES_AT_ONCE)
            cosines[part] = np.einsum("qcd,qd->qc", self.vectors[rows[part]], queries[part])
        rows, cosines = np.where(found < 0, -1, rows), np.where(found < 0, np.float32(-np.inf), cosines)
        rows, cosines = ranked(rows, cosines)
        return rows[:, :count], cosines[:, :count]

    @cached_property
    def _keys(self) -> tuple[IntArray, IntArray]:
        """Sorted keys, and the row of each."""
        keys = self.recordings["key"].to_numpy(dtype=np.int64)
        order = np.argsort(keys)
        return keys[order], order

    def query(
        self,
        like: str | Path | Sequence[str | Path],
        *,
        unlike: str | Path | Sequence[str | Path] = (),
        **chosen: Any,
    ) -> Answer:
        """Recordings like some, unlike others; see `QueryParams` for what they may be chosen by.

        Args:
            like: a recording by its id, by its path in the manifest, or a file; of several the mean.
            unlike: what is not wanted: the mean of these is subtracted.
            chosen: `labels`, `artists`, `without_artists`, `min_duration_s`, `max_duration_s`, `count`.

        Raises:
            ConfigurationError: for a recording that there is not, or a file without a model.
            AudioError: for a file that cannot be used.
        """
        from auricle.similarity.query import answer

        asked = {"like": _listed(like), "unlike": _listed(unlike)}
        return answer(self, QueryParams.model_validate(asked | chosen))


def _listed(names: str | Path | Sequence[str | Path]) -> list[str]:
    return [str(name) for name in ([names] if isinstance(names, str | Path) else names)]
