"""Augmentation of training crops: gain, SpecAugment, mixup. Nothing else ever passes through here."""

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional

from auricle.models.instruments import UNKNOWN
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
        masked = self._masked(values, batch["lengths"], random)
        varied = batch | {"input_values": masked}
        return self._mixed(varied, random) if self._params.mixup_alpha else varied

    def _gained(self, values: torch.Tensor, random: np.random.Generator) -> torch.Tensor:
        gains = random.uniform(-self._params.gain_db, self._params.gain_db, size=(len(values), 1, 1))
        return values + torch.from_numpy(gains).to(values.dtype)

    def _masked(
        self, values: torch.Tensor, lengths: torch.Tensor, random: np.random.Generator
    ) -> torch.Tensor:
        """Park et al., SpecAugment, Interspeech 2019: masks of each crop's own, filled by its own mean.

        Masks are measured by the crop's real frames. torchaudio's would hide all of a short, padded clip,
        fill it with the mean of the whole batch, and reseed the generators of every device on the way.
        """
        params = self._params
        varied = values.clone()
        for crop, length in zip(varied, lengths.tolist(), strict=True):
            mean = crop[:, :length].mean()
            for start, stop in _spans(params.time_masks, params.time_mask_share, length, random):
                crop[:, start:stop] = mean
            for start, stop in _spans(params.frequency_masks, params.frequency_mask_share, len(crop), random):
                crop[start:stop] = mean
        return varied

    def _mixed(self, batch: Batch, random: np.random.Generator) -> Batch:
        """Zhang et al., mixup, ICLR 2018: each crop with the one before it, by a share of its own."""
        alpha = self._params.mixup_alpha
        shares = torch.from_numpy(random.beta(alpha, alpha, size=len(batch["labels"]))).float()
        labels = batch["labels"]
        if labels.ndim == 1:
            labels = functional.one_hot(labels, self._n_classes)
        mixed = batch | {
            "input_values": _mix(batch["input_values"], shares),
            "labels": _mix(labels.float(), shares),
            # What is padding in one of the two is sound in the other.
            "lengths": torch.maximum(batch["lengths"], batch["lengths"].roll(1)),
        }
        if "instruments" in batch:
            players = batch["instruments"]
            # Of two that play at once neither can be told.
            mixed["instruments"] = players.where(players == players.roll(1), UNKNOWN)
        return mixed


def _spans(count: int, share: float, size: int, random: np.random.Generator) -> list[tuple[int, int]]:
    """Start and end of so many spans, each of 0 to `share` of `size`."""
    widths = random.integers(0, int(share * size), size=count, endpoint=True)
    starts = [int(random.integers(0, size - width, endpoint=True)) for width in widths]
    return [(start, start + int(width)) for start, width in zip(starts, widths, strict=True)]


def _mix(values: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
    share = shares.reshape(-1, *[1] * (values.ndim - 1))
    return share * values + (1 - share) * values.roll(1, dims=0)
