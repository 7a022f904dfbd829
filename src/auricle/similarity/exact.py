"""Exact search: every query against every vector, by products of matrices."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

CELLS_AT_ONCE = 16_000_000  # scores in memory


def nearest(vectors: FloatArray, queries: FloatArray, count: int) -> tuple[IntArray, FloatArray]:
    """Rows of the nearest by inner product and their products, nearest first, equal ones in their order.

    Args:
        vectors: float32 [shape=(n, dimensions)].
        queries: float32 [shape=(queries, dimensions)].
        count: how many.

    Returns:
        Rows int64 and products float32 [shape=(queries, min(count, n))].
    """
    count = min(count, len(vectors))
    step = max(1, CELLS_AT_ONCE // max(len(vectors), 1))
    rows = np.empty((len(queries), count), np.int64)
    products = np.empty((len(queries), count), np.float32)
    for start in range(0, len(queries), step):
        part = slice(start, start + step)
        scores = queries[part] @ vectors.T
        if count < len(vectors):
            best = np.sort(np.argpartition(scores, -count, axis=1)[:, len(vectors) - count :], axis=1)
        else:
            best = np.broadcast_to(np.arange(count), scores.shape)
        rows[part], products[part] = ranked(best, np.take_along_axis(scores, best, axis=1))
    return rows, products


def ranked(rows: IntArray, products: FloatArray) -> tuple[IntArray, FloatArray]:
    """Candidates of each query with the nearest first, equal ones in the order given."""
    order = np.argsort(-products, axis=1, kind="stable")
    return np.take_along_axis(rows, order, axis=1), np.take_along_axis(products, order, axis=1)


def unit(vectors: npt.NDArray[np.floating]) -> FloatArray:
    """Vectors of length one, so that products are cosines; zeros stay zeros."""
    values = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(values, axis=-1, keepdims=True)
    divided = np.divide(values, lengths, out=np.zeros_like(values), where=lengths > 0)
    return np.asarray(divided, dtype=np.float32)
