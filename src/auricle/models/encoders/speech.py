"""wav2vec 2.0 and its like as encoders: torchaudio's architecture, or a folder of Hugging Face."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from auricle.errors import ConfigurationError
from auricle.models.backbones.hub import Source
from auricle.models.backbones.packages import needed
from auricle.models.encoders.log_mel import EXTRA
from auricle.models.encoders.resampled import Resampled
from auricle.models.wav2vec2.encoders import SAMPLE_RATE, build_encoder, pretrained_settings, take_over_into

TORCHAUDIO = "torchaudio"
EMBEDDING_DIM = 256


class Wav2Vec2Encoder(nn.Module):
    """A speech encoder, the mean of its states over time, and, where it learns, a projection.

    A frozen one has no projection: nothing in it learns, so that each window is embedded once. Clips are
    resampled to 16 kHz and brought to mean 0 and variance 1 one by one. Each batch is of one length, so that
    encoders with group normalization, which take no padding, are taken too.

    Args:
        sample_rate: of the waveforms, in Hz.
        source: `torchaudio`, its `wav2vec2_base`, which begins at random; or a folder, or a name of the hub,
            with safetensors: wav2vec 2.0, HuBERT or WavLM. Where `settings` are given, nothing is looked for.
        embedding_dim: length of an embedding, 256 where nothing is said; of a frozen encoder that of its own
            states, and no other can be had.
        frozen: nothing learns.
        revision: commit of the hub.
        settings: the configuration of a Hugging Face encoder, as bundles keep it.
        architecture: keyword arguments of `torchaudio.models.wav2vec2_model`, where it is not to be the
            base's.

    Raises:
        ConfigurationError: a frozen encoder that begins at random, or that is given an `embedding_dim`; or
            one that cannot be had.
    """

    def __init__(
        self,
        sample_rate: int,
        *,
        source: str = TORCHAUDIO,
        embedding_dim: int | None = None,
        frozen: bool = False,
        revision: str | None = None,
        settings: dict[str, Any] | None = None,
        architecture: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.encoder: Any
        self.of_torchaudio = settings is None and source == TORCHAUDIO
        if frozen and self.of_torchaudio:
            raise ConfigurationError(
                "Wav2Vec2Encoder is frozen and begins at random (source is torchaudio): it would never"
                " learn. Give source: a pretrained folder, or leave frozen out."
            )
        if frozen and embedding_dim is not None:
            raise ConfigurationError(
                f"Wav2Vec2Encoder is frozen and given embedding_dim: {embedding_dim}, which is the size of a"
                " projection that learns. Leave embedding_dim out, or frozen."
            )
        self.kept: dict[str, Any] = {"source": source, "embedding_dim": embedding_dim, "frozen": frozen}
        if self.of_torchaudio:
            self.kept |= {"architecture": architecture}
            self.encoder = _torchaudio(architecture)
            width = self.encoder.encoder.feature_projection.projection.out_features
        else:
            wanted = Source(source, revision, "source", "facebook/wav2vec2-base")
            told = pretrained_settings(wanted) if settings is None else settings
            self.kept |= {"settings": told}
            self.encoder = build_encoder(told, "auto")
            if settings is None:
                take_over_into(wanted, self.encoder, told)
            width = self.encoder.config.hidden_size
        self.resample = Resampled(sample_rate, SAMPLE_RATE)
        self.embedding_dim = width if frozen else embedding_dim or EMBEDDING_DIM
        self.project = nn.Identity() if frozen else nn.Linear(width, self.embedding_dim)
        self.frozen = frozen
        if frozen:
            self.encoder.requires_grad_(False)

    def bundle_arguments(self) -> dict[str, Any]:
        """Arguments that need no folder: the weights are in the bundle."""
        return dict(self.kept)

    def get_embedding_dim(self) -> int:
        """Length of an embedding."""
        return self.embedding_dim

    def train(self, mode: bool = True) -> "Wav2Vec2Encoder":
        """A frozen encoder drops and masks nothing."""
        super().train(mode)
        if self.frozen:
            self.encoder.eval()
        return self

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """From (batch, samples) to (batch, embedding_dim)."""
        heard = self.resample(waveforms)
        heard = functional.layer_norm(heard, heard.shape[-1:])
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            states = (
                self.encoder.extract_features(heard)[0][-1]
                if self.of_torchaudio
                else self.encoder(heard).last_hidden_state
            )
        embeddings: torch.Tensor = self.project(states.mean(dim=1))
        return embeddings


def _torchaudio(architecture: dict[str, Any] | None) -> Any:
    models = needed("torchaudio", extra=EXTRA, by="Wav2Vec2Encoder of source torchaudio").models
    return models.wav2vec2_base() if architecture is None else models.wav2vec2_model(**architecture)
