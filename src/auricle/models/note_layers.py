"""Parts of the note analyzer: convolutions that halve, the level of a note, pooling over its real frames."""

from typing import Literal

import torch
from torch import nn

from auricle.models.spectrogram_model import Maps, real_frames

Pooling = Literal["mean", "mean_max", "statistics", "attention"]
VARIANCE_FLOOR = 1e-5
DECIBELS = 20.0  # a level is given in units of these, so that it is of the size of other features


class StridedBlock(nn.Sequential):
    """Convolution of stride 2 over bands and frames, batch normalization, ReLU."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__(
            nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()
        )


def halved(lengths: torch.Tensor | None) -> torch.Tensor | None:
    """Real frames that a convolution of kernel 3, stride 2 and padding 1 makes of so many."""
    return None if lengths is None else (lengths + 1) // 2


class Level(nn.Module):
    """How loud a note is: its peak and its mean level, normalized over the corpus, (batch, 2)."""

    SIZE = 2

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(self.SIZE)

    def forward(self, values: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor:
        """The level of spectrograms (batch, bands, frames) in dB, of whose frames so many are real."""
        peaks = values.amax(dim=1)
        if lengths is None:
            mean = peaks.mean(dim=1)
        else:
            real = real_frames(lengths.to(values.device), values.shape[2])
            mean = (peaks * real).sum(dim=1) / real.sum(dim=1)
        level: torch.Tensor = self.norm(torch.stack([values.amax(dim=(1, 2)), mean], dim=1) / DECIBELS)
        return level


def duration(values: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor:
    """How long each note is, in octaves above and below 100 frames, (batch, 1)."""
    if lengths is None:
        lengths = values.new_full(values.shape[:1], values.shape[-1], dtype=torch.int64)
    return (lengths.to(values.device).float() / 100).log2()[:, None]


def pooled_over_time(maps: Maps, pooling: Pooling, attention: nn.Module | None = None) -> torch.Tensor:
    """One description of each note from those of its real steps.

    Args:
        maps: (batch, features, steps).
        pooling: `mean`; `mean_max`: the highest of each feature beside it, (batch, 2 * features);
            `statistics`: its standard deviation beside it; `attention`: a weighted mean.
        attention: of the last: from (batch, steps, features) to a score of each step, whose softmax weighs
            the mean.
    """
    values, (batch, _, steps) = maps.values, maps.values.shape
    lengths = values.new_full((batch,), steps, dtype=torch.int64) if maps.lengths is None else maps.lengths
    real = real_frames(lengths, steps)
    if attention is None:
        weights = (real / lengths[:, None]).to(values.dtype)
    else:
        scores = attention(values.transpose(1, 2)).squeeze(-1).float()
        weights = scores.masked_fill(~real, float("-inf")).softmax(dim=1).to(values.dtype)
    mean = torch.einsum("bfs,bs->bf", values, weights)
    if pooling == "mean_max":
        peaks = values.masked_fill(~real[:, None, :], float("-inf")).amax(dim=2)
        return torch.cat([mean, peaks], dim=1)
    if pooling == "statistics":
        # In float32: the difference of two near numbers, and a root whose slope is steep near 0.
        apart = (values - mean[:, :, None]).float().square()
        variance = torch.einsum("bfs,bs->bf", apart, weights.float())
        return torch.cat([mean, (variance + VARIANCE_FLOOR).sqrt().to(mean.dtype)], dim=1)
    return mean
