"""Batch renormalization: what a batch is normalized by in training is what it will be normalized by later.

Batch normalization takes mean and variance from the batch, which stand for those of the corpus only where a
batch is a fair sample of it. Batches of one length are none: what short notes have in common is taken out of
a batch of short notes, and is there in prediction. Renormalization (Ioffe, 2017, arXiv:1702.03275) keeps the
gradients of batch normalization, and corrects what it gives to what the running statistics would.
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

# Batches before it begins: the running statistics, of which each batch makes a tenth, forget how they began.
WARM_UP = 100
MOST_SCALED, MOST_SHIFTED = 3.0, 5.0  # as in the paper


class _BatchRenorm(_BatchNorm):
    """In evaluation, and on disk, a batch normalization as any."""

    running_mean: torch.Tensor
    running_var: torch.Tensor
    num_batches_tracked: torch.Tensor

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Normalized values (batch, features, ...), of the same shape."""
        if not self.training:
            return super().forward(values)
        scale, shift = self._correction(values)
        weight, bias = self.weight * scale, self.bias + self.weight * shift
        return functional.batch_norm(values, None, None, weight, bias, training=True, eps=self.eps)

    @torch.no_grad()
    def _correction(self, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """From the statistics of the batch to the running ones, both (features,).

        These move towards the batch first: under gradient checkpointing the second pass, for which `momentum`
        is 0, then corrects as the first did.
        """
        # var_mean gives the same, twenty times as slowly if channels lie last. Beside statistics in float32
        # (copies: it writes to them) what it says of bf16 is in float32 too, which a compiler does not know.
        before = self.running_mean.clone(), self.running_var.clone()
        mean, variance = (part.float() for part in torch.batch_norm_update_stats(values, *before, 0.0))
        if self.momentum:
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance, self.momentum)
        deviation, usual = (variance + self.eps).sqrt(), (self.running_var + self.eps).sqrt()
        scale = (deviation / usual).clamp(1 / MOST_SCALED, MOST_SCALED)
        shift = ((mean - self.running_mean) / usual).clamp(-MOST_SHIFTED, MOST_SHIFTED)
        begun = self.num_batches_tracked > WARM_UP  # asked where it lies: a GPU need not wait for the answer
        return torch.where(begun, scale, 1.0), torch.where(begun, shift, 0.0)


class BatchRenorm1d(_BatchRenorm, nn.BatchNorm1d):
    """Of (batch, features) or (batch, features, frames)."""


class BatchRenorm2d(_BatchRenorm, nn.BatchNorm2d):
    """Of (batch, channels, bands, frames)."""


def renormalize(network: nn.Module) -> None:
    """Put renormalizations where an untrained network has batch normalizations."""
    kinds: dict[Any, Any] = {nn.BatchNorm1d: BatchRenorm1d, nn.BatchNorm2d: BatchRenorm2d}
    for module in list(network.modules()):
        for name, child in module.named_children():
            if type(child) in kinds:
                setattr(module, name, kinds[type(child)](child.num_features))
