"""The aspects in which new recordings are compared with known ones, each with what its picture shows."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.models.seen import labels_of_rows
from auricle.retraining.drift_params import DriftParams
from auricle.retraining.two_samples import (
    BoolArray,
    FloatArray,
    Statistic,
    Tested,
    TwoSamples,
    draw,
    stability_index,
    total_variation,
    widest_gap,
)

Json = dict[str, Any]
BINS = 10  # of scores, equally full among the known recordings
STEPS = 100  # values at which shares of durations are compared
SHOWN_LABELS = 24
SHOWN_POINTS = 250  # of either side
KEYS = ("recording_id", "split")


class Sample(NamedTuple):
    """Recordings that an aspect can be seen of.

    Attributes:
        table: one row per recording, with `group`, indexed from 0.
        is_new: which of them are new, bool (n,).
    """

    table: pd.DataFrame
    is_new: BoolArray

    def where(self, mask: npt.NDArray[np.bool_]) -> "Sample":
        """Some of the recordings."""
        return Sample(self.table[mask].reset_index(drop=True), self.is_new[mask])

    def why_too_few(self, params: DriftParams) -> str | None:
        """Why nothing can be claimed; None where it can."""
        for side, told in ((self.is_new, "new"), (~self.is_new, "known")):
            recordings, groups = int(side.sum()), int(self.table.loc[side, "group"].nunique())
            if recordings < params.min_recordings or groups < params.min_groups:
                return (
                    f"{recordings} {told} recordings of {groups} groups are too few:"
                    f" {params.min_recordings} of {params.min_groups} groups are needed"
                )
        return None

    def drawn(self, params: DriftParams) -> TwoSamples:
        """Those of them that are compared."""
        return draw(
            self.table["group"].to_numpy(dtype=object),
            self.is_new,
            most=params.most_recordings,
            permutations=params.permutations,
            seed=params.seed,
        )


def labels(sample: Sample, params: DriftParams, *, several: bool) -> Json:
    """Shares of labels, among the recordings that have any: of their class, or of several of each."""
    if several:
        told = labels_of_rows(sample.table)
    else:
        told = [[] if pd.isna(label) else [label] for label in sample.table["label"]]
    has = np.array([bool(names) for names in told], dtype=bool)
    kept = [names for names in told if names]
    # A recording counts for each of its labels, so that shares need not add up to one.
    distance = widest_gap if several else total_variation
    return _of_categories("labels", sample.where(has), kept, distance, params.label_distance, params)


def sample_rates(sample: Sample, params: DriftParams) -> Json:
    """Shares of sample rates."""
    told = [[f"{int(rate):,} Hz"] for rate in sample.table["sample_rate"]]
    return _of_categories("sample_rates", sample, told, total_variation, params.rate_distance, params)


def durations(sample: Sample, params: DriftParams) -> Json:
    """Shares of recordings up to each length."""

    def judge(two: TwoSamples) -> tuple[Tested, Json]:
        seconds = sample.table["duration_s"].to_numpy(dtype=np.float64)[two.rows]
        steps = np.unique(np.quantile(seconds, np.linspace(0, 1, STEPS + 1), method="inverted_cdf"))
        counted = seconds[:, None] <= steps
        figure = {
            "kind": "cumulative",
            "unit": "seconds",
            "values": steps.round(3).tolist(),
            **_by_side(lambda side: counted[side].mean(axis=0), two.is_new),
        }
        return two.test(counted, widest_gap), figure

    return _aspect("durations", sample, params.duration_distance, params, judge)


def scores(sample: Sample, classes: Sequence[str], params: DriftParams) -> list[Json]:
    """How sure the model is, and what it says: `sample` has a column of each of its classes."""

    def surest(two: TwoSamples) -> tuple[Tested, Json]:
        top = sample.table[list(classes)].to_numpy(dtype=np.float64).max(axis=1)[two.rows]
        inner = np.unique(
            np.quantile(top[~two.is_new], np.linspace(0, 1, BINS + 1)[1:-1], method="inverted_cdf")
        )
        counted = np.digitize(top, inner)[:, None] == np.arange(len(inner) + 1)
        figure = {
            "kind": "bins",
            "unit": "highest probability",
            "edges": [float(top.min()), *inner.tolist(), float(top.max())],
            **_by_side(lambda side: counted[side].mean(axis=0), two.is_new),
        }
        return two.test(counted, stability_index), figure

    def said(two: TwoSamples) -> tuple[Tested, Json]:
        answer = sample.table[list(classes)].to_numpy(dtype=np.float64).argmax(axis=1)[two.rows]
        counted = answer[:, None] == np.arange(len(classes))
        return two.test(counted, stability_index), _shares(classes, counted, two.is_new)

    found = [_aspect("highest_probabilities", sample, params.score_psi, params, surest)]
    if len(classes) > 1:
        found.append(_aspect("classes_given", sample, params.score_psi, params, said))
    return found


def embeddings(sample: Sample, params: DriftParams) -> Json:
    """Where the model places recordings: `sample` has a column `embedding`."""

    def judge(two: TwoSamples) -> tuple[Tested, Json]:
        from scipy.spatial.distance import cdist
        from sklearn.decomposition import PCA

        points = np.stack(sample.table["embedding"].iloc[two.rows].tolist()).astype(np.float64)
        spread = points[~two.is_new].std(axis=0)
        points = (points - points[~two.is_new].mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        plane = PCA(2, random_state=params.seed).fit(points[~two.is_new]).transform(points)
        figure = {
            "kind": "points",
            **_by_side(lambda side: plane[np.flatnonzero(side)[:SHOWN_POINTS]], two.is_new, digits=2),
        }
        return two.energy(cdist(points, points)), figure

    return _aspect("embeddings", sample, params.embedding_distance, params, judge)


def unjudged(name: str, limit: float, reason: str) -> Json:
    """An aspect of which nothing is claimed."""
    nothing = dict.fromkeys(("value", "p_value", "p_together", "figure"))
    return {"name": name, "limit": limit, "drifted": False, "compared": None, **nothing, "reason": reason}


def _aspect(name: str, sample: Sample, limit: float, params: DriftParams, judge: Any) -> Json:
    if reason := sample.why_too_few(params):
        return unjudged(name, limit, reason)
    two = sample.drawn(params)
    tested, figure = judge(two)
    new = int(two.is_new.sum())
    groups = int(two.dealt[0].sum())
    return unjudged(name, limit, "") | {
        "value": tested.value,
        "p_value": tested.p_value,
        "compared": {
            "new": new,
            "new_groups": groups,
            "known": len(two.rows) - new,
            "known_groups": len(two.starts) - groups,
        },
        "figure": figure,
        "reason": None,
    }


def _of_categories(  # noqa: PLR0917  (as _aspect has them)
    name: str, sample: Sample, told: list[list[str]], distance: Statistic, limit: float, params: DriftParams
) -> Json:
    """An aspect of which each recording has one of some names, or several."""
    names = sorted({label for labels in told for label in labels})

    def judge(two: TwoSamples) -> tuple[Tested, Json]:
        counted = np.array([[label in told[row] for label in names] for row in two.rows], dtype=bool)
        return two.test(counted, distance), _shares(names, counted, two.is_new)

    return _aspect(name, sample, limit, params, judge)


def _shares(names: Sequence[str], counted: BoolArray, is_new: BoolArray) -> Json:
    """Shares of names among new and known recordings, those first that have moved most."""
    new, known = (counted[side].mean(axis=0) for side in (is_new, ~is_new))
    order = np.argsort(-np.abs(new - known), kind="stable")[:SHOWN_LABELS]
    return {
        "kind": "shares",
        "names": [names[place] for place in order],
        "new": new[order].round(4).tolist(),
        "known": known[order].round(4).tolist(),
        "more": len(names) - len(order),
    }


def _by_side(make: Any, is_new: BoolArray, digits: int = 4) -> Json:
    made: dict[str, FloatArray] = {"new": make(is_new), "known": make(~is_new)}
    return {side: values.round(digits).tolist() for side, values in made.items()}
