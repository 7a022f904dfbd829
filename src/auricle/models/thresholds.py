"""From which probability on a label is said: chosen label by label, on what was not learned from."""

import numpy as np
import numpy.typing as npt

from auricle.corpora.labels import LabelParams

FloatArray = npt.NDArray[np.float64]
HALF = 0.5
NEVER = 2.0  # above any probability: some models do say 1


def choose_thresholds(
    probabilities: npt.NDArray[np.floating], truth: npt.NDArray[np.bool_], params: LabelParams
) -> FloatArray:
    """The threshold of each label, float64 (classes,): a label is said where its probability is no less.

    Each lies half way between two probabilities that were seen, or half way to 0. A label that none of these
    recordings has, or all, keeps 0.5; one that cannot keep the precision floor is never said (`NEVER`). What
    is given probability 0 is never said either.

    Args:
        probabilities: float (recordings, classes), of recordings that the model did not learn from.
        truth: bool (recordings, classes).
        params: the rule, best F1 or a floor of precision.
    """
    return np.array(
        [_choose(scores, true, params) for scores, true in zip(probabilities.T, truth.T, strict=True)],
        dtype=np.float64,
    )


def _choose(scores: npt.NDArray[np.floating], true: npt.NDArray[np.bool_], params: LabelParams) -> float:
    if not true.any() or true.all():
        return HALF
    order = np.argsort(-scores, kind="stable")
    values = scores[order].astype(np.float64)
    last_of_tie = np.append(values[1:] < values[:-1], True) & (values > 0)
    if not last_of_tie.any():
        return HALF
    hits = np.cumsum(true[order])[last_of_tie]
    said = np.flatnonzero(last_of_tie) + 1
    precision = hits / said
    if params.threshold == "f1":
        best = int(np.argmax(2 * hits / (said + true.sum())))
    else:
        kept = np.flatnonzero(precision >= params.precision_floor)
        if not len(kept):
            return NEVER
        best = int(kept[-1])
    levels = values[last_of_tie]
    below = levels[best + 1] if best + 1 < len(levels) else 0.0
    return float((levels[best] + below) / 2)
