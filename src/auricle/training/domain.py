"""Fits the out-of-domain score of a model, and finds out whether it is of any use.

It is fitted on training recordings, and its quantiles are those of validation recordings; neither knows any
other corpus. What can be known of its use is whether it tells these validation recordings from sounds that
belong to no corpus, such as noise, tones and clicks: a score that fails at that is not shown. One that
passes need not tell apart what is harder, such as another kind of music.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from auricle.models.domain import Domain

logger = logging.getLogger(__name__)

FloatArray = npt.NDArray[np.float32]

LEAST_AUROC, LEAST_UNHEARD = 0.9, 10
MOST_RECORDINGS, MOST_WINDOWS = 2_000, 20  # learned from, and of each
OUTSIDER_SECONDS = 3.0
SMALLEST = 1e-6  # variance in any direction, where that of a number of the embedding is 1


@dataclass(frozen=True)
class FittedDomain:
    """The score, a part that a bundle is staged from, and what `training.json` says of it.

    Attributes:
        domain: fitted.
        facts: `method`, `windows` (learned from), `recordings` (unheard ones, that quantiles are of), `auroc`
            (between these and outsiders; None of too few), `auroc_of` (by kind of outsider), `usable`, and
            `reason` where it is not.
    """

    domain: Domain
    facts: dict[str, Any]


def fit_domain(
    learned: FloatArray,
    unheard: Iterable[FloatArray],
    outsiders: Mapping[str, Sequence[FloatArray]],
    *,
    recordings: int | None = None,
) -> FittedDomain:
    """Fit on embeddings of windows.

    Args:
        learned: float32 (windows, size), of recordings that the model learned from.
        unheard: of recordings of the same corpus that it did not, float32 (windows, size) each.
        outsiders: of `auricle.audio.outsiders`, by kind.
        recordings: how many `unheard` are of, where some of them are of one; as many by default.
    """
    centre, whitening = _whitened(learned.astype(np.float64))
    domain = Domain(centre, whitening, np.empty(0, dtype=np.float32))
    own = np.sort([domain.distance(windows) for windows in unheard]).astype(np.float32)
    others = {kind: [domain.distance(each) for each in sounds] for kind, sounds in outsiders.items()}
    recordings = len(own) if recordings is None else recordings
    facts = {"method": "mahalanobis", "windows": len(learned), "recordings": recordings}
    facts |= _usability(own, others, recordings)
    if not facts["usable"]:
        logger.info("There is no usable out-of-domain score: %s.", facts["reason"])
    return FittedDomain(Domain(centre, whitening, own), facts)


def spread(windows: FloatArray) -> FloatArray:
    """So many of a recording's windows at most, from all over it."""
    chosen: FloatArray = windows[
        np.unique(np.linspace(0, len(windows) - 1, MOST_WINDOWS).round().astype(int))
    ]
    return chosen


def sampled(rows: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.int64]:
    """So many of the recordings at most, in their order."""
    if len(rows) <= MOST_RECORDINGS:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, MOST_RECORDINGS, replace=False))


def _whitened(values: npt.NDArray[np.float64]) -> tuple[FloatArray, FloatArray]:
    """Mean, and what makes the shrunk covariance of the standardized values the identity."""
    from sklearn.covariance import LedoitWolf

    centre, deviation = values.mean(axis=0), values.std(axis=0)
    scale = np.where(deviation > 0, deviation, 1.0)
    covariance = LedoitWolf(assume_centered=True).fit((values - centre) / scale).covariance_
    variances, axes = np.linalg.eigh(covariance)
    whitening = axes / np.sqrt(np.maximum(variances, SMALLEST)) / scale[:, None]
    return centre.astype(np.float32), np.ascontiguousarray(whitening, dtype=np.float32)


def _usability(own: FloatArray, others: Mapping[str, Sequence[float]], recordings: int) -> dict[str, Any]:
    if recordings < LEAST_UNHEARD:
        reason = (
            f"it is checked on validation recordings, and there are {recordings}, fewer than {LEAST_UNHEARD}"
        )
        return {"auroc": None, "auroc_of": {}, "usable": False, "reason": reason}
    auroc = _auroc(own, [distance for distances in others.values() for distance in distances])
    usable = auroc >= LEAST_AUROC
    reason = (
        f"it tells noise, tones and clicks from validation recordings with an AUROC of {auroc:.3f}, below"
        f" {LEAST_AUROC:.2f}"
    )
    return {
        "auroc": auroc,
        "auroc_of": {kind: _auroc(own, distances) for kind, distances in others.items()},
        "usable": usable,
        "reason": None if usable else reason,
    }


def _auroc(own: FloatArray, others: Sequence[float]) -> float:
    """How often an outsider lies farther than a recording of the corpus."""
    from sklearn.metrics import roc_auc_score

    truth = np.repeat([0, 1], [len(own), len(others)])
    return float(roc_auc_score(truth, np.concatenate([own, np.asarray(others)])))
