"""From one description of a clip to its classes."""

import torch
from torch import nn


class Wav2Vec2ClassificationHead(nn.Module):
    """Dense layer, tanh, dropout, projection.

    Args:
        hidden_size: of the encoder.
        n_classes: of the vocabulary.
        final_dropout: before both layers, in training.
    """

    def __init__(self, hidden_size: int, n_classes: int, final_dropout: float) -> None:
        super().__init__()
        self.dense = nn.Linear(hidden_size, hidden_size)
        self.dropout = nn.Dropout(final_dropout)
        self.out_proj = nn.Linear(hidden_size, n_classes)

    def forward(self, pooled: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """From (batch, hidden) to logits, float32 (batch, classes), and embeddings, (batch, hidden)."""
        embeddings = torch.tanh(self.dense(self.dropout(pooled)))
        return self.out_proj(self.dropout(embeddings)).float(), embeddings
