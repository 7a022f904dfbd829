"""Whether a model is sure enough to answer: a calibrated probability, held against a threshold."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from auricle.errors import ConfigurationError
from auricle.models.bundle import labels_of
from auricle.models.temperature import scale

UNCERTAIN = "uncertain"


def check_abstention(config: Mapping[str, Any], abstain_below: float | None) -> None:
    """Refuse a threshold that this model's probabilities cannot be held against.

    Args:
        config: `config.json` of the bundle.
        abstain_below: the threshold; None never abstains.

    Raises:
        ConfigurationError: not above 0 and at most 1; several labels a recording, which have thresholds of
            their own; a bundle that keeps no temperature, so that the threshold would judge other
            probabilities than those it was chosen from.
    """
    if abstain_below is None:
        return
    if not 0 < abstain_below <= 1:
        raise ConfigurationError(
            f"abstain_below is {abstain_below}: it is a probability, above 0 and at most 1. None always"
            " answers."
        )
    if labels_of(config).is_multi:
        raise ConfigurationError(
            "abstain_below is for models of one class a recording; this one says each of several labels from"
            " a threshold of its own, and may say none. Leave abstain_below out."
        )
    if config.get("calibration_temperature") is None:
        raise ConfigurationError(
            "abstain_below is held against calibrated probabilities, and this bundle keeps no temperature: it"
            " was made by an older Auricle. Train the model again."
        )


def calibrated_confidence(probabilities: Sequence[float], config: Mapping[str, Any]) -> float | None:
    """The calibrated probability of the most probable class; None where the bundle keeps no temperature.

    Args:
        probabilities: of the classes, the mean over the windows.
        config: `config.json` of the bundle.
    """
    temperature = config.get("calibration_temperature")
    if temperature is None:
        return None
    return float(scale(np.array([probabilities], dtype=np.float64), temperature).max())
