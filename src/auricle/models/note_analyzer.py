"""The note analyzer: what is good or bad about one note of one instrument, whatever its length."""

from dataclasses import field
from typing import Any, Literal

import torch
from torch import nn
from torch.nn import functional
from transformers import initialization as init

from auricle.errors import ConfigurationError
from auricle.models.batch_renorm import renormalize
from auricle.models.config import SpectrogramModelConfig
from auricle.models.note_attack import AttackBranch
from auricle.models.note_layers import Level, Pooling, StridedBlock, duration, in_bands, pooled_over_time
from auricle.models.outputs import AudioClassifierOutput, level_losses
from auricle.models.spectrogram_model import Maps, SpectrogramModel

Normalization = Literal["corpus", "note", "note_with_level"]


class NoteAnalyzerConfig(SpectrogramModelConfig):  # type: ignore[no-untyped-call]
    """Configuration of a `NoteAnalyzer`; `auricle.models.params.NoteAnalyzerParams.config` makes it."""

    model_type = "auricle_note_analyzer"

    any_length: bool = True
    instruments: list[str] = field(default_factory=list)
    instrument_size: int = 64
    instrument_dropout: float = 0.1
    instrument_loss: float = 0.0
    # How much more each class is to be expected of each instrument, of one that is not known first.
    instrument_prior: list[list[float]] | None = None
    unknown_instrument: Literal["embedding", "predicted"] = "embedding"
    level_loss: float = 0.0
    # For each level of the hierarchy above the classes, the number of each class's label there.
    levels: list[list[int]] | None = None
    normalization: Normalization = "corpus"
    channels: list[int] = field(default_factory=lambda: [64, 128, 256])
    kept_bands: int = 8
    time_channels: int = 512
    pooling: Pooling = "mean"
    duration_told: bool = False
    attack_frames: int = 0
    renormalized: bool = False
    embedding_size: int = 512
    dropout: float = 0.3

    def __post_init__(self, **kwargs: Any) -> None:
        """Refuse a guess of the instrument by a head that never learns, and levels of other classes."""
        super().__post_init__(**kwargs)
        for numbers in self.levels or ():
            if len(numbers) != self.n_classes or set(numbers) != set(range(len(set(numbers)))):
                raise ConfigurationError(
                    f"levels has {numbers} for {self.n_classes} classes: give each class of each level a"
                    " number, from 0 on and none left out."
                )
        if self.unknown_instrument == "predicted" and not self.instrument_loss:
            raise ConfigurationError(
                "unknown_instrument is predicted, but instrument_loss is 0: the head that predicts would"
                " never learn. Set instrument_loss, such as 0.2, or unknown_instrument: embedding."
            )


class NoteAnalyzer(SpectrogramModel):
    """Convolutions over frequency and time, pooled over the frames that are no padding, and joined by an
    embedding of the instrument.

    Notes of any length. A note that was padded to fill a batch gives what it gives alone, if its length is
    given: padding is zeroed before every convolution and has no part in what is pooled. (In training, the
    statistics of the batch normalizations see the zeros.)

    The instrument is a number, 1 for the first of `config.instruments`; 0 says that it is not known, which
    training says of some notes at random.
    """

    config_class = NoteAnalyzerConfig
    base_model_prefix = "notes"
    config: NoteAnalyzerConfig

    def __init__(self, config: NoteAnalyzerConfig) -> None:
        super().__init__(config)
        channels = config.channels
        self.blocks = nn.ModuleList(
            StridedBlock(before, after) for before, after in zip([1, *channels[:-1]], channels, strict=True)
        )
        width = channels[-1]
        if config.kept_bands:
            self.over_frames = nn.Sequential(
                nn.Conv1d(width * config.kept_bands, config.time_channels, 3, padding=1, bias=False),
                nn.BatchNorm1d(config.time_channels),
                nn.ReLU(),
            )
            width = config.time_channels
        if config.pooling == "attention":
            self.attention = nn.Sequential(nn.Linear(width, 128), nn.Tanh(), nn.Linear(128, 1))
        self.level = Level() if config.normalization == "note_with_level" else None
        self.attack = AttackBranch(config.attack_frames) if config.attack_frames else None
        features = width * (2 if config.pooling in ("mean_max", "statistics") else 1)
        features += 1 if config.duration_told else 0
        features += (Level.SIZE if self.level else 0) + (AttackBranch.SIZE if self.attack else 0)
        self.instrument = nn.Embedding(len(config.instruments) + 1, config.instrument_size)
        self.instrument_head = (
            nn.Linear(features, len(config.instruments))
            if config.instrument_loss and config.instruments
            else None
        )
        self.expected: nn.Embedding | None = None
        if config.instrument_prior is not None:
            self.expected = nn.Embedding(len(config.instruments) + 1, config.n_classes)
            self.expected.requires_grad_(False)
        self.fusion = nn.Linear(features + config.instrument_size, config.embedding_size)
        self.classifier = nn.Linear(config.embedding_size, config.n_classes)
        self.dropout = nn.Dropout(config.dropout)
        if config.renormalized:
            renormalize(self)
        self.post_init()  # type: ignore[no-untyped-call]

    def _init_weights(self, module: nn.Module) -> None:
        """He initialization, of one-dimensional convolutions too."""
        if isinstance(module, nn.Conv1d):
            init.kaiming_normal_(module.weight, nonlinearity="relu")
        elif module is self.expected:
            init.copy_(module.weight, torch.tensor(self.config.instrument_prior))
        else:
            super()._init_weights(module)

    def explained_layer(self) -> nn.Module:
        """What the last block gives, rectified."""
        last = self.blocks[-1]
        assert isinstance(last, StridedBlock)
        return last[-1]

    def forward(
        self,
        input_values: torch.Tensor,
        labels: torch.Tensor | None = None,
        lengths: torch.Tensor | None = None,
        instruments: torch.Tensor | None = None,
    ) -> AudioClassifierOutput:
        """Classify a batch.

        Args:
            input_values: (batch, bands, frames) in dB, of any floating dtype.
            labels: int64 (batch,), or (batch, classes) between 0 and 1 for several labels or mixed ones.
            lengths: int64 (batch,), frames of each note that are no padding; None where all are.
            instruments: int64 (batch,), see above; None where none is known.

        Raises:
            ConfigurationError: where the input is not of the shape that the configuration promises.
        """
        features = self._heard(input_values, lengths)
        said = None if self.instrument_head is None else self.instrument_head(features).float()
        told = self._told(instruments, features)
        player = self._instrument(told, said)
        embeddings = functional.relu(self.fusion(torch.cat([features, player.to(features.dtype)], dim=1)))
        output = self.classified(embeddings, labels, bias=self._expectation(told))
        levels = self.config.levels
        if levels and labels is not None and output.loss is not None and output.logits is not None:
            above = level_losses(output.logits, labels, levels, self.config)
            output.loss = output.loss + self.config.level_loss * above.sum()
        if output.loss is not None and said is not None and instruments is not None:
            # -1 is what cross_entropy passes by: notes whose instrument is not known teach nothing about it.
            known = functional.cross_entropy(said, instruments - 1, ignore_index=-1, reduction="sum")
            share = known / (instruments > 0).sum().clamp(min=1)
            output.loss = output.loss + self.config.instrument_loss * share
        return output

    def _heard(self, input_values: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor:
        """What is heard of each note, (batch, features)."""
        values = input_values.float()
        level = None if self.level is None else self.level(values, lengths)
        if self.config.normalization != "corpus":
            values = values - values.amax(dim=(1, 2), keepdim=True)
        maps = self.maps_of(values, lengths, least=1)
        parts = [self._pooled(self._convolved(maps))]
        if level is not None:
            parts.append(level.to(parts[0].dtype))
        if self.config.duration_told:
            parts.append(duration(values, lengths).to(parts[0].dtype))
        if self.attack is not None:
            parts.append(self.attack(maps, values))
        return torch.cat(parts, dim=1)

    def _convolved(self, maps: Maps) -> Maps:
        """(batch, features, steps), a step being 8 frames, and how many steps of each note are real."""
        for block in self.blocks:
            maps = self.through(block, maps)
        if not self.config.kept_bands:
            return Maps(maps.values.mean(dim=2), maps.lengths)
        return Maps(self.over_frames(in_bands(maps.values, self.config.kept_bands)), maps.lengths)

    def _pooled(self, maps: Maps) -> torch.Tensor:
        attention = self.attention if self.config.pooling == "attention" else None
        return pooled_over_time(maps, self.config.pooling, attention)

    def _told(self, instruments: torch.Tensor | None, features: torch.Tensor) -> torch.Tensor:
        """The instruments, 0 where none is known; in training some are withheld, whatever they serve."""
        if instruments is None:
            return features.new_zeros(features.shape[:1], dtype=torch.int64)
        if self.training and self.config.instrument_dropout:
            withheld = torch.rand(len(features), device=features.device) < self.config.instrument_dropout
            return instruments.masked_fill(withheld, 0)
        return instruments

    def _expectation(self, instruments: torch.Tensor) -> torch.Tensor | None:
        """What is to be expected of the instrument before the note is heard, added to the logits."""
        if self.expected is None:
            return None
        expected: torch.Tensor = self.expected(instruments)
        return expected

    def _instrument(self, instruments: torch.Tensor, said: torch.Tensor | None) -> torch.Tensor:
        """The embedding of the instrument, or of what stands for one that is not known."""
        given: torch.Tensor = self.instrument(instruments)
        if said is None or self.config.unknown_instrument == "embedding":
            return given
        guessed = said.softmax(dim=1).to(self.instrument.weight.dtype) @ self.instrument.weight[1:]
        return torch.where((instruments == 0)[:, None], guessed, given)
