"""Whether a confidence means what it says: temperature scaling and the reliability diagram."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from auricle.evaluation.metrics import confidence_bins
from auricle.evaluation.rows import OUT_OF_FOLD, BoolArray, FloatArray, IntArray, Rows
from auricle.evaluation.scored import Scored
from auricle.models.temperature import fit_temperature, scale

R = TypeVar("R", bound=Rows)


def fit_scored(rows: Scored) -> float:
    """The best temperature of rows of one class each."""
    return fit_temperature(rows.probabilities, rows.y_true)


def scale_scored(rows: Scored, temperature: float) -> Scored:
    """Rows of one class each at another temperature."""
    return rows.with_probabilities(scale(rows.probabilities, temperature))


def calibrate_scored(
    rows: Scored, validation: Scored | None, config: Mapping[str, Any] | None
) -> tuple[Scored | None, dict[str, Any]]:
    """Rows of one class each at the temperature of their model, and how it was fitted.

    The one that training has fitted on validation and kept in the bundle, which prediction uses too; for a
    model without a bundle that of `validation` as it is now. Out of fold each fold's is fitted on the others.

    Args:
        rows: The judged rows.
        validation: See `calibrate`.
        config: `config.json` of the bundle.
    """
    kept = (config or {}).get("calibration_temperature")
    if kept is None or rows.split == OUT_OF_FOLD:
        return calibrate(rows, validation, fit=fit_scored, scaled=scale_scored)
    how = _unfitted("") | {"temperature": kept, "fitted_on": "validation", "reason": None, "kept": True}
    return scale_scored(rows, kept), how


def calibrate(
    evaluated: R,
    calibration: R | None,
    *,
    fit: Callable[[R], float],
    scaled: Callable[[R, float], R],
) -> tuple[R | None, dict[str, Any]]:
    """Evaluated rows at a temperature fitted on other rows, and how it was fitted.

    Out of fold the rows of each fold get the temperature of all other folds, so that no recording's group has
    a say in its own calibration; `temperature` is then the one fitted on all rows, for use beyond this
    evaluation.

    Args:
        evaluated: The judged rows.
        calibration: The rows to fit on; out of fold the judged ones themselves.
        fit: The best temperature of some rows.
        scaled: Rows at a temperature.

    Returns:
        None and the reason where there is nothing to fit on.
    """
    if calibration is None or not len(calibration):
        return None, _unfitted("no validation recordings to fit the temperature on")
    if evaluated.split != OUT_OF_FOLD:
        temperature = fit(calibration)
        return scaled(evaluated, temperature), _fitted(calibration, temperature, cross_fitted=False)
    folds = calibration_folds(evaluated)
    if len(np.unique(folds)) < 2:
        return None, _unfitted("one group only: nothing else to fit the temperature on")
    probabilities = np.empty_like(evaluated.probabilities)
    for fold in np.unique(folds):
        here = folds == fold
        probabilities[here] = scaled(evaluated.take(here), fit(evaluated.take(~here))).probabilities
    overall = _fitted(evaluated, fit(evaluated), cross_fitted=True)
    return evaluated.with_probabilities(probabilities), overall


def calibration_folds(evaluated: Rows, folds: int = 5) -> IntArray:
    """A fold for each row that no group crosses: the manifest's where it has several, else groups in turn."""
    if len(np.unique(evaluated.folds)) > 1:
        return evaluated.folds
    return evaluated.groups % min(folds, max(evaluated.n_groups, 1))


def reliability(scored: Scored, bins: int) -> list[dict[str, float]]:
    """The bins of the reliability diagram that hold anything: mean confidence, accuracy and count."""
    confidence = scored.probabilities.max(axis=1)
    return filled_bins(confidence, scored.probabilities.argmax(axis=1) == scored.y_true, bins)


def filled_bins(confidence: FloatArray, hits: BoolArray, bins: int) -> list[dict[str, float]]:
    """Bins of confidence that hold anything [shape=(n,)]: its mean, the share of hits, and the count."""
    bin_of = confidence_bins(confidence, bins)
    counts = np.bincount(bin_of, minlength=bins)
    sure, right = (np.bincount(bin_of, weights=w, minlength=bins) for w in (confidence, hits))
    return [
        {
            "lower": i / bins,
            "upper": (i + 1) / bins,
            "confidence": float(sure[i] / counts[i]),
            "accuracy": float(right[i] / counts[i]),
            "count": int(counts[i]),
        }
        for i in np.flatnonzero(counts)
    ]


def _fitted(rows: Rows, temperature: float, *, cross_fitted: bool) -> dict[str, Any]:
    return {
        "temperature": temperature,
        "fitted_on": rows.split,
        "recordings": len(rows),
        "groups": rows.n_groups,
        "cross_fitted": cross_fitted,
        "kept": False,
        "reason": None,
    }


def _unfitted(reason: str) -> dict[str, Any]:
    return {
        "temperature": None,
        "fitted_on": None,
        "recordings": 0,
        "groups": 0,
        "cross_fitted": False,
        "kept": False,
        "reason": reason,
    }
