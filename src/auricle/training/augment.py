"""Augmentation of training crops: gain, SpecAugment, mixup. Nothing else ever passes through here."""

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional

from auricle.training.params import AugmentParams

Batch = dict[str, torch.Tensor]


class Augment:
    """Varies a batch, the same way for the same seed, epoch and crops.

    Args:
        params: what to do.
        n_classes: labels become shares of so many classes where examples are mixed.
        seed: of the training.
    """

    def __init__(self, params: AugmentParams, *, n_classes: int, seed: int) -> None:
        self._params = params
        self._n_classes = n_classes
        self._seed = seed

    def __call__(self, batch: Batch, keys: Sequence[tuple[int, int]]) -> Batch:
        """Vary a batch.

        Args:
            batch: `input_values` float32 (batch, bands, frames) in dB, `labels` and `lengths`.
            keys: (epoch, index) of each crop; a training that resumes draws what it would have drawn.

        Returns:
            With `labels` float32 (batch, classes) where mixup is on.
        """
        entropy = [self._seed, *(number for key in keys for number in key)]
        random = np.random.default_rng(entropy)
        values = self._gained(batch["input_values"], random)
        varied = batch | {"input_values": self._masked(values, random)}
        return self._mixed(varied, random) if self._params.mixup_alpha else varied

    def _gained(self, values: torch.Tensor, random: np.random.Generator) -> torch.Tensor:
        gains = random.uniform(-self._params.gain_db, self._params.gain_db, size=(len(values), 1, 1))
        return values + torch.from_numpy(gains).to(values.dtype)

    def _masked(self, values: torch.Tensor, random: np.random.Generator) -> torch.Tensor:
        """Park et al., SpecAugment, Interspeech 2019: masks of each crop's own, filled by the mean."""
        from torchaudio.transforms import SpecAugment

        _, bands, frames = values.shape
        mask = SpecAugment(
            n_time_masks=self._params.time_masks,
            time_mask_param=round(self._params.time_mask_share * frames),
            n_freq_masks=self._params.frequency_masks,
            freq_mask_param=round(self._params.frequency_mask_share * bands),
        )
        with torch.random.fork_rng(devices=[]):  # torchaudio draws from the global generator
            torch.manual_seed(int(random.integers(2**63)))
            masked: torch.Tensor = mask(values)
        return masked

    def _mixed(self, batch: Batch, random: np.random.Generator) -> Batch:
        """Zhang et al., mixup, ICLR 2018: each crop with the one before it, by a share of its own."""
        alpha = self._params.mixup_alpha
        shares = torch.from_numpy(random.beta(alpha, alpha, size=len(batch["labels"]))).float()
        labels = batch["labels"]
        if labels.ndim == 1:
            labels = functional.one_hot(labels, self._n_classes)
        return {
            "input_values": _mix(batch["input_values"], shares),
            "labels": _mix(labels.float(), shares),
            # What is padding in one of the two is sound in the other.
            "lengths": torch.maximum(batch["lengths"], batch["lengths"].roll(1)),
        }


def _mix(values: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
    share = shares.reshape(-1, *[1] * (values.ndim - 1))
    return share * values + (1 - share) * values.roll(1, dims=0)
