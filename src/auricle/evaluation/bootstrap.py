"""Intervals by resampling whole groups: recordings of one artist are not independent of each other.

The cluster bootstrap of Davison and Hinkley, "Bootstrap Methods and their Application" (1997), section 3.8:
groups are drawn with replacement, each with all its recordings. Classes may be absent from a resample; what
is then not defined is left out of that resample, instead of drawing within classes, which would understate
how much a class of few groups varies.
"""

from collections.abc import Iterator, Mapping
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from auricle.evaluation.metrics import FigureTable
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.rows import FloatArray

Name = TypeVar("Name")

CELLS_PER_CHUNK = 4_000_000


def resamples(n_groups: int, samples: int, seed: int, *, rows: int = 0) -> Iterator[npt.NDArray[np.float32]]:
    """How often each group counts, in chunks [shape=(groups, samples of the chunk)].

    Args:
        n_groups: Groups to draw from, and how many are drawn.
        samples: Resamples in all.
        seed: Equal seeds draw equal groups, which is what makes a comparison paired.
        rows: Rows behind the groups; bounds the memory of a chunk.
    """
    generator = np.random.default_rng(seed)
    step = max(1, CELLS_PER_CHUNK // max(n_groups, rows, 1))
    for start in range(0, samples, step):
        size = min(step, samples - start)
        drawn = generator.integers(0, n_groups, size=(size, n_groups)) + np.arange(size)[:, None] * n_groups
        counts = np.bincount(drawn.ravel(), minlength=size * n_groups).reshape(size, n_groups)
        yield np.ascontiguousarray(counts.T, dtype=np.float32)


def bootstrap(
    figures: Mapping[Name, FigureTable], *, samples: int, seed: int, rows: int = 0
) -> dict[Name, dict[str, FloatArray]]:
    """Every figure of every table under the same resamples.

    Args:
        figures: Tables over the same groups, by name.
        samples: Number of resamples.
        seed: Seed of the resampling.
        rows: Rows of a table; bounds the memory.

    Returns:
        Per table and figure, the values over the resamples on the last axis.
    """
    sizes = {table.n_groups for table in figures.values()}
    if len(sizes) != 1:
        raise ValueError(f"Paired resampling needs tables over the same groups, got {sorted(sizes)} groups.")
    parts: dict[Name, list[dict[str, FloatArray]]] = {name: [] for name in figures}
    for weights in resamples(sizes.pop(), samples, seed, rows=rows):
        for name, table in figures.items():
            parts[name].append(table(weights))
    return {
        name: {key: np.concatenate([chunk[key] for chunk in chunks], axis=-1) for key in chunks[0]}
        for name, chunks in parts.items()
    }


def percentile_interval(values: FloatArray, confidence: float) -> tuple[float, float] | None:
    """The percentile interval of resampled values; None where hardly a resample defines the figure."""
    defined = values[~np.isnan(values)]
    if len(defined) < max(2, len(values) // 2):
        return None
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def centred_interval(values: FloatArray, value: float, confidence: float) -> tuple[float, float] | None:
    """The percentile interval moved by the resampling's own bias."""
    interval = percentile_interval(values, confidence)
    if interval is None:
        return None
    bias = float(np.nanmean(values)) - value
    return interval[0] - bias, interval[1] - bias


def shifted_interval(values: FloatArray, value: float, confidence: float) -> tuple[float, float] | None:
    """The same of a share, from zero to one, and never without the value itself.

    The calibration error is a sum of absolute values: resampling only ever adds to it, and the plain
    percentile interval of a well calibrated model lies above the figure itself. Average precision likewise:
    a positive that is drawn twice stands beside itself.
    """
    interval = centred_interval(values, value, confidence)
    if interval is None:
        return None
    return max(0.0, min(interval[0], value)), min(1.0, max(interval[1], value))


def is_biased(name: str) -> bool:
    """Whether resampling by itself moves a figure, whatever the model."""
    return name.startswith(("ece", "class_ece")) or "average_precision" in name


def interval_of(
    name: str, values: FloatArray, value: float, params: EvaluateParams
) -> tuple[float, float] | None:
    """The interval of one figure, by the way that suits it."""
    if is_biased(name):
        return shifted_interval(values, value, params.confidence)
    return percentile_interval(values, params.confidence)
