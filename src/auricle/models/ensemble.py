"""How an ensemble makes one answer of its members' probabilities: arithmetic on arrays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from auricle.errors import BundleError
from auricle.models.temperature import PROBABILITY_FLOOR

FloatArray = npt.NDArray[np.float64]
Method = Literal["mean", "weighted", "stacking", "rank_mean"]
WEIGHTS_FILE = "model.safetensors"


@dataclass(frozen=True)
class Combination:
    """A way to combine, and the numbers that it was given or has learned.

    A member that lacks a recording (NaN) has no say in it: the others' weights are renormalized. Stacking,
    which needs all, takes the mean of the others in its place.

    Attributes:
        method: See `docs/models.md`.
        several: Whether a recording may have several labels, so that probabilities need not sum to 1.
        weights: Of the members, float64 (members,), sum 1.
        coefficients: Of stacking: of one class each float64 (classes, members * classes), for centred logs of
            probabilities; of several labels (classes, members), for logits.
        intercepts: Of stacking, float64 (classes,).
        learned: Of stacking, bool (classes,): a class that no recording had keeps the members' mean.
        references: Of the rank mean, float64 (members, recordings, classes): sorted probabilities that ranks
            are counted among.
    """

    method: Method
    several: bool
    weights: FloatArray
    coefficients: FloatArray | None = None
    intercepts: FloatArray | None = None
    learned: npt.NDArray[np.bool_] | None = None
    references: FloatArray | None = None

    def __call__(self, probabilities: FloatArray) -> FloatArray:
        """One answer per recording, float64 (recordings, classes); NaN where no member knows it.

        Args:
            probabilities: float64 (members, recordings, classes), NaN where a member lacks a recording.
        """
        if self.method == "stacking":
            return self._stacked(probabilities)
        if self.method == "rank_mean":
            return self._mean_ranks(probabilities)
        return weighted_mean(probabilities, self.weights)

    def _stacked(self, probabilities: FloatArray) -> FloatArray:
        assert self.coefficients is not None and self.intercepts is not None and self.learned is not None
        mean = weighted_mean(probabilities, self.weights)
        if not self.learned.any():  # one class in all that was learned from
            return mean
        inputs = stacking_inputs(probabilities, self.weights, several=self.several)
        if self.several:
            logits = np.einsum("nmc,cm->nc", inputs, self.coefficients) + self.intercepts
            return np.asarray(1 / (1 + np.exp(-np.clip(logits, -500, 500))))
        logits = inputs @ self.coefficients[self.learned].T + self.intercepts[self.learned]
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        found = mean.copy()
        left = mean[:, self.learned].sum(axis=1, keepdims=True)
        found[:, self.learned] = left * powers / powers.sum(axis=1, keepdims=True)
        return found

    def _mean_ranks(self, probabilities: FloatArray) -> FloatArray:
        """Ranks among the references, averaged, and read back as the probability that has such a rank."""
        assert self.references is not None
        ranks, found = np.full_like(probabilities, np.nan), np.empty(probabilities.shape[1:])
        curves = [[_rank_curve(scores) for scores in member.T] for member in self.references]
        for member, of_member in enumerate(curves):
            for label, (scores, places) in enumerate(of_member):
                ranks[member, :, label] = np.interp(probabilities[member, :, label], scores, places)
        ranks[np.isnan(probabilities)] = np.nan
        mean = weighted_mean(ranks, self.weights)
        for label in range(mean.shape[1]):
            of_label = [np.interp(mean[:, label], *of_member[label][::-1]) for of_member in curves]
            found[:, label] = np.mean(of_label, axis=0)
        return found


def weighted_mean(probabilities: FloatArray, weights: FloatArray) -> FloatArray:
    """Mean over the members that know a recording [shape=(recordings, classes)], NaN where none does.

    Args:
        probabilities: float64 (members, recordings, classes), NaN where a member lacks a recording.
        weights: float64 (members,); where those who know a recording weigh nothing, they count alike.
    """
    there = ~np.isnan(probabilities).any(axis=2)
    shares = weights[:, None] * there
    shares = np.where(shares.sum(axis=0) > 0, shares, there)
    totals = shares.sum(axis=0)
    shares = np.divide(shares, totals, out=np.full(shares.shape, np.nan), where=totals > 0)
    return np.asarray(np.einsum("mn,mnc->nc", shares, np.nan_to_num(probabilities)))


def stacking_inputs(probabilities: FloatArray, weights: FloatArray, *, several: bool) -> FloatArray:
    """What stacking learns from: logs of probabilities, without what all classes of a recording share.

    Returns:
        float64 (recordings, members * classes), or of several labels logits (recordings, members, classes).
    """
    mean = weighted_mean(probabilities, weights)
    filled = np.where(np.isnan(probabilities), mean, probabilities)
    sure = np.clip(filled, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)
    if several:
        return np.asarray(np.moveaxis(np.log(sure) - np.log1p(-sure), 0, 1))
    logs = np.log(sure)
    centred = np.moveaxis(logs - logs.mean(axis=2, keepdims=True), 0, 1)
    return np.asarray(centred.reshape(len(centred), -1))


def _rank_curve(scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The share of references below each score, half of its ties among them, from (0, 0) to (1, 1)."""
    values, counts = np.unique(scores[~np.isnan(scores)], return_counts=True)
    places = (np.cumsum(counts) - counts / 2) / max(counts.sum(), 1)
    inner = (values > 0) & (values < 1)
    zeros = places[0] if len(values) and values[0] == 0 else 0.0
    ones = places[-1] if len(values) and values[-1] == 1 else 1.0
    return np.array([0.0, *values[inner], 1.0]), np.array([zeros, *places[inner], ones])


def save_combination(combination: Combination, file: Path) -> None:
    """Write the numbers of a combination as safetensors; method and kind stand in `config.json`."""
    from safetensors.numpy import save_file

    arrays = {name: getattr(combination, name) for name in ARRAYS}
    save_file(
        {name: np.ascontiguousarray(value) for name, value in arrays.items() if value is not None}, file
    )


def load_combination(folder: Path, config: dict[str, Any]) -> Combination:
    """Read a combination back from its bundle.

    Raises:
        BundleError: the file is damaged, or does not fit the configuration.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    file = folder / WEIGHTS_FILE
    try:
        arrays = load_file(file)
    except (SafetensorError, OSError) as error:
        raise BundleError(f"{file} cannot be read ({error}). Run the pipeline ensemble again.") from error
    members, classes = len(config["members"]), len(config["id2label"])
    several = config.get("problem_type") == "multi_label_classification"
    expected = {
        "weights": (members,),
        "coefficients": (classes, members) if several else (classes, members * classes),
        "intercepts": (classes,),
        "learned": (classes,),
    }
    method = config.get("method")
    needed = NEEDED.get(str(method))
    wrong = [name for name, shape in expected.items() if name in arrays and arrays[name].shape != shape]
    references = arrays.get("references")
    if references is not None and (references.shape[0], references.shape[-1]) != (members, classes):
        wrong.append("references")
    if needed is None or wrong or not needed <= arrays.keys():
        raise BundleError(
            f"{file} does not fit its config.json (method {method!r}, {members} members, {classes} classes)."
            " Run the pipeline ensemble again."
        )
    return Combination(
        config["method"], several, arrays["weights"], *(arrays.get(name) for name in ARRAYS[1:])
    )


ARRAYS = ("weights", "coefficients", "intercepts", "learned", "references")
NEEDED = {
    "mean": {"weights"},
    "weighted": {"weights"},
    "stacking": {"weights", "coefficients", "intercepts", "learned"},
    "rank_mean": {"weights", "references"},
}
