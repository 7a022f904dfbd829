"""Classifiers that the rating model comes with: from an embedding to a rating in [0, 1]."""

import torch
from torch import nn

from auricle.errors import ConfigurationError

__all__ = ["DeepClassifier", "MLPClassifier", "ResidualClassifier"]


class MLPClassifier(nn.Module):
    """One hidden layer.

    Args:
        embedding_dim: of the encoder.
        hidden_size: of the layer.
        dropout: behind it, in training.
    """

    def __init__(self, embedding_dim: int, hidden_size: int = 64, dropout: float = 0.2) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.LayerNorm(embedding_dim),
            nn.Linear(embedding_dim, hidden_size),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden_size, 1),
        )

    def forward(self, embeddings: torch.Tensor) -> torch.Tensor:
        """From (batch, embedding_dim) to (batch, 1)."""
        ratings: torch.Tensor = self.layers(embeddings).sigmoid()
        return ratings


class DeepClassifier(nn.Module):
    """Several hidden layers, each with dropout.

    Args:
        embedding_dim: of the encoder.
        hidden_sizes: of the layers.
        dropout: behind each, in training.
    """

    def __init__(
        self, embedding_dim: int, hidden_sizes: tuple[int, ...] = (256, 128, 64), dropout: float = 0.3
    ) -> None:
        super().__init__()
        if not hidden_sizes:
            raise ConfigurationError(
                "DeepClassifier has no hidden_sizes: name at least one, such as [64]. Or take MLPClassifier."
            )
        layers: list[nn.Module] = [nn.LayerNorm(embedding_dim)]
        for given, size in zip((embedding_dim, *hidden_sizes[:-1]), hidden_sizes, strict=True):
            layers += [nn.Linear(given, size), nn.ReLU(), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*layers, nn.Linear(hidden_sizes[-1], 1))

    def forward(self, embeddings: torch.Tensor) -> torch.Tensor:
        """From (batch, embedding_dim) to (batch, 1)."""
        ratings: torch.Tensor = self.layers(embeddings).sigmoid()
        return ratings


class ResidualClassifier(nn.Module):
    """A projection and residual blocks (He et al., 2016), normalized before each.

    Args:
        embedding_dim: of the encoder.
        hidden_size: width of the blocks.
        blocks: how many.
        dropout: in each, in training.
    """

    def __init__(
        self, embedding_dim: int, hidden_size: int = 128, blocks: int = 2, dropout: float = 0.2
    ) -> None:
        super().__init__()
        self.project = nn.Linear(embedding_dim, hidden_size)
        self.blocks = nn.ModuleList(_Block(hidden_size, dropout) for _ in range(blocks))
        self.out = nn.Sequential(nn.LayerNorm(hidden_size), nn.Linear(hidden_size, 1))

    def forward(self, embeddings: torch.Tensor) -> torch.Tensor:
        """From (batch, embedding_dim) to (batch, 1)."""
        hidden = self.project(embeddings)
        for block in self.blocks:
            hidden = hidden + block(hidden)
        ratings: torch.Tensor = self.out(hidden).sigmoid()
        return ratings


class _Block(nn.Sequential):
    def __init__(self, size: int, dropout: float) -> None:
        super().__init__(
            nn.LayerNorm(size), nn.Linear(size, size), nn.ReLU(), nn.Dropout(dropout), nn.Linear(size, size)
        )
