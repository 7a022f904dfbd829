"""Parts of the note analyzer: convolutions that halve, the level of a note, pooling over its real frames."""

from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from auricle.models.spectrogram_model import Maps, real_frames
from auricle.models.traced import is_traced, sunk

Pooling = Literal["mean", "mean_max", "statistics", "attention"]
VARIANCE_FLOOR = 1e-5
DECIBELS = 20.0  # a level is given in units of these, so that it is of the size of other features


class StridedBlock(nn.Sequential):
    """Convolution of stride 2 over bands and frames, batch normalization, ReLU; padding stays zero.

    The maps of the first block are by far the largest tensors of the network: what the normalization gives is
    masked and rectified where it lies, for its backward pass asks for its input only.
    """

    def __init__(self, before: int, after: int) -> None:
        super().__init__(
            nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(inplace=True),
        )

    def forward(self, maps: Maps) -> Maps:
        """Maps of half the bands and frames."""
        convolution, normalization, rectified = self
        lengths = None if maps.lengths is None else (maps.lengths + 1) // 2
        values = normalization(convolution(maps.values))
        if lengths is not None:
            real = real_frames(lengths, values.shape[3])[:, None, None, :]
            if is_traced():
                values = values + sunk(~real, values)
            else:
                values *= real.to(values.dtype)
        return Maps(rectified(values), lengths)


def in_bands(values: torch.Tensor, count: int) -> torch.Tensor:
    """Means over so many ranges of bands: `adaptive_avg_pool2d`, several times as quick on a CPU.

    Args:
        values: (batch, channels, bands, frames), best in memory by channels last.
        count: of ranges, at most the bands.

    Returns:
        (batch, channels * count, frames): the ranges of the first channel first.
    """
    batch, channels, bands, frames = values.shape
    within = functional.adaptive_avg_pool1d(torch.eye(bands, device=values.device), count).T.gt(0)
    sums = within.to(values.dtype) @ values.permute(0, 2, 3, 1).reshape(batch, bands, frames * channels)
    means = sums / within.sum(dim=1, keepdim=True).to(sums.dtype)
    return means.view(batch, count, frames, channels).permute(0, 3, 1, 2).flatten(1, 2)


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
