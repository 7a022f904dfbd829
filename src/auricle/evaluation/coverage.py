"""Answering only where a model is sure: how many recordings it then answers, and how many of these rightly.

The curve and its area are those of selective classification (Geifman and El-Yaniv, "Selective Classification
for Deep Neural Networks", NeurIPS 2017): recordings in order of confidence, the surest first. Confidence is
the calibrated probability of the most probable class, the one that `abstain_below` is held against in
prediction. Thresholds are chosen on validation (out of fold: on the other folds), and only judged on the
rest.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from auricle.evaluation.bootstrap import bootstrap, percentile_interval
from auricle.evaluation.calibration import calibration_folds
from auricle.evaluation.claims import figure
from auricle.evaluation.kinds import Figures, Json, Judged
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.rows import OUT_OF_FOLD, BoolArray, FloatArray
from auricle.evaluation.scored import Scored
from auricle.evaluation.shares import share_figures

POINTS = 100  # of the curve, at most


class CoverageFigures:
    """The area under the risk-coverage curve, and the coverage at some accuracies, for any weights on groups.

    `area` is the share of wrong answers, averaged over all numbers of answers: 0 is perfect, and in random
    order it is the share of wrong answers among all. `coverage_<accuracy>` is the largest share of recordings
    that can be answered at that accuracy, 0 where none can. Recordings of equal confidence are answered
    together.

    Args:
        rows: Rows of one class each.
        targets: Accuracies.
    """

    def __init__(self, rows: Scored, targets: Sequence[float] = ()) -> None:
        self.n_groups = rows.n_groups
        confidence, right = confidence_of(rows)
        order = np.argsort(-confidence, kind="stable")
        self._groups, self._right, self._targets = rows.groups[order], right[order], tuple(targets)
        self._ends = last_of_ties(confidence[order])
        self.confidence = confidence[order][self._ends]

    def curve(self, weights: npt.NDArray[np.float32] | None = None) -> tuple[FloatArray, FloatArray]:
        """Share answered, and share of these answered rightly, from each confidence on.

        Returns:
            Both [shape=(distinct confidences, samples)], the surest first; NaN where nothing is answered.
        """
        if weights is None:
            weights = np.ones((self.n_groups, 1), dtype=np.float32)
        of_rows = weights[self._groups].astype(np.float64)
        answered = np.cumsum(of_rows, axis=0)[self._ends]
        hits = np.cumsum(of_rows * self._right[:, None], axis=0)[self._ends]
        with np.errstate(divide="ignore", invalid="ignore"):
            return answered / answered[-1], hits / answered

    def __call__(self, weights: npt.NDArray[np.float32] | None = None) -> Figures:
        """Figures for each column of weights [shape=(groups, samples)]; by default each group once."""
        coverage, accuracy = self.curve(weights)
        steps = np.diff(coverage, axis=0, prepend=0.0)
        figures = {"area": (np.where(steps > 0, 1 - accuracy, 0.0) * steps).sum(axis=0)}
        for target in self._targets:
            reached = np.where(accuracy >= target, coverage, 0.0)
            figures[f"coverage_{target}"] = reached.max(axis=0)
        return figures


def coverage_facts(judged: Judged, params: EvaluateParams) -> Json:
    """The curve of one model, its area, and what thresholds make of it.

    Returns:
        `probabilities` ("calibrated", or "raw" where no temperature could be fitted), `curve` (`coverage`,
        `accuracy` and `threshold` of some points), `area` with its interval and `random` (that of a random
        order), `chosen_on` (`split` and `recordings`), `targets` (per accuracy: `coverage_at_best`, the
        largest coverage that these recordings allow, and, of a `threshold` that others suggest, what it makes
        of them: `coverage` and `accuracy`; null with a `reason` where none does), and `abstain_below`
        (`threshold`, `coverage` and `accuracy`; null where the model always answers).
    """
    rows: Scored = judged.rows if judged.calibrated is None else judged.calibrated
    table = CoverageFigures(rows, params.accuracy_targets)
    figures = _with_intervals(table, rows, params)
    others: Scored | None = judged.validation
    below = params.abstain_below
    return {
        "probabilities": "raw" if judged.calibrated is None else "calibrated",
        "curve": _curve(table),
        "area": figures["area"] | {"random": float(1 - confidence_of(rows)[1].mean())},
        "chosen_on": None if others is None else {"split": others.split, "recordings": len(others)},
        "targets": [
            {"target": target, "coverage_at_best": figures[f"coverage_{target}"]}
            | _suggested(rows, others, target, params)
            for target in params.accuracy_targets
        ],
        "abstain_below": None if below is None else {"threshold": below} | _effect(rows, below, params),
    }


def confidence_of(rows: Scored) -> tuple[FloatArray, BoolArray]:
    """How probable each row's most probable class is, and whether it is the true one [shape=(n,)]."""
    return rows.probabilities.max(axis=1), np.asarray(rows.probabilities.argmax(axis=1) == rows.y_true)


def choose_abstention(rows: Scored, target: float, *, fewest: int) -> float | None:
    """The lowest threshold from which on answers are as accurate as asked; None where no threshold does it.

    Half way between two confidences that were seen, or half way to 0.

    Args:
        rows: What the threshold is chosen on, never what it is judged on.
        target: The accuracy that the answers keep.
        fewest: Answers without which nothing is chosen.
    """
    table = CoverageFigures(rows)
    coverage, accuracy = (column[:, 0] for column in table.curve())
    kept = np.flatnonzero((accuracy >= target) & (np.rint(coverage * len(rows)) >= fewest))
    if not len(kept):
        return None
    last = int(kept[-1])
    below = table.confidence[last + 1] if last + 1 < len(table.confidence) else 0.0
    return float((table.confidence[last] + below) / 2)


def last_of_ties(descending: FloatArray) -> npt.NDArray[np.int64]:
    """Index of the last of each run of equal values."""
    return np.flatnonzero(np.append(descending[1:] < descending[:-1], True)).astype(np.int64)


def _suggested(rows: Scored, others: Scored | None, target: float, params: EvaluateParams) -> Json:
    fewest = params.min_examples_for_claim
    nothing: Json = {"threshold": None, "coverage": None, "accuracy": None}
    if others is None:
        return nothing | {"reason": "no validation recordings to choose it on"}
    threshold = choose_abstention(others, target, fewest=fewest)
    if threshold is None:
        return nothing | {"reason": f"no {fewest} recordings that it is chosen on could be answered so well"}
    of_rows: FloatArray | float = threshold
    if rows.split == OUT_OF_FOLD:
        crossed = cross_fitted(rows, target, fewest=fewest)
        if crossed is None:
            return nothing | {"reason": "not every fold has others that could be answered so well"}
        of_rows = crossed
    return {"threshold": threshold, "reason": None} | _effect(rows, of_rows, params)


def cross_fitted(rows: Scored, target: float, *, fewest: int) -> FloatArray | None:
    """A threshold for each row, chosen on the folds that it is not in [shape=(n,)]."""
    folds = calibration_folds(rows)
    if len(np.unique(folds)) < 2:
        return None
    thresholds = np.empty(len(rows))
    for fold in np.unique(folds):
        chosen = choose_abstention(rows.take(folds != fold), target, fewest=fewest)
        if chosen is None:
            return None
        thresholds[folds == fold] = chosen
    return thresholds


def _effect(rows: Scored, threshold: FloatArray | float, params: EvaluateParams) -> Json:
    """How many rows are answered from a threshold on, and how many of these rightly."""
    confidence, right = confidence_of(rows)
    answered = np.asarray(confidence >= threshold)
    everything = np.ones(len(rows), dtype=np.bool_)
    parts = {"coverage": (answered, everything), "accuracy": (right, answered)}
    return dict(share_figures(rows, parts, params))


def _with_intervals(table: CoverageFigures, rows: Scored, params: EvaluateParams) -> dict[str, Json]:
    points, drawn = table(), {}
    if rows.n_groups >= params.min_groups_for_claim:
        drawn = bootstrap({0: table}, samples=params.bootstrap_samples, seed=params.seed, rows=len(rows))[0]
    return {
        name: figure(float(value[0]), percentile_interval(drawn[name], params.confidence) if drawn else None)
        for name, value in points.items()
    }


def _curve(table: CoverageFigures) -> list[dict[str, float]]:
    coverage, accuracy = (column[:, 0] for column in table.curve())
    shown = np.unique(np.linspace(0, len(coverage) - 1, min(POINTS, len(coverage))).round().astype(int))
    return [
        {
            "coverage": float(coverage[i]),
            "accuracy": float(accuracy[i]),
            "threshold": float(table.confidence[i]),
        }
        for i in shown
    ]
