"""Whether the probability of a label means what it says, and what weighting positives did to it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import special

from auricle.evaluation.calibration import filled_bins
from auricle.evaluation.label_rows import LabelRows
from auricle.evaluation.rows import FloatArray
from auricle.models.bundle import vocabulary_of
from auricle.models.temperature import PROBABILITY_FLOOR, least_loss


def unweighted(rows: LabelRows, config: Mapping[str, Any] | None) -> LabelRows:
    """The rows as a model would have it that had not weighted positives in its loss.

    A positive that counts w times multiplies the odds by w: the least loss of p is at odds w times the true
    ones (Elkan, "The Foundations of Cost-Sensitive Learning", IJCAI 2001). A forest weights none.

    Args:
        rows: With the probabilities of the model.
        config: `config.json` of the bundle, with `class_weights` by label.
    """
    weights = (config or {}).get("class_weights")
    if not weights:
        return rows
    of_label = dict(zip(vocabulary_of(config or {}), weights, strict=True))
    w = np.array([of_label.get(name, 1.0) for name in rows.vocabulary])
    p = rows.probabilities
    return rows.with_probabilities(p / (p + w * (1 - p)))


def fit_labels(rows: LabelRows) -> float:
    """The temperature, one for all labels, with the smallest log loss over all pairs of a row and a label."""
    logits = _logits(rows)
    signs = np.where(rows.y_true, -1.0, 1.0)
    return least_loss(lambda temperature: float(np.logaddexp(0, signs * logits / temperature).mean()))


def scale_labels(rows: LabelRows, temperature: float) -> LabelRows:
    """The rows at another temperature; above one they become less sure."""
    return rows.with_probabilities(special.expit(_logits(rows) / temperature))


def label_reliability(rows: LabelRows, bins: int) -> list[dict[str, float]]:
    """The bins of the reliability diagram over all pairs of a recording and a label, as `reliability`."""
    return filled_bins(rows.probabilities.ravel(), rows.y_true.ravel(), bins)


def _logits(rows: LabelRows) -> FloatArray:
    sure = np.clip(rows.probabilities, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)
    return np.asarray(special.logit(sure), dtype=np.float64)
