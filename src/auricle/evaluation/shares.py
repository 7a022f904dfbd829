"""Shares of rows under any weights on the groups: what part of some rows is in some way."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from auricle.evaluation.bootstrap import bootstrap, interval_of
from auricle.evaluation.claims import figure
from auricle.evaluation.kinds import Figures, Json
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.rows import BoolArray, IntArray, Rows


class ShareFigures:
    """Per name the share of the rows `of` that are also `among`; NaN where there are none.

    Args:
        groups: Index of the group of each row [shape=(n,)], from 0 without gaps.
        parts: Per name `(among, of)`, bool [shape=(n,)] each.
    """

    def __init__(self, groups: IntArray, parts: Mapping[str, tuple[BoolArray, BoolArray]]) -> None:
        self.n_groups = int(groups.max()) + 1
        self._names = list(parts)

        def sums(values: BoolArray) -> npt.NDArray[np.float64]:
            counts = np.bincount(groups, weights=values.astype(np.float64), minlength=self.n_groups)
            return np.asarray(counts, dtype=np.float64)

        self._among = np.stack([sums(among & of) for among, of in parts.values()])
        self._of = np.stack([sums(of) for _, of in parts.values()])

    def __call__(self, weights: npt.NDArray[np.float32] | None = None) -> Figures:
        """Shares for each column of weights [shape=(groups, samples)]; by default each group once."""
        if weights is None:
            weights = np.ones((self.n_groups, 1), dtype=np.float32)
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = (self._among @ weights) / (self._of @ weights)
        return dict(zip(self._names, shares, strict=True))


def share_figures(
    rows: Rows, parts: Mapping[str, tuple[BoolArray, BoolArray]], params: EvaluateParams
) -> dict[str, Json]:
    """Shares of rows as `value`, `low`, `high`; no interval where all rows come from too few groups."""
    table = ShareFigures(rows.groups, parts)
    points, drawn = table(), {}
    if rows.n_groups >= params.min_groups_for_claim:
        drawn = bootstrap({0: table}, samples=params.bootstrap_samples, seed=params.seed, rows=len(rows))[0]
    found = {}
    for name, point in points.items():
        value = float(point[0])
        if np.isnan(value):
            found[name] = figure(None, None)
            continue
        found[name] = figure(value, interval_of(name, drawn[name], value, params) if drawn else None)
    return found
