"""Temperature scaling: one number, fitted on what was not learned from, makes probabilities honest."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# scikit-learn's log_loss clips at the resolution of the probabilities; ours arrive as float32.
PROBABILITY_FLOOR = float(np.finfo(np.float32).eps)
TEMPERATURE_RANGE = (0.05, 20.0)


def scale(probabilities: FloatArray, temperature: float) -> FloatArray:
    """Probabilities at another temperature [shape=(n, classes)]; above one they become less sure.

    Guo et al., "On Calibration of Modern Neural Networks", ICML 2017. Works on probabilities because they are
    all that every kind of model ends in: their logarithms are logits, up to a constant that softmax ignores.
    """
    logits = np.log(np.clip(probabilities, PROBABILITY_FLOOR, 1.0)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float64)


def fit_temperature(probabilities: FloatArray, y_true: IntArray) -> float:
    """The temperature with the smallest log loss on these rows, within `TEMPERATURE_RANGE`."""

    return least_loss(lambda temperature: float(row_losses(scale(probabilities, temperature), y_true).mean()))


def least_loss(loss: Callable[[float], float]) -> float:
    """The temperature where a loss is least, within `TEMPERATURE_RANGE`."""
    from scipy import optimize

    bounds = tuple(np.log(TEMPERATURE_RANGE))
    found = optimize.minimize_scalar(
        lambda logarithm: loss(float(np.exp(logarithm))),
        bounds=bounds,
        method="bounded",
        options={"xatol": 1e-3},
    )
    return float(np.exp(found.x))


def row_losses(probabilities: FloatArray, y_true: IntArray) -> FloatArray:
    """Negative log likelihood of the true class of each row, in nats [shape=(n,)]."""
    true = probabilities[np.arange(len(y_true)), y_true]
    return np.asarray(-np.log(np.clip(true, PROBABILITY_FLOOR, 1.0)), dtype=np.float64)
