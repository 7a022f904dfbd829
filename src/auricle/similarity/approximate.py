"""Approximate search by faiss: an inverted file of cells, each vector in the cell of its nearest centroid.

Of the indexes in `benchmarks/similarity.py` it is the one that is built in seconds, and from which recordings
can leave. Vectors are kept in 16 bits; who asks ranks the candidates again by the true ones.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from auricle.models.backbones.packages import needed

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

ROWS_AT_ONCE = 65_536
TRAINED_PER_CELL = 40  # vectors per centroid: faiss warns of fewer than 39
# Cells per query that are tried until enough is found: each by a third or a half more than the one before.
PROBES = (1, *(step for power in range(1, 12) for step in (2**power, 3 * 2 ** (power - 1))), 4096)
BY = "similarity search among so many recordings"


def load_faiss() -> Any:
    """The package.

    Raises:
        MissingPackageError: faiss is not installed.
    """
    return needed("faiss", extra="similarity", by=BY)


class ApproximateIndex:
    """Keys of the nearest vectors by inner product, most of them.

    Attributes:
        probes: cells that are looked into for each query.
    """

    def __init__(self, index: Any, probes: int) -> None:
        self._faiss = load_faiss()
        self._index = index
        self.probes = probes

    @classmethod
    def built(
        cls, vectors: FloatArray, keys: IntArray, *, cells: int | None, seed: int
    ) -> "ApproximateIndex":
        """An index of unit vectors.

        Args:
            vectors: float32 [shape=(n, dimensions)].
            keys: [shape=(n,)], by which they are known; not negative, no two the same.
            cells: how many; by default 4 times the root of n.
            seed: of the centroids.
        """
        faiss = load_faiss()
        cells = min(cells or max(2, int(4 * np.sqrt(len(vectors)))), len(vectors))
        index = faiss.index_factory(vectors.shape[1], f"IVF{cells},SQfp16", faiss.METRIC_INNER_PRODUCT)
        index.cp.seed = seed
        index.cp.min_points_per_centroid = 1
        step = max(1, len(vectors) // (TRAINED_PER_CELL * cells))
        index.train(np.ascontiguousarray(vectors[::step]))
        made = cls(index, probes=1)
        made.add(vectors, keys)
        return made

    @classmethod
    def read(cls, file: Path, probes: int) -> "ApproximateIndex":
        """An index that `write` wrote."""
        return cls(load_faiss().read_index(str(file)), probes)

    def write(self, file: Path) -> None:
        """Write the index in faiss's own format."""
        self._faiss.write_index(self._index, str(file))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def cells(self) -> int:
        """How many there are."""
        return int(self._index.nlist)

    def add(self, vectors: FloatArray, keys: IntArray) -> None:
        """Add vectors to the cells there are."""
        for start in range(0, len(vectors), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            self._index.add_with_ids(np.ascontiguousarray(vectors[rows]), keys[rows])

    def remove(self, keys: IntArray) -> None:
        """Let vectors leave."""
        if len(keys):
            self._index.remove_ids(self._faiss.IDSelectorBatch(keys))

    def search(self, queries: FloatArray, count: int, allowed: Sequence[int] | IntArray | None) -> IntArray:
        """Keys of the nearest, -1 where there are no more, int64 [shape=(queries, count)].

        Args:
            queries: unit vectors, float32 [shape=(queries, dimensions)].
            count: how many.
            allowed: the keys that may be found; None: all.
        """
        chosen = self._faiss.SearchParametersIVF(nprobe=min(self.probes, self.cells))
        if allowed is not None:
            selector = self._faiss.IDSelectorBatch(np.asarray(allowed, dtype=np.int64))
            chosen = self._faiss.SearchParametersIVF(nprobe=min(self.probes, self.cells), sel=selector)
        return np.asarray(self._index.search(queries, count, params=chosen)[1], dtype=np.int64)
