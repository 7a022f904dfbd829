"""The parts of a residual network that knows what is padding."""

import torch
from torch import nn
from torch.nn import functional

from auricle.models.spectrogram_model import Maps


class ClosedNorm(nn.BatchNorm2d):
    """Batch normalization whose scale begins at zero (Goyal et al., Accurate, Large Minibatch SGD, 2017).

    A class of its own, because transformers initializes only those modules that hold weights themselves.
    """


class ResidualBlock(nn.Module):
    """Two convolutions 3x3 with batch normalization, channel attention, and the way around them.

    Args:
        before: channels that come in.
        after: channels that go out.
        stride: of the first convolution, in bands and frames.
        squeezed: by how much channel attention reduces the channels; None for none.
    """

    def __init__(self, before: int, after: int, stride: int, squeezed: int | None) -> None:
        super().__init__()
        self.first = nn.Conv2d(before, after, kernel_size=3, stride=stride, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(after)
        self.second = nn.Conv2d(after, after, kernel_size=3, padding=1, bias=False)
        self.second_norm = ClosedNorm(after)
        self.attention = None if squeezed is None else ChannelAttention(after, squeezed)
        self.output = nn.ReLU()
        self.around = None
        if stride > 1 or before != after:
            self.around = nn.Sequential(
                nn.Conv2d(before, after, kernel_size=1, stride=stride, bias=False), nn.BatchNorm2d(after)
            )

    def forward(self, maps: Maps) -> Maps:
        """The maps of the next block, padding zeroed."""
        inner = strided(maps, functional.relu(self.first_norm(self.first(maps.values))))
        inner = Maps(self.second_norm(self.second(inner.values)), inner.lengths).masked()
        if self.attention is not None:
            inner = Maps(inner.values * self.attention(inner), inner.lengths)
        shortcut = maps.values if self.around is None else self.around(maps.values)
        return Maps(self.output(inner.values + shortcut), inner.lengths).masked()


class ChannelAttention(nn.Module):
    """Squeeze-and-excitation: a weight between 0 and 1 for each channel, from its mean over the clip.

    Args:
        channels: of the maps.
        reduction: the channels are squeezed by this.
    """

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(channels, channels // reduction)
        self.excite = nn.Linear(channels // reduction, channels)

    def forward(self, maps: Maps) -> torch.Tensor:
        """The weights (batch, channels, 1, 1)."""
        overall = mean(maps).mean(dim=2)
        weights = torch.sigmoid(self.excite(functional.relu(self.squeeze(overall))))
        return weights[:, :, None, None]


def strided(before: Maps, values: torch.Tensor) -> Maps:
    """Maps after a layer of stride 1 or 2 that pads its input by half its kernel."""
    lengths = before.lengths
    if lengths is not None and values.shape[-1] < before.values.shape[-1]:
        lengths = (lengths + 1) // 2
    return Maps(values, lengths).masked()


def mean(maps: Maps) -> torch.Tensor:
    """Mean over the real frames, (batch, channels, bands); padding is zero."""
    if maps.lengths is None:
        return maps.values.mean(dim=3)
    return maps.values.sum(dim=3) / maps.lengths[:, None, None].to(maps.values.dtype)


def maximum(maps: Maps) -> torch.Tensor:
    """Maximum over the real frames, (batch, channels, bands), of values that are not negative."""
    return maps.values.amax(dim=3)
