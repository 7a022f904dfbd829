"""From embeddings to a picture and to clusters, by scikit-learn, the same at every run."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from auricle.explanation.params import MapParams

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# van der Maaten and Hinton (JMLR 2008) use 5 to 50; three times as many points must be there.
LEAST_PERPLEXITY = 5.0
UNCLUSTERED = -1
DEFAULT_MIN_CLUSTER_SIZE = 5


@dataclass(frozen=True)
class Projection:
    """A picture of embeddings.

    Attributes:
        coordinates: float64 [shape=(n, 2)].
        method: "t-SNE" or "PCA".
        perplexity: of t-SNE, else None.
        explained: share of the variance that the two axes of a PCA hold, else None.
    """

    coordinates: FloatArray
    method: str
    perplexity: float | None = None
    explained: float | None = None


def unit_vectors(embeddings: npt.NDArray[np.floating]) -> FloatArray:
    """Embeddings of length one, so that Euclidean distance ranks as the cosine does; zeros stay zeros.

    Args:
        embeddings: [shape=(n, embedding_size)].
    """
    values = embeddings.astype(np.float64)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return np.asarray(np.divide(values, lengths, out=np.zeros_like(values), where=lengths > 0))


def project(vectors: FloatArray, params: MapParams) -> Projection:
    """Two coordinates of each vector: t-SNE from a PCA on, or the PCA where there are too few for it.

    Args:
        vectors: [shape=(n, embedding_size)], n >= 2.
        params: perplexity, and the seed.
    """
    perplexity = min(params.perplexity, (len(vectors) - 1) / 3)
    start, explained = _principal_components(vectors)
    if perplexity < LEAST_PERPLEXITY or not start[:, 0].any():
        return Projection(start, "PCA", explained=explained)
    from sklearn.manifold import TSNE

    # Scaled as init="pca" of TSNE does it, which wants two dimensions at least.
    tsne = TSNE(perplexity=perplexity, init=start / start[:, 0].std() * 1e-4, random_state=params.seed)
    return Projection(tsne.fit_transform(vectors).astype(np.float64), "t-SNE", perplexity=perplexity)


def cluster(vectors: FloatArray, n_labels: int, params: MapParams) -> IntArray:
    """The cluster of each vector, 0 for the largest; -1 where HDBSCAN leaves one out.

    Args:
        vectors: [shape=(n, embedding_size)].
        n_labels: how many clusters k-means makes where the parameters do not say.
        params: the method and its parameters.
    """
    from sklearn.cluster import HDBSCAN, KMeans

    if params.cluster_by == "hdbscan":
        smallest = min(params.min_cluster_size or DEFAULT_MIN_CLUSTER_SIZE, len(vectors))
        found = HDBSCAN(min_cluster_size=max(2, smallest), copy=True).fit_predict(vectors)
    else:
        distinct = len(np.unique(vectors, axis=0))
        count = min(params.clusters or max(2, n_labels), distinct)
        found = KMeans(count, n_init=10, random_state=params.seed).fit_predict(vectors)
    return _largest_first(np.asarray(found, dtype=np.int64))


def _largest_first(found: IntArray) -> IntArray:
    numbers, counts = np.unique(found[found != UNCLUSTERED], return_counts=True)
    order = numbers[np.argsort(-counts, kind="stable")]
    renamed = {int(number): place for place, number in enumerate(order)} | {UNCLUSTERED: UNCLUSTERED}
    return np.array([renamed[int(number)] for number in found], dtype=np.int64)


def _principal_components(vectors: FloatArray) -> tuple[FloatArray, float | None]:
    """The first two, zeros where vectors do not differ; and their share of the variance."""
    from sklearn.decomposition import PCA

    coordinates = np.zeros((len(vectors), 2))
    if np.ptp(vectors, axis=0).max() < 1e-9:
        return coordinates, None
    pca = PCA(min(2, *vectors.shape), svd_solver="full")
    found = pca.fit_transform(vectors)
    coordinates[:, : found.shape[1]] = found
    return coordinates, float(pca.explained_variance_ratio_.sum())
