"""One description of a clip from those of its frames: those that are no padding."""

import torch
from torch import nn

SCORED = 128  # units of the layer that scores a frame


class Pooling(nn.Module):
    """The mean, the sum or the highest of each feature over real frames, or a mean by learned weights.

    Args:
        kind: `mean`, `sum`, `max` or `attention` (Yang et al., Hierarchical Attention Networks, 2016).
        hidden_size: features of a frame.
    """

    def __init__(self, kind: str, hidden_size: int) -> None:
        super().__init__()
        self.kind = kind
        if kind == "attention":
            self.scores = nn.Sequential(nn.Linear(hidden_size, SCORED), nn.Tanh(), nn.Linear(SCORED, 1))

    def forward(
        self, frames: torch.Tensor, real: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Pool a batch.

        Args:
            frames: (batch, frames, hidden).
            real: bool (batch, frames), at least one True in each row; None where all are.

        Returns:
            (batch, hidden), and of `attention` the weights, float32 (batch, frames), whose rows sum to 1.
        """
        if self.kind == "max":
            if real is not None:
                frames = frames.masked_fill(~real[:, :, None], -torch.inf)
            return frames.amax(dim=1), None
        if self.kind == "attention":
            scores = self.scores(frames).squeeze(-1).float()
            if real is not None:
                scores = scores.masked_fill(~real, -torch.inf)
            weights = scores.softmax(dim=1)
            return torch.einsum("bth,bt->bh", frames, weights.to(frames.dtype)), weights
        if real is not None:
            frames = frames * real[:, :, None].to(frames.dtype)
        total = frames.sum(dim=1)
        if self.kind == "sum":
            return total, None
        count = frames.shape[1] if real is None else real.sum(dim=1, keepdim=True).to(total.dtype)
        return total / count, None


class LayerMean(nn.Module):
    """A mean of the transformer's input and of its layers, by learned weights (Peters et al., ELMo, 2018).

    Args:
        n_layers: of the transformer.
    """

    def __init__(self, n_layers: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(n_layers + 1))

    def forward(self, layers: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """From (batch, frames, hidden) of each layer to their mean."""
        shares = self.weights.softmax(dim=0).to(layers[0].dtype)
        return torch.einsum("l,lbth->bth", shares, torch.stack(layers))
