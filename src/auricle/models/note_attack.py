"""The attack of a note, heard by itself: its first milliseconds, however long the rest is."""

import torch
from torch import nn
from torch.nn import functional

from auricle.models.spectrogram_model import Maps, real_frames

ONSET_DB = 30.0  # a note begins where it comes this near to its loudest frame
KEPT_BANDS = 8


class AttackBranch(nn.Module):
    """Convolutions that halve bands and keep every frame, over the frames after the onset, (batch, 128).

    The strides of the other layers make steps of 46 ms: two of them would be all that they see of an attack.

    Args:
        frames: of the attack, from the onset on.
    """

    SIZE = 128

    def __init__(self, frames: int) -> None:
        super().__init__()
        self.frames = frames
        self.blocks = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(before, after, 3, stride=(2, 1), padding=1, bias=False),
                    nn.BatchNorm2d(after),
                    nn.ReLU(),
                )
                for before, after in ((1, 16), (16, 32), (32, 32))
            )
        )
        self.out = nn.Linear(32 * KEPT_BANDS * 2, self.SIZE)

    def forward(self, maps: Maps, decibels: torch.Tensor) -> torch.Tensor:
        """What is heard of the attacks.

        Args:
            maps: the normalized input, (batch, 1, bands, frames).
            decibels: the same in dB, (batch, bands, frames).
        """
        lengths = maps.lengths
        if lengths is None:
            lengths = decibels.new_full(decibels.shape[:1], decibels.shape[2], dtype=torch.int64)
        onset = onsets(decibels, lengths)
        index = onset[:, None] + torch.arange(self.frames, device=onset.device)
        real = index < lengths[:, None]
        index = index.clamp(max=maps.values.shape[3] - 1)
        expanded = index[:, None, None, :].expand(-1, 1, maps.values.shape[2], -1)
        cut = maps.values.gather(3, expanded) * real[:, None, None, :].to(maps.values.dtype)
        heard = functional.adaptive_avg_pool2d(self.blocks(cut), (KEPT_BANDS, self.frames)).flatten(1, 2)
        keep = real[:, None, :].to(heard.dtype)
        mean = (heard * keep).sum(dim=2) / keep.sum(dim=2)
        said: torch.Tensor = functional.relu(self.out(torch.cat([mean, (heard * keep).amax(dim=2)], dim=1)))
        return said


def onsets(decibels: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """The first frame of each note that comes within `ONSET_DB` of its loudest, int64 (batch,).

    Args:
        decibels: (batch, bands, frames).
        lengths: int64 (batch,), frames that are real.
    """
    peaks = decibels.amax(dim=1)
    peaks = peaks.masked_fill(~real_frames(lengths, peaks.shape[1]), float("-inf"))
    return (peaks >= peaks.amax(dim=1, keepdim=True) - ONSET_DB).int().argmax(dim=1)
