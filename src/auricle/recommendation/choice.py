"""Which recordings stand on the list: the best rated, not too alike, not too many of one artist."""

import numpy as np
import numpy.typing as npt

from auricle.similarity.exact import unit

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
Names = npt.NDArray[np.object_]


def directions_of(embeddings: FloatArray) -> FloatArray:
    """Embeddings less their mean, of length one: what all have in common makes none of them alike.

    Args:
        embeddings: float32 (n, embedding_dim), of all recordings.
    """
    return unit(embeddings - embeddings.mean(axis=0))


def choose(
    ratings: FloatArray,
    directions: FloatArray,
    artists: Names,
    *,
    count: int,
    diversity: float,
    max_per_artist: int | None,
) -> IntArray:
    """Choose one after the other by maximal marginal relevance (Carbonell and Goldstein, 1998).

    What is chosen next has the highest (1 - diversity) * rating - diversity * similarity, where similarity is
    the highest cosine with one that is chosen already, from 0 (opposite) to 1.

    Args:
        ratings: float32 (n,), in [0, 1].
        directions: float32 (n, embedding_dim), of length one, see `directions_of`.
        artists: object (n,).
        count: at most so many.
        diversity: from 0, where the rating alone counts, to 1.
        max_per_artist: at most so many of one; None: any number.

    Returns:
        Places of those chosen, int64 (at most count,), in the order of the list; of equal ones the better
        rated first, and of these in their order.
    """
    if not len(ratings):
        return np.zeros(0, dtype=np.int64)
    _, codes = np.unique(artists.astype(str), return_inverse=True)
    free = np.ones(len(ratings), dtype=bool)
    nearest = np.zeros(len(ratings), dtype=np.float64)
    worth = (1 - diversity) * ratings.astype(np.float64)
    left = np.full(codes.max() + 1, count if max_per_artist is None else max_per_artist)
    chosen: list[int] = []
    while len(chosen) < count and free.any():
        score = np.where(free, worth - diversity * nearest, -np.inf)
        best = int(np.argmax(np.where(score == score.max(), ratings, -np.inf)))
        chosen.append(best)
        free[best] = False
        left[codes[best]] -= 1
        if left[codes[best]] == 0:
            free[codes == codes[best]] = False
        nearest = np.maximum(nearest, (1 + directions @ directions[best]) / 2)
    return np.array(chosen, dtype=np.int64)
