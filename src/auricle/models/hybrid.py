"""The CNN-RNN hybrid: convolutions over frequency and time, an LSTM and attention over time."""

from dataclasses import field
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from auricle.errors import ConfigurationError
from auricle.models.cnn import conv_block, rectified
from auricle.models.config import SpectrogramModelConfig
from auricle.models.outputs import AudioClassifierOutput
from auricle.models.recurrent import states_of
from auricle.models.spectrogram_model import Maps, SpectrogramModel, real_frames


class HybridCNNRNNConfig(SpectrogramModelConfig):  # type: ignore[no-untyped-call]
    """Configuration of a `HybridCNNRNN`; `auricle.models.params.HybridParams.config` makes it."""

    model_type = "auricle_hybrid_cnn_rnn"

    channels: list[int] = field(default_factory=lambda: [32, 64, 128])
    lstm_size: int = 128
    embedding_size: int = 128
    dropout: float = 0.3

    def __post_init__(self, **kwargs: Any) -> None:
        """Refuse an input that the poolings would reduce to nothing."""
        super().__post_init__(**kwargs)
        if self.n_bands < self.reduction:
            raise ConfigurationError(
                f"n_bands is {self.n_bands}, but {len(self.channels)} blocks halve the bands to nothing "
                f"below {self.reduction}. Raise n_mels of the front end, or use fewer channels."
            )

    @property
    def reduction(self) -> int:
        """By how much the poolings divide bands and frames."""
        return 1 << len(self.channels)


class HybridCNNRNN(SpectrogramModel):
    """Convolution blocks, whose bands and channels together are the input of a bidirectional LSTM, which is
    summed up by attention over time (after Choi et al., Convolutional Recurrent Neural Networks for Music
    Classification, ICASSP 2017, and Yang et al., Hierarchical Attention Networks, NAACL 2016).

    Clips of any length. A clip that was padded to fill a batch gives what it gives alone, if its length is
    given: padding is zeroed before every convolution, kept from the LSTM, and gets no attention.
    """

    config_class = HybridCNNRNNConfig
    base_model_prefix = "hybrid"
    config: HybridCNNRNNConfig

    def __init__(self, config: HybridCNNRNNConfig) -> None:
        super().__init__(config)
        channels = config.channels
        self.blocks = nn.ModuleList(
            conv_block(before, after) for before, after in zip([1, *channels[:-1]], channels, strict=True)
        )
        features = channels[-1] * (config.n_bands // config.reduction)
        self.lstm = nn.LSTM(features, config.lstm_size, batch_first=True, bidirectional=True)
        self.attention = nn.Sequential(
            nn.Linear(2 * config.lstm_size, config.lstm_size), nn.Tanh(), nn.Linear(config.lstm_size, 1)
        )
        self.embedding = nn.Linear(2 * config.lstm_size, config.embedding_size)
        self.classifier = nn.Linear(config.embedding_size, config.n_classes)
        self.dropout = nn.Dropout(config.dropout)
        self.post_init()  # type: ignore[no-untyped-call]

    def forward(
        self,
        input_values: torch.Tensor,
        labels: torch.Tensor | None = None,
        lengths: torch.Tensor | None = None,
    ) -> AudioClassifierOutput:
        """Classify a batch.

        Args:
            input_values: (batch, bands, frames) in dB, of any floating dtype.
            labels: int64 (batch,), or (batch, classes) between 0 and 1 for several labels or mixed ones.
            lengths: int64 (batch,), frames of each clip that are no padding; None where all are.

        Returns:
            With `time_attention` (batch, frames // 2**blocks).

        Raises:
            ConfigurationError: where the input is not of the shape that the configuration promises.
        """
        maps = self.maps_of(input_values, lengths, self.config.reduction)
        for block in self.blocks:
            halved = None if maps.lengths is None else maps.lengths // 2
            maps = Maps(self.through(block, maps.values), halved).masked()
        hidden = self._recur(maps)
        weights = self._attend(hidden, maps.lengths)
        summary = torch.einsum("bt,btf->bf", weights.to(hidden.dtype), hidden)
        embeddings = functional.relu(self.embedding(self.dropout(summary)))
        return self.classified(embeddings, labels, time_attention=weights)

    def explained_layer(self) -> nn.Module:
        """The last block's maps, before they are pooled."""
        return rectified(self.blocks[-1])

    def _recur(self, maps: Maps) -> torch.Tensor:
        """The LSTM's states (batch, frames, 2 * lstm_size), each direction over the real frames only."""
        sequence = self.dropout(maps.values.flatten(1, 2).transpose(1, 2))
        return states_of(self.lstm, sequence, maps.lengths)

    def _attend(self, hidden: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor:
        scores: torch.Tensor = self.attention(hidden).squeeze(-1).float()
        if lengths is not None:
            scores = scores.masked_fill(~real_frames(lengths, scores.shape[1]), float("-inf"))
        return scores.softmax(dim=1)
