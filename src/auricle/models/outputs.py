"""What every deep model returns, and the loss that they share."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional
from transformers.utils.generic import ModelOutput

from auricle.models.config import SpectrogramModelConfig

# What an answer lacks of certainty, at the least, where the focal loss takes its power.
LEAST_DOUBT = 1e-6


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


@dataclass
class SpeechClassifierOutput(AudioClassifierOutput):
    """Output of a classifier of waveforms.

    Attributes:
        loss, logits, embeddings, time_attention: as of `AudioClassifierOutput`; a step is a frame of the
            encoder, and there is an attention where the pooling is one.
        hidden_states: (batch, frames, hidden) of the transformer's input and of each layer, where asked for.
        attentions: (batch, heads, frames, frames) of each layer, where asked for.
    """

    hidden_states: tuple[torch.Tensor, ...] | None = None
    attentions: tuple[torch.Tensor, ...] | None = None


def classification_loss(
    logits: torch.Tensor, labels: torch.Tensor, config: SpectrogramModelConfig
) -> torch.Tensor:
    """Cross entropy of one class per example, or of each class by itself where any number may apply.

    Args:
        logits: float32 (batch, classes).
        labels: int64 (batch,) for a single label, or (batch, classes) between 0 and 1: for several labels,
            or the shares of a mix of examples; numbers, (batch,) or (batch, classes), for a regression.
        config: gives `problem_type` (of a regression: the loss is the mean squared error), `class_weights`
            (for several labels: the weight of a positive) and, for one class per example, `focal_gamma`.
    """
    if config.problem_type == "regression":
        return functional.mse_loss(logits, labels.to(logits.dtype).view_as(logits))
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


def level_losses(
    logits: torch.Tensor,
    labels: torch.Tensor,
    levels: Sequence[Sequence[int]],
    config: SpectrogramModelConfig,
) -> torch.Tensor:
    """Cross entropies of coarser labels, whose probabilities are the sums of those of their classes.

    The marginal likelihood of what is above the class: a wrong specific under the right aspect costs less
    than one under another. An example weighs on every level what its class weighs in `classification_loss`,
    and is averaged as there.

    Args:
        logits: float32 (batch, classes).
        labels: int64 (batch,), or the shares of a mix of examples, (batch, classes).
        levels: for each level the number of each class's label there, from 0 on.
        config: gives `class_weights` and `focal_gamma`; one class per example.

    Returns:
        float32 (levels,).
    """
    mixed = labels.is_floating_point()
    shares = labels.to(logits.dtype) if mixed else functional.one_hot(labels, logits.shape[1]).to(logits)
    weighed = shares if config.class_weights is None else shares * logits.new_tensor(config.class_weights)
    # torch's cross entropy divides by the weights of examples of one class, and by the number of mixes.
    whole = len(labels) if mixed and not config.focal_gamma else weighed.sum()
    logs = logits.log_softmax(dim=1)
    losses = []
    for numbers in levels:
        belongs = functional.one_hot(torch.tensor(numbers, device=logits.device)).bool()
        apart = logs[:, :, None].masked_fill(~belongs, -torch.inf)
        above = apart.logsumexp(dim=1).clamp(max=0)  # by rounding a sum may exceed 1
        lost = -(weighed @ belongs.to(logits)) * above
        if config.focal_gamma:
            # Of a sum that is 1 exactly the power would have no gradient.
            lost = lost * (-above.expm1()).clamp(min=LEAST_DOUBT) ** config.focal_gamma
        losses.append(lost.sum() / whole)
    return torch.stack(losses)
