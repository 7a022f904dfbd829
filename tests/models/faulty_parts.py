"""Plug-ins that each break their contract in one way, and a pair that keeps it."""

import torch
from torch import nn

DIM = 6


class GoodEncoder(nn.Module):
    def __init__(self, dim: int = DIM) -> None:
        super().__init__()
        self.layer = nn.Conv1d(1, dim, kernel_size=8, stride=4)

    def get_embedding_dim(self):
        return self.layer.out_channels

    def maps(self, waveforms):
        return self.layer(waveforms[:, None]).tanh()

    def forward(self, waveforms):
        return self.maps(waveforms).mean(dim=2)


class GoodClassifier(nn.Module):
    def __init__(self, embedding_dim: int) -> None:
        super().__init__()
        self.layer = nn.Linear(embedding_dim, 1)

    def forward(self, embeddings):
        return self.layer(embeddings).sigmoid()


class NotPooled(GoodEncoder):
    def forward(self, waveforms):
        return self.maps(waveforms)


class TransposedEncoder(GoodEncoder):
    def forward(self, waveforms):
        return super().forward(waveforms).T


class OtherDim(GoodEncoder):
    def get_embedding_dim(self):
        return DIM + 1


class NoDim(nn.Module):
    forward = GoodEncoder.forward


class TextDim(GoodEncoder):
    def get_embedding_dim(self):
        return "six"


class OneLengthOnly(GoodEncoder):
    def __init__(self) -> None:
        super().__init__()
        self.flat = nn.Linear(DIM * 1999, DIM)

    def forward(self, waveforms):
        return self.flat(self.maps(waveforms).flatten(1))


class SilenceIsNan(GoodEncoder):
    def forward(self, waveforms):
        return super().forward(waveforms / waveforms.std(dim=1, keepdim=True))


class AlwaysNan(GoodEncoder):
    def forward(self, waveforms):
        return super().forward(waveforms) + torch.nan


class BatchMaximum(GoodEncoder):
    def forward(self, waveforms):
        return super().forward(waveforms / (waveforms.abs().max() + 1e-6))


class BatchMean(GoodEncoder):
    def forward(self, waveforms):
        embeddings = super().forward(waveforms)
        return embeddings - embeddings.mean(dim=0)


class AlwaysRandom(GoodEncoder):
    def forward(self, waveforms):
        return nn.functional.dropout(super().forward(waveforms), 0.5, training=True)


class Detached(GoodEncoder):
    def forward(self, waveforms):
        return super().forward(waveforms).detach()


class RootAtZero(GoodEncoder):
    def forward(self, waveforms):
        embeddings = super().forward(waveforms)
        return embeddings + (embeddings - embeddings.detach()).abs().sqrt()


class TooLarge(GoodEncoder):
    def forward(self, waveforms):
        return super().forward(waveforms) + torch.empty(10**15, 1).mean()


class LostBuffer(GoodEncoder):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window", torch.ones(8), persistent=False)


class Frozen(GoodEncoder):
    def __init__(self) -> None:
        super().__init__()
        self.requires_grad_(False)


class Failing(GoodEncoder):
    def forward(self, waveforms):
        return {}["missing"]


class Whole(GoodEncoder):
    def forward(self, waveforms):
        return super().forward(waveforms).long()


class TupleOfOne(GoodEncoder):
    def forward(self, waveforms):
        embeddings = super().forward(waveforms)
        return (embeddings,) if len(waveforms) == 1 else embeddings


class SqueezedOne(GoodEncoder):
    def forward(self, waveforms):
        return super().forward(waveforms).squeeze(0)


class OnceOnly(GoodEncoder):
    asked = 0

    def forward(self, waveforms):
        self.asked += 1
        if self.asked > 2:  # once for each length
            raise RuntimeError("once")
        return super().forward(waveforms)


class TupleInTraining(GoodEncoder):
    def forward(self, waveforms):
        embeddings = super().forward(waveforms)
        return (embeddings, None) if self.training else embeddings


class Squeezed(GoodClassifier):
    def forward(self, embeddings):
        return super().forward(embeddings).squeeze(1)


class TwoColumns(GoodClassifier):
    def forward(self, embeddings):
        return super().forward(embeddings).repeat(1, 2)


class Unbounded(GoodClassifier):
    def forward(self, embeddings):
        return self.layer(embeddings)


class Stars(GoodClassifier):
    def forward(self, embeddings):
        return 5 * super().forward(embeddings)


class FixedDim(GoodClassifier):
    def __init__(self, embedding_dim: int) -> None:
        super().__init__(64)


class ClassifierNan(GoodClassifier):
    def forward(self, embeddings):
        return (embeddings.sum(dim=1, keepdim=True) * 0).log() * 0


class RankInBatch(GoodClassifier):
    def forward(self, embeddings):
        return super().forward(embeddings).softmax(dim=0)


class Rounded(GoodClassifier):
    def forward(self, embeddings):
        return super().forward(embeddings).round()


class NumpyClassifier(GoodClassifier):
    def forward(self, embeddings):
        return torch.from_numpy(super().forward(embeddings).detach().numpy())


class FrozenClassifier(GoodClassifier):
    def __init__(self, embedding_dim: int) -> None:
        super().__init__(embedding_dim)
        self.requires_grad_(False)


class TooLargeClassifier(GoodClassifier):
    def forward(self, embeddings):
        return super().forward(embeddings) + torch.empty(10**15, 1).mean()


class NoModule:
    def get_embedding_dim(self):
        return DIM


class NotMade(GoodEncoder):
    def __init__(self) -> None:
        raise ValueError("no such file")
