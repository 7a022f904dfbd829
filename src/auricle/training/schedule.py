"""A schedule of the learning rate that transformers does not have."""

from typing import Any

import torch
from torch.optim.lr_scheduler import OneCycleLR


def one_cycle(optimizer: torch.optim.Optimizer | Any, steps: int) -> OneCycleLR:
    """The rate rises to that of the optimizer in three tenths of the steps, and falls to nothing.

    Smith and Topin, Super-Convergence, 2019, with the settings of PyTorch; each group of parameters has its
    own highest rate.

    Args:
        optimizer: with the highest rates.
        steps: of the whole training.
    """
    highest = [float(group["lr"]) for group in optimizer.param_groups]
    return OneCycleLR(optimizer, max_lr=highest, total_steps=max(1, steps))
