"""Scores recordings while a model is trained: probabilities averaged over windows, then the figures."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from transformers import PreTrainedModel

from auricle.audio.recording_store import RecordingStore
from auricle.models.thresholds import HALF
from auricle.models.windows import predict_stored
from auricle.training.data import Subset
from auricle.training.vocabulary import Targets

FloatArray = npt.NDArray[np.float32]


def score_recordings(
    model: PreTrainedModel,
    store: RecordingStore,
    recording_ids: npt.NDArray[np.object_],
    *,
    instruments: npt.NDArray[np.int64] | None = None,
    batch_size: int,
    device: torch.device,
) -> FloatArray:
    """Probabilities of recordings, float32 (n, classes): the mean over their windows, as in prediction."""
    found = {
        place: output.probabilities.mean(axis=0)
        for place, output in predict_stored(
            model, store, recording_ids, instruments=instruments, batch_size=batch_size, device=device
        )
    }
    return np.stack([found[place] for place in range(len(recording_ids))])


def figures(
    probabilities: FloatArray, subset: Subset, class_weights: npt.ArrayLike | None = None
) -> dict[str, float]:
    """``loss``, ``accuracy`` and ``macro_f1`` of recordings; of several labels, see `label_figures`, of
    ratings, see `rating_figures`.

    The loss is the cross-entropy of the averaged probabilities, weighted by class as the training loss is;
    macro-F1 averages over the classes that occur among the labels, as the report's does.
    """
    from sklearn.metrics import accuracy_score, f1_score

    if np.issubdtype(subset.targets.dtype, np.floating) and subset.targets.ndim == 1:
        return rating_figures(probabilities, subset.targets)
    if subset.targets.ndim == 2:
        return label_figures(probabilities, subset.targets, class_weights)
    predicted = probabilities.argmax(axis=1)
    return {
        "loss": _cross_entropy(probabilities, subset.targets, class_weights),
        "accuracy": float(accuracy_score(subset.targets, predicted)),
        "macro_f1": float(
            f1_score(subset.targets, predicted, labels=np.unique(subset.targets), average="macro")
        ),
    }


def rating_figures(ratings: FloatArray, targets: Targets) -> dict[str, float]:
    """``loss``, the mean squared error, and ``mae`` of recordings that are rated.

    Args:
        ratings: float32 (n, 1), the means over windows.
        targets: float (n,) from 0 to 1.
    """
    errors = ratings[:, 0].astype(np.float64) - targets
    return {"loss": float(np.mean(errors**2)), "mae": float(np.mean(np.abs(errors)))}


def label_figures(
    probabilities: FloatArray, targets: npt.NDArray[Any], pos_weight: npt.ArrayLike | None = None
) -> dict[str, float]:
    """``loss``, ``mean_average_precision`` and ``macro_f1`` (at 0.5) of recordings with several labels.

    The loss is the binary cross-entropy of the averaged probabilities, a positive weighted as in training;
    the others are means over the labels that occur.
    """
    from sklearn.metrics import average_precision_score, f1_score

    least = np.finfo(np.float32).tiny
    sure = np.clip(probabilities.astype(np.float64), least, 1 - np.finfo(np.float32).eps)
    weights = 1.0 if pos_weight is None else np.asarray(pos_weight)
    loss = -(weights * targets * np.log(sure) + (1 - targets) * np.log1p(-sure))
    occur = targets.any(axis=0)
    truth, scores = targets[:, occur], probabilities[:, occur]
    return {
        "loss": float(loss.mean()),
        "mean_average_precision": float(average_precision_score(truth, scores, average="macro")),
        "macro_f1": float(
            np.mean([f1_score(true, said >= HALF) for true, said in zip(truth.T, scores.T, strict=True)])
        ),
    }


def _cross_entropy(probabilities: FloatArray, targets: Targets, class_weights: npt.ArrayLike | None) -> float:
    of_truth = probabilities[np.arange(len(targets)), targets].astype(np.float64)
    weights = None if class_weights is None else np.asarray(class_weights)[targets]
    return float(np.average(-np.log(np.maximum(of_truth, np.finfo(np.float32).tiny)), weights=weights))
