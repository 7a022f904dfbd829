"""A two-dimensional CNN on a log-mel spectrogram that it computes itself."""

import torch
from torch import nn

from auricle.audio.frontend import FrontEndParams
from auricle.models.encoders.log_mel import LogMel


class SpectrogramEncoder(nn.Module):
    """Log-mel spectrogram, blocks of convolution and pooling, mean over bands and time.

    Args:
        sample_rate: of the waveforms, in Hz.
        channels: of each block; the last ones are the embedding.
        n_mels: bands.
        n_fft: samples of a frame.
        hop_length: samples from one frame to the next.
        top_db: what is quieter than the loudest by more is raised to it.
        dropout: of whole channels behind each block but the first, in training.
    """

    def __init__(
        self,
        sample_rate: int,
        *,
        channels: tuple[int, ...] = (32, 64, 128, 256),
        n_mels: int = 128,
        n_fft: int = 2048,
        hop_length: int = 512,
        top_db: float = 80.0,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        params = FrontEndParams(
            sample_rate=sample_rate, n_fft=n_fft, hop_length=hop_length, n_mels=n_mels, top_db=top_db
        )
        self.log_mel = LogMel(params)
        self.input_norm = nn.BatchNorm1d(n_mels)
        self.blocks = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Dropout2d(dropout if number else 0.0),
                    nn.Conv2d(given, width, kernel_size=3, padding=1, bias=False),
                    nn.BatchNorm2d(width),
                    nn.ReLU(),
                    nn.MaxPool2d(2, ceil_mode=True),
                )
                for number, (given, width) in enumerate(zip((1, *channels[:-1]), channels, strict=True))
            )
        )
        self.embedding_dim = channels[-1]

    def get_embedding_dim(self) -> int:
        """Length of an embedding: channels of the last block."""
        return self.embedding_dim

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """From (batch, samples) to (batch, embedding_dim)."""
        bands = self.input_norm(self.log_mel(waveforms))
        maps = self.blocks(bands[:, None].contiguous(memory_format=torch.channels_last))
        embeddings: torch.Tensor = maps.mean(dim=(2, 3))
        return embeddings


class CoarseSpectrogramEncoder(SpectrogramEncoder):
    """The same on half as many bands and frames: a quarter of the cost, for a start on a CPU.

    Args:
        sample_rate: of the waveforms, in Hz.
        channels: of each block; the last ones are the embedding.
        dropout: of whole channels behind each block but the first, in training.
    """

    def __init__(
        self, sample_rate: int, *, channels: tuple[int, ...] = (32, 64, 128, 256), dropout: float = 0.1
    ) -> None:
        super().__init__(sample_rate, channels=channels, n_mels=64, hop_length=1024, dropout=dropout)
