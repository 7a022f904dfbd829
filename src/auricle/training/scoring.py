"""Scores recordings while a model is trained: probabilities averaged over windows, then the figures."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from transformers import PreTrainedModel

from auricle.audio.store import SpectrogramStore
from auricle.models.windows import predict_spectrograms
from auricle.training.data import Subset
from auricle.training.vocabulary import IntArray

FloatArray = npt.NDArray[np.float32]


def score_recordings(
    model: PreTrainedModel,
    store: SpectrogramStore,
    recording_ids: npt.NDArray[np.object_],
    *,
    batch_size: int,
    device: torch.device,
) -> FloatArray:
    """Probabilities of recordings, float32 (n, classes): the mean over their windows, as in prediction."""
    config: Any = model.config
    outputs = predict_spectrograms(
        model,
        (store[recording_id] for recording_id in recording_ids),
        config.window_frames,
        config.hop_frames,
        batch_size=batch_size,
        device=device,
    )
    return np.stack([output.probabilities.mean(axis=0) for output in outputs])


def figures(
    probabilities: FloatArray, subset: Subset, class_weights: npt.ArrayLike | None = None
) -> dict[str, float]:
    """``loss``, ``accuracy`` and ``macro_f1`` of recordings.

    The loss is the cross-entropy of the averaged probabilities, weighted by class as the training loss is;
    macro-F1 averages over the classes that occur among labels or predictions.
    """
    from sklearn.metrics import accuracy_score, f1_score

    predicted = probabilities.argmax(axis=1)
    return {
        "loss": _cross_entropy(probabilities, subset.targets, class_weights),
        "accuracy": float(accuracy_score(subset.targets, predicted)),
        "macro_f1": float(f1_score(subset.targets, predicted, average="macro", zero_division=0.0)),
    }


def _cross_entropy(
    probabilities: FloatArray, targets: IntArray, class_weights: npt.ArrayLike | None
) -> float:
    of_truth = probabilities[np.arange(len(targets)), targets].astype(np.float64)
    weights = None if class_weights is None else np.asarray(class_weights)[targets]
    return float(np.average(-np.log(np.maximum(of_truth, np.finfo(np.float32).tiny)), weights=weights))
