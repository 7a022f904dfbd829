"""Waveforms at another rate, on the device of the model."""

from typing import Any

import torch
from torch import nn

from auricle.models.backbones.packages import needed
from auricle.models.encoders.log_mel import EXTRA


class Resampled(nn.Module):
    """Band-limited resampling (torchaudio's); nothing where the rates are the same.

    Args:
        given: the rate of the waveforms, in Hz.
        wanted: the rate that comes out.
    """

    def __init__(self, given: int, wanted: int) -> None:
        super().__init__()
        self.change: Any = nn.Identity()
        if given != wanted:
            transforms = needed(
                "torchaudio",
                extra=EXTRA,
                by=f"An encoder that hears {wanted} Hz where waveforms have {given}",
            ).transforms
            self.change = transforms.Resample(given, wanted)

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """From (batch, samples) to float32 (batch, samples at the other rate)."""
        with torch.autocast(waveforms.device.type, enabled=False):
            return self.change(waveforms.float())  # type: ignore[no-any-return]
