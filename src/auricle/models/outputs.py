"""What every deep model returns, and the loss that they share."""

from dataclasses import dataclass

import torch
from torch.nn import functional
from transformers.utils.generic import ModelOutput

from auricle.models.config import SpectrogramModelConfig


@dataclass
class AudioClassifierOutput(ModelOutput):
    """Output of a deep audio classifier.

    Attributes:
        loss: scalar float32, where labels were given.
        logits: float32 (batch, classes), before softmax or sigmoid.
        embeddings: (batch, embedding_size), activations of the last layer before the classes.
        time_attention: float32 (batch, steps), the weight of each moment where a model attends to time; steps
            are equally long and begin with the clip, a row sums to 1, and padding has weight 0.
    """

    loss: torch.Tensor | None = None
    logits: torch.Tensor | None = None
    embeddings: torch.Tensor | None = None
    time_attention: torch.Tensor | None = None


def classification_loss(
    logits: torch.Tensor, labels: torch.Tensor, config: SpectrogramModelConfig
) -> torch.Tensor:
    """Cross entropy of one class per example, or of each class by itself where any number may apply.

    Args:
        logits: float32 (batch, classes).
        labels: int64 (batch,) for a single label, or (batch, classes) between 0 and 1: for several labels,
            or the shares of a mix of examples.
        config: gives `problem_type`, `class_weights` (for several labels: the weight of a positive) and, for
            one class per example, `focal_gamma`.
    """
    weights = None if config.class_weights is None else logits.new_tensor(config.class_weights)
    if config.problem_type == "multi_label_classification":
        return functional.binary_cross_entropy_with_logits(
            logits, labels.to(logits.dtype), pos_weight=weights
        )
    if labels.is_floating_point():
        labels = labels.to(logits.dtype)
    if not config.focal_gamma:
        return functional.cross_entropy(logits, labels, weight=weights)
    return focal_loss(logits, labels, weights, config.focal_gamma)


def focal_loss(
    logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor | None, gamma: float
) -> torch.Tensor:
    """Cross entropy in which an example counts the less, the surer its class is said (Lin et al., ICCV 2017).

    Args:
        logits: float32 (batch, classes).
        labels: int64 (batch,), or shares of a mix, float32 (batch, classes).
        weights: of the classes, float32 (classes,).
        gamma: above 0.
    """
    shares = labels if labels.is_floating_point() else functional.one_hot(labels, logits.shape[1]).to(logits)
    logs = logits.log_softmax(dim=1)
    weighed = shares if weights is None else shares * weights
    lost = -(weighed * (1 - logs.exp()) ** gamma * logs).sum(dim=1)
    return lost.sum() / weighed.sum()
