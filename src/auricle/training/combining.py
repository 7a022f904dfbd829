"""Learns how to combine members: weights, a stacker, ranks; each from recordings that nobody learned from."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from auricle.models.ensemble import Combination, FloatArray, stacking_inputs, weighted_mean
from auricle.models.temperature import PROBABILITY_FLOOR
from auricle.training.ensemble_params import EnsembleParams

ROUNDS, ENOUGH = 1000, 1e-7
MOST_ITERATIONS = 2000


def fit_combination(
    names: tuple[str, ...],
    probabilities: FloatArray,
    targets: npt.NDArray[np.floating] | npt.NDArray[np.integer],
    params: EnsembleParams,
) -> Combination:
    """The combination that a method learns from some recordings.

    Args:
        names: of the members.
        probabilities: float64 (members, recordings, classes), NaN where a member lacks a recording.
        targets: the true class of each, int64 (recordings,), or of several labels 0 or 1 (recordings,
            classes).
        params: of the ensemble.
    """
    several = targets.ndim == 2
    equal = np.full(len(names), 1 / len(names))
    learn: dict[str, Callable[[], Combination]] = {
        "mean": lambda: Combination("mean", several, equal),
        "weighted": lambda: Combination(
            "weighted", several, _weights(names, probabilities, targets, params, equal)
        ),
        "stacking": lambda: (_several_stackers if several else _stacker)(
            probabilities, targets, params, equal
        ),
        "rank_mean": lambda: Combination(
            "rank_mean", several, equal, references=np.sort(probabilities, axis=1)
        ),
    }
    return learn[params.method]()


def _weights(
    names: tuple[str, ...],
    probabilities: FloatArray,
    targets: npt.NDArray[np.generic],
    params: EnsembleParams,
    equal: FloatArray,
) -> FloatArray:
    if params.weights is None:
        return least_loss_weights(probabilities, targets, params.prior)
    given = np.array([params.weights[name] for name in names])
    return given / given.sum() if given.sum() > 0 else equal


def least_loss_weights(
    probabilities: FloatArray, targets: npt.NDArray[np.generic], prior: float
) -> FloatArray:
    """Weights of the mean with the least log loss, by expectation maximization, float64 (members,).

    A weighted mean of probabilities is a mixture, whose likelihood is concave in the weights; `prior`
    recordings that each member explains alike hold the weights of few recordings near to equal ones.
    """
    equal = np.full(len(probabilities), 1 / len(probabilities))
    filled = np.where(np.isnan(probabilities), weighted_mean(probabilities, equal), probabilities)
    if targets.ndim == 2:
        truth = np.where(np.asarray(targets) > 0, filled, 1 - filled).reshape(len(filled), -1)
        per_recording = targets.shape[1]
    else:
        truth = filled[:, np.arange(len(targets)), np.asarray(targets, dtype=np.int64)]
        per_recording = 1
    truth = np.maximum(truth, PROBABILITY_FLOOR)
    weights = equal
    for _ in range(ROUNDS):
        shares = weights[:, None] * truth
        explained = (shares / shares.sum(axis=0)).sum(axis=1) / per_recording
        better = (explained + prior * equal) / (explained.sum() + prior)
        moved = np.abs(better - weights).max()
        weights = better
        if moved < ENOUGH:
            break
    return np.asarray(weights / weights.sum())


def _stacker(
    probabilities: FloatArray, targets: npt.NDArray[np.generic], params: EnsembleParams, equal: FloatArray
) -> Combination:
    from sklearn.linear_model import LogisticRegression

    inputs = stacking_inputs(probabilities, equal, several=False)
    classes = probabilities.shape[2]
    coefficients, intercepts = np.zeros((classes, inputs.shape[1])), np.zeros(classes)
    known = np.unique(targets).astype(np.int64)
    if len(known) > 1:
        # Members know how frequent classes are. An intercept, which nothing holds back, would learn it of few
        # recordings anew, and of a class that lies in the fold that is left out just the wrong way round.
        stacker = LogisticRegression(
            C=params.inverse_regularization, max_iter=MOST_ITERATIONS, fit_intercept=False
        )
        rows = stacker.fit(inputs, targets).coef_
        # Of two classes there is one row: the log odds of the second.
        coefficients[known] = np.concatenate([-rows, rows]) / 2 if len(known) == 2 else rows
    learned = np.isin(np.arange(classes), known) if len(known) > 1 else np.zeros(classes, dtype=bool)
    return Combination("stacking", False, equal, coefficients, intercepts, learned)


def _several_stackers(
    probabilities: FloatArray, targets: npt.NDArray[np.generic], params: EnsembleParams, equal: FloatArray
) -> Combination:
    """One against the rest; a label that no recording has, or every one, keeps the mean of logits."""
    from sklearn.linear_model import LogisticRegression

    inputs = stacking_inputs(probabilities, equal, several=True)
    truth = np.asarray(targets) > 0
    coefficients = np.tile(equal, (inputs.shape[2], 1))
    intercepts = np.zeros(inputs.shape[2])
    learned = np.asarray(truth.any(axis=0) & ~truth.all(axis=0))
    for label in np.flatnonzero(learned):
        stacker = LogisticRegression(C=params.inverse_regularization, max_iter=MOST_ITERATIONS)
        stacker.fit(inputs[:, :, label], truth[:, label])
        coefficients[label], intercepts[label] = stacker.coef_[0], stacker.intercept_[0]
    return Combination("stacking", True, equal, coefficients, intercepts, learned)
