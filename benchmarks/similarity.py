"""Similarity search: recall, speed, build time and memory of indexes, beside exact search.

    python benchmarks/similarity.py --embeddings data/07_model_output/genre/cnn/*/embeddings.parquet
    PYTHONPATH=/other/packages python benchmarks/similarity.py --sizes 10000 100000 1000000

A few thousand real embeddings become as many as are wanted: k-means finds their clusters, each is a
Gaussian of the cluster's own covariance in the principal components that hold 99 % of the variance, and
clusters count as in the original. The rest of the variance is noise in all dimensions. Queries are drawn
like the others and are not among them.

Every index is built and asked in a process of its own on one thread. Times are of the processor; queries go
in one batch. Of each index the fastest setting is shown that finds at least .99 of the ten nearest, else
the one that finds the most. Memory is anonymous memory of the process with the index, without what it was
built from; what is mapped from a file is not in it. A package that is not installed is left out.
"""

import argparse
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from auricle.similarity.approximate import PROBES, ApproximateIndex
from auricle.similarity.index import SimilarityIndex

COUNT, CLUSTERS = 10, 60
DIMENSIONS = 256
RECALL, PER_SECOND, GIB = 0.99, 10_000, 2.0
TARGET_AT, MEMORY_AT = 100_000, 1_000_000

Array = np.ndarray[Any, np.dtype[np.float32]]
Ask = Callable[[Array, int], Array]


class Built(NamedTuple):
    """An index: what asks it, with a setting, and the settings to try, the fastest first."""

    ask: Ask
    settings: tuple[int, ...]


def faiss_ivf(vectors: Array, storage: str, cells: int | None) -> Built:
    import faiss

    cells = cells or int(4 * np.sqrt(len(vectors)))
    index = faiss.index_factory(vectors.shape[1], f"IVF{cells},{storage}", faiss.METRIC_INNER_PRODUCT)
    index.cp.min_points_per_centroid = 1
    step = max(1, len(vectors) // (40 * cells))
    index.train(vectors[::step])
    for start in range(0, len(vectors), 50_000):
        index.add(vectors[start : start + 50_000])

    def ask(queries: Array, probes: int) -> Array:
        index.nprobe = probes
        return index.search(queries, COUNT)[1]

    return Built(ask, PROBES)


def faiss_hnsw(vectors: Array, storage: str) -> Built:
    import faiss

    index = faiss.index_factory(vectors.shape[1], f"HNSW16,{storage}", faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 80
    index.train(vectors[:20_000])
    index.add(vectors)

    def ask(queries: Array, ef: int) -> Array:
        index.hnsw.efSearch = ef
        return index.search(queries, COUNT)[1]

    return Built(ask, (16, 24, 32, 48, 64, 96, 128, 256))


def hnswlib_hnsw(vectors: Array) -> Built:
    import hnswlib

    index = hnswlib.Index(space="ip", dim=vectors.shape[1])
    index.init_index(max_elements=len(vectors), M=16, ef_construction=80)
    index.set_num_threads(1)
    index.add_items(vectors)

    def ask(queries: Array, ef: int) -> Array:
        index.set_ef(ef)
        return index.knn_query(queries, k=COUNT)[0]

    return Built(ask, (16, 24, 32, 48, 64, 96, 128, 256))


def usearch_hnsw(vectors: Array, kind: str) -> Built:
    from usearch.index import Index

    index = Index(ndim=vectors.shape[1], metric="ip", dtype=kind, connectivity=16, expansion_add=80)
    index.add(np.arange(len(vectors)), vectors, threads=1)

    def ask(queries: Array, ef: int) -> Array:
        index.expansion_search = ef
        return index.search(queries, COUNT, threads=1).keys.astype(np.int64)

    return Built(ask, (16, 24, 32, 48, 64, 96, 128, 256))


def faiss_flat(vectors: Array) -> Built:
    import faiss

    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return Built(lambda queries, _: index.search(queries, COUNT)[1], (0,))


def numpy_exact(vectors: Array) -> Built:
    kept = np.array(vectors)
    return Built(lambda queries, _: exact(kept, queries), (0,))


def auricle(vectors: Array, cells: int | None) -> Built:
    """What `auricle.similarity` does: candidates by faiss, ranked by the vectors, which lie in a file."""
    keys = np.arange(len(vectors))
    approximate = ApproximateIndex.built(vectors, keys, cells=cells, seed=0)
    index = SimilarityIndex(pd.DataFrame({"key": keys}), vectors, {}, approximate)

    def ask(queries: Array, probes: int) -> Array:
        approximate.probes = probes
        return index.search(queries, COUNT)[0]

    return Built(ask, PROBES)


CANDIDATES: dict[str, tuple[str, Callable[[Array, int | None], Built]]] = {
    "exact, numpy": ("numpy", lambda vectors, _: numpy_exact(vectors)),
    "exact, faiss": ("faiss", lambda vectors, _: faiss_flat(vectors)),
    "faiss IVF": ("faiss", lambda vectors, cells: faiss_ivf(vectors, "Flat", cells)),
    "faiss IVF fp16": ("faiss", lambda vectors, cells: faiss_ivf(vectors, "SQfp16", cells)),
    "Auricle": ("faiss", auricle),
    "faiss HNSW": ("faiss", lambda vectors, _: faiss_hnsw(vectors, "Flat")),
    "hnswlib HNSW": ("hnswlib", lambda vectors, _: hnswlib_hnsw(vectors)),
    "usearch HNSW": ("usearch", lambda vectors, _: usearch_hnsw(vectors, "f32")),
    "usearch HNSW bf16": ("usearch", lambda vectors, _: usearch_hnsw(vectors, "bf16")),
}


def main() -> None:
    arguments = parse_arguments()
    if arguments.child:
        print(json.dumps(measured(arguments.child, Path(arguments.folder), arguments.cells)))
        return
    real = read(arguments.embeddings)
    if real is None:
        print("There are no embeddings below data/: train a network, or name a table with --embeddings.")
        return
    print(
        f"{date.today()}  {platform.machine()}, one thread; after {len(real):,} embeddings of {real.shape[1]}"
    )
    for size in arguments.sizes:
        with tempfile.TemporaryDirectory() as folder:
            prepare(real, size, arguments.queries, Path(folder))
            show(size, rows(arguments.only, folder, arguments))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--embeddings", type=Path, help="default: the largest table below data/")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--only", nargs="+", default=list(CANDIDATES), choices=list(CANDIDATES))
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--cells", type=int, help="of faiss; default: 4 times the root of the vectors")
    parser.add_argument("--minutes", type=float, default=10.0, help="that one index may take")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    return parser.parse_args()


def read(path: Path | None) -> Array | None:
    """Embeddings of length one; None where there are none."""
    found = (
        [path]
        if path
        else sorted(Path("data").glob("**/embeddings.parquet"), key=lambda file: file.stat().st_size)
    )
    if not found:
        return None
    vectors = np.stack(pd.read_parquet(found[-1])["embedding"].tolist()).astype(np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def prepare(real: Array, size: int, queries: int, folder: Path) -> None:
    """Vectors, queries and the true neighbours of each, as files."""
    random = np.random.default_rng(0)
    drawn = mixture(real, size + queries, random)
    np.save(folder / "vectors.npy", drawn[:size])
    np.save(folder / "queries.npy", drawn[size:])
    np.save(folder / "truth.npy", exact(drawn[:size], drawn[size:]))


def mixture(real: Array, count: int, random: np.random.Generator) -> Array:
    """As many vectors of `DIMENSIONS` as are wanted, of the structure of those given."""
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA

    pca = PCA(0.99, svd_solver="full").fit(real)
    parts = pca.transform(real)
    labels = KMeans(min(CLUSTERS, len(real) // 10), n_init=1, random_state=0).fit_predict(parts)
    axes = np.linalg.qr(random.normal(size=(DIMENSIONS, parts.shape[1])))[0].T
    offset = random.normal(size=DIMENSIONS) / np.sqrt(DIMENSIONS) * np.linalg.norm(pca.mean_)
    left = np.sqrt(max(0.0, 1 - pca.explained_variance_ratio_.sum()) * real.var(axis=0).sum() / DIMENSIONS)
    chosen = random.choice(labels, count)
    vectors = np.empty((count, DIMENSIONS), np.float32)
    pooled = np.cov(parts.T) / 20
    for label in np.unique(labels):
        own, rows = parts[labels == label], np.flatnonzero(chosen == label)
        covariance = (np.cov(own.T) if len(own) > 2 else 0) + pooled * (1 / np.sqrt(len(own)))
        made = random.multivariate_normal(own.mean(axis=0), covariance, len(rows), method="cholesky")
        vectors[rows] = made @ axes + offset
    vectors += left * random.standard_normal(vectors.shape, dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def exact(vectors: Array, queries: Array) -> Array:
    """The ten nearest of each query by a product of matrices, nearest first."""
    found = []
    for start in range(0, len(queries), 64):
        scores = queries[start : start + 64] @ vectors.T
        best = np.argpartition(scores, -COUNT, axis=1)[:, -COUNT:]
        order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1)
        found.append(np.take_along_axis(best, order, axis=1))
    return np.concatenate(found)


def rows(
    names: list[str], folder: str, arguments: argparse.Namespace
) -> Iterator[tuple[str, dict[str, float] | None]]:
    one = os.environ | {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
    for name in names:
        if importlib.util.find_spec(CANDIDATES[name][0]) is None:
            continue
        command = [sys.executable, __file__, "--child", name, "--folder", folder]
        command += ["--cells", str(arguments.cells)] if arguments.cells else []
        limit = 60 * arguments.minutes
        try:
            done = subprocess.run(
                command, env=one, capture_output=True, text=True, timeout=limit, check=False
            )
        except subprocess.TimeoutExpired:
            yield name, None
            continue
        if done.returncode:
            sys.exit(done.stderr)
        yield name, json.loads(done.stdout.splitlines()[-1])


def measured(name: str, folder: Path, cells: int | None) -> dict[str, float]:
    """Figures of one index, in a process of its own."""
    vectors = np.load(folder / "vectors.npy", mmap_mode="r")
    queries, truth = np.load(folder / "queries.npy"), np.load(folder / "truth.npy")
    if CANDIDATES[name][0] == "faiss":
        import faiss

        faiss.omp_set_num_threads(1)
    before, start = anonymous(), time.process_time()
    built = CANDIDATES[name][1](vectors, cells)
    seconds, memory = time.process_time() - start, anonymous() - before
    best: dict[str, float] = {"recall": -1.0}
    for setting in built.settings:
        built.ask(queries[:100], setting)
        start = time.process_time()
        found = built.ask(queries, setting)
        rate = len(queries) / (time.process_time() - start)
        recall = float(
            np.mean(
                [len(set(a) & set(b)) / COUNT for a, b in zip(found.tolist(), truth.tolist(), strict=True)]
            )
        )
        if recall > best["recall"]:
            best = {"setting": setting, "recall": recall, "per_second": rate}
        if recall >= RECALL:
            break
    return best | {"seconds": seconds, "gib": memory}


def anonymous() -> float:
    """GiB of this process that are no file's."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("RssAnon")) / 2**20


def show(size: int, found: Iterator[tuple[str, dict[str, float] | None]]) -> None:
    print(
        f"\n{size:,} x {DIMENSIONS}\n"
        f"{'index':<20}{'setting':>9}{'recall@10':>11}{'queries/s':>11}{'build s':>9}{'GiB':>7}"
    )
    for name, row in found:
        if row is None:
            print(f"{name:<20}{'took too long':>20}", flush=True)
            continue
        figures = f"{row['recall']:>11.4f}{row['per_second']:>11,.0f}{row['seconds']:>9.1f}{row['gib']:>7.2f}"
        print(f"{name:<20}{row['setting']:>9}{figures}{verdict(size, row)}", flush=True)


def verdict(size: int, row: dict[str, float]) -> str:
    """Whether a target is met, where there is one."""
    if size == TARGET_AT:
        met = row["recall"] >= RECALL and row["per_second"] >= PER_SECOND
        return f"  target recall {RECALL}, {PER_SECOND:,}/s: {'met' if met else 'missed'}"
    if size == MEMORY_AT:
        return f"  target {GIB:g} GiB: {'met' if row['gib'] <= GIB else 'missed'}"
    return ""


if __name__ == "__main__":
    main()
