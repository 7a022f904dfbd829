"""Blocks whose activations are computed again on the way back instead of kept (Chen et al., 2016)."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def once_and_again(block: nn.Module) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    """What surrounds the first pass of a block, and the second: statistics count a batch once."""
    return nullcontext(), statistics_left_alone(block)


@contextmanager
def statistics_left_alone(block: nn.Module) -> Iterator[None]:
    """Batch normalization as before, without adding the batch to the running statistics again."""
    norms = [module for module in block.modules() if isinstance(module, _BatchNorm)]
    before = [(norm.momentum, norm.get_buffer("num_batches_tracked").clone()) for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, (momentum, counted) in zip(norms, before, strict=True):
            norm.momentum = momentum
            norm.get_buffer("num_batches_tracked").copy_(counted)
