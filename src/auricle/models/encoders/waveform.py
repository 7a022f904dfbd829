"""A small one-dimensional CNN on the samples themselves."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

FIRST_KERNEL, FIRST_STRIDE, POOLED = 80, 16, 4


class WaveformCNN(nn.Module):
    """Convolutions over samples (Dai et al., Very Deep CNNs for Raw Waveforms, 2017, the shallow form).

    Args:
        embedding_dim: length of an embedding, channels of the last convolution.
        channels: of those before it.
    """

    def __init__(self, embedding_dim: int = 128, channels: tuple[int, ...] = (32, 64, 64)) -> None:
        super().__init__()
        self.embedding_dim = embedding_dim
        widths = [*channels, embedding_dim]
        layers: list[nn.Module] = [
            nn.Conv1d(1, widths[0], FIRST_KERNEL, FIRST_STRIDE, padding=FIRST_KERNEL // 2, bias=False),
            nn.BatchNorm1d(widths[0]),
            nn.ReLU(),
        ]
        for given, width in pairwise(widths):
            layers += [
                nn.MaxPool1d(POOLED, ceil_mode=True),  # a clip of few samples keeps a frame
                nn.Conv1d(given, width, kernel_size=3, padding=1, bias=False),
                nn.BatchNorm1d(width),
                nn.ReLU(),
            ]
        self.layers = nn.Sequential(*layers)

    def get_embedding_dim(self) -> int:
        """Length of an embedding."""
        return self.embedding_dim

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """From (batch, samples) to (batch, embedding_dim), the mean over time."""
        maps = self.layers(waveforms[:, None])
        return functional.adaptive_avg_pool1d(maps, 1).flatten(1)
