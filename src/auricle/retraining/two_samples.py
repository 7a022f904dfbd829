"""Whether two samples of recordings differ by more than chance, where recordings come in groups.

Recordings of one group are alike, so that to permute them singly would find drift wherever a new artist
comes. What is exchangeable, where nothing has drifted, is groups: the permutations deal whole groups to
either side (Winkler et al., "Multi-level block permutation", NeuroImage 123, 2015). So that no side differs
from the other by the size of its groups alone, of each group at most so many recordings count as the smaller
of the two median groups has. The recordings as they are count as one of the permutations, so that no p-value
is zero (Phipson and Smyth, "Permutation P-values Should Never Be Zero", 2010).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
TOLERANCE = 1e-12
LEAST_PSI = 0.5  # recordings added to each bin: an empty one would make the index infinite

# Of what is counted of the new and of the known (permutations, k), and how many these are (permutations, 1).
Statistic = Callable[[FloatArray, FloatArray, FloatArray, FloatArray], FloatArray]


class Tested(NamedTuple):
    """A distance, and how often dealing groups at random gives one as great."""

    value: float
    p_value: float


@dataclass(frozen=True)
class TwoSamples:
    """Recordings that are compared, in the order of their groups.

    Attributes:
        rows: places of the recordings in the table that they were drawn from, int64 (n,).
        is_new: which of these are new, bool (n,).
        starts: where each group begins among them, int64 (groups,).
        dealt: which groups count as new, bool (1 + permutations, groups); in the first row, those that are.
    """

    rows: IntArray
    is_new: BoolArray
    starts: IntArray
    dealt: BoolArray

    def test(self, counted: npt.NDArray[np.generic], statistic: Statistic) -> Tested:
        """Test what is counted of each recording, (n, k), in the order of `rows`."""
        counts = np.add.reduceat(counted.astype(np.float64), self.starts, axis=0)
        sizes = np.diff(self.starts, append=len(self.rows)).astype(np.float64)[:, None]
        new = self.dealt.astype(np.float64)
        found = statistic(new @ counts, (1 - new) @ counts, new @ sizes, (1 - new) @ sizes)
        return _tested(found)

    def energy(self, distances: FloatArray) -> Tested:
        """Test points by their distances (n, n): the energy distance as a share of the greatest possible.

        See Szekely and Rizzo, "Energy statistics", Journal of Statistical Planning and Inference 143 (2013):
        0 where the distributions are equal, 1 where the points of either side coincide.
        """
        groups = np.add.reduceat(np.add.reduceat(distances, self.starts, axis=0), self.starts, axis=1)
        sizes = np.diff(self.starts, append=len(self.rows)).astype(np.float64)
        new = self.dealt.astype(np.float64)
        known = 1 - new
        n, m = new @ sizes, known @ sizes
        to_new = new @ groups
        across = (to_new * known).sum(axis=1) / (n * m)
        within_new = (to_new * new).sum(axis=1) / n**2
        within_known = ((known @ groups) * known).sum(axis=1) / m**2
        return _tested((2 * across - within_new - within_known) / np.maximum(2 * across, TOLERANCE))


def draw(
    groups: npt.NDArray[np.object_], is_new: BoolArray, *, most: int, permutations: int, seed: int
) -> TwoSamples:
    """Choose the recordings that are compared, and deal their groups.

    Args:
        groups: of each recording, object (n,); one with known and new recordings counts as two.
        is_new: which recordings are new, bool (n,); some are, and some are not.
        most: recordings of either side.
        permutations: how many times groups are dealt.
        seed: of all that is random.
    """
    generator = np.random.default_rng(seed)
    keys = np.array([f"{int(new)}{group}" for group, new in zip(groups, is_new, strict=True)], dtype=object)
    shuffled = generator.permutation(len(keys))
    _, blocks = np.unique(keys[shuffled].astype(str), return_inverse=True)
    order = np.argsort(blocks, kind="stable")
    blocks, rows = blocks[order], shuffled[order]
    sizes = np.bincount(blocks)
    starts = np.cumsum(sizes) - sizes
    new_block = is_new[rows[starts]]
    most_each = max(1, int(min(np.median(sizes[new_block]), np.median(sizes[~new_block]))))
    kept = np.zeros(len(sizes), dtype=bool)
    for side in (new_block, ~new_block):
        places = generator.permutation(np.flatnonzero(side))
        enough = np.cumsum(np.minimum(sizes[places], most_each)) <= max(most, most_each)
        kept[places[enough]] = True
    place = np.arange(len(rows)) - starts[blocks]
    chosen = kept[blocks] & (place < most_each)
    left = np.unique(blocks[chosen], return_counts=True)[1]
    return TwoSamples(
        rows=rows[chosen],
        is_new=is_new[rows[chosen]],
        starts=np.cumsum(left) - left,
        dealt=_deal(new_block[kept], permutations, generator),
    )


def _deal(new: BoolArray, permutations: int, generator: np.random.Generator) -> BoolArray:
    return np.vstack([new, generator.permuted(np.tile(new, (permutations, 1)), axis=1)])


def total_variation(new: FloatArray, known: FloatArray, n: FloatArray, m: FloatArray) -> FloatArray:
    """Half the sum of the differences between shares."""
    return np.asarray(np.abs(new / n - known / m).sum(axis=1) / 2)


def widest_gap(new: FloatArray, known: FloatArray, n: FloatArray, m: FloatArray) -> FloatArray:
    """The widest gap between shares; of recordings up to each of some values, it is Kolmogorov-Smirnov's."""
    return np.asarray(np.abs(new / n - known / m).max(axis=1))


def stability_index(new: FloatArray, known: FloatArray, n: FloatArray, m: FloatArray) -> FloatArray:
    """The population stability index: how far shares of bins have moved, by their logarithms."""
    bins = new.shape[1]
    p, q = ((counts + LEAST_PSI) / (size + LEAST_PSI * bins) for counts, size in ((new, n), (known, m)))
    return np.asarray(((p - q) * np.log(p / q)).sum(axis=1))


def together(p_values: FloatArray) -> FloatArray:
    """P-values of which chance brings one below a level in no more than that share of reports (Holm)."""
    order = np.argsort(p_values)
    stepped = np.maximum.accumulate(p_values[order] * np.arange(len(order), 0, -1))
    adjusted = np.empty_like(stepped)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def _tested(found: FloatArray) -> Tested:
    return Tested(float(found[0]), float((found >= found[0] - TOLERANCE).mean()))
