"""How far a recording lies from those that a model learned from: the out-of-domain score in its bundle.

The distance is that of Mahalanobis, in the model's own embeddings of windows, of a forest in its features,
with a shrunk covariance (Lee et al., "A Simple Unified Framework for Detecting Out-of-Distribution Samples",
NeurIPS 2018, without classes: of few recordings each class has too few; Ledoit and Wolf, 2004). Of several
windows it is the mean, so that a long recording is no nearer than a short one. What is said is where that
distance would stand among recordings of the corpus that the model did not learn from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from auricle.errors import BundleError

if TYPE_CHECKING:
    from auricle.models.bundle import BundleRef

FloatArray = npt.NDArray[np.float32]

DOMAIN, FACTS = "domain.safetensors", "out_of_domain"
UNUSUAL = 0.95  # the share of unheard recordings that lie nearer than distance 1
NONE_KEPT = "this bundle keeps no out-of-domain score: it was made by an older Auricle; train the model again"


class OutOfDomain(NamedTuple):
    """How unlike its corpus a model finds a recording.

    Attributes:
        quantile: the share of the corpus's recordings that the model did not learn from and that lie nearer,
            from 0 to 1; None where there is no usable score.
        distance: the distance itself, in units of that which `UNUSUAL` of them lie within: it goes on where
            the quantile has reached 1.
        reason: why there is no score; None where there is one.
    """

    quantile: float | None = None
    distance: float | None = None
    reason: str | None = None


NO_SCORE = OutOfDomain(reason=NONE_KEPT)


@dataclass(frozen=True)
class Domain:
    """Where the training recordings lie.

    Attributes:
        centre: float32 (size,), the mean embedding.
        whitening: float32 (size, size), which makes their covariance the identity.
        unheard: float32 (recordings,), ascending: distances of recordings that were not learned from.
    """

    centre: FloatArray
    whitening: FloatArray
    unheard: FloatArray

    def distance(self, windows: FloatArray) -> float:
        """Of one recording, the mean over its windows.

        Args:
            windows: float32 (windows, size), embeddings of each.
        """
        return float(np.linalg.norm((windows - self.centre) @ self.whitening, axis=1).mean())

    def judge(self, windows: FloatArray) -> OutOfDomain:
        """What is said of one recording, see `distance`."""
        distance = self.distance(windows)
        nearer = int(np.searchsorted(self.unheard, distance, side="left"))
        unusual = float(np.quantile(self.unheard, UNUSUAL))
        return OutOfDomain(
            nearer / len(self.unheard), distance / max(unusual, float(np.finfo(np.float32).tiny))
        )

    def save_pretrained(self, folder: Path) -> None:
        """Write it as one of a bundle's files."""
        from safetensors.numpy import save_file

        save_file(vars(self).copy(), folder / DOMAIN)


@dataclass(frozen=True)
class DomainScore:
    """The score of one bundle, or why there is none.

    Attributes:
        domain: None where there is no usable one.
        reason: None where there is one.
    """

    domain: Domain | None = None
    reason: str | None = NONE_KEPT

    def __call__(self, windows: FloatArray) -> OutOfDomain:
        """What is said of a recording by the embeddings of its windows, float32 (windows, size)."""
        return OutOfDomain(reason=self.reason) if self.domain is None else self.domain.judge(windows)


def load_domain(bundle: BundleRef) -> DomainScore:
    """The score that training has left in a bundle.

    Raises:
        BundleError: a file that is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    facts: dict[str, Any] = bundle.training.get(FACTS) or {}
    file = bundle.path / DOMAIN
    if not facts or not file.is_file():
        return DomainScore()
    if not facts["usable"]:
        return DomainScore(reason=facts["reason"])
    try:
        domain = Domain(**load_file(file))
    except (SafetensorError, OSError, TypeError) as error:
        raise BundleError(
            f"{file} is damaged and cannot be read ({error}). Train the model again."
        ) from error
    return DomainScore(domain, None)


def together(said: Sequence[OutOfDomain]) -> OutOfDomain:
    """What several models say of one recording: the mean over those that have a score."""
    quantiles = [each.quantile for each in said if each.quantile is not None]
    distances = [each.distance for each in said if each.distance is not None]
    if not quantiles:
        reasons = dict.fromkeys(each.reason for each in said if each.reason)
        return OutOfDomain(reason=f"no member has a usable score: {'; '.join(reasons)}")
    return OutOfDomain(float(np.mean(quantiles)), float(np.mean(distances)))
