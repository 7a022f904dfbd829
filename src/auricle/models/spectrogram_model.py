"""What all networks on spectrograms share: checked input, normalized bands, padding that changes nothing."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeVar

import torch
from torch import nn
from torch.nn import functional
from transformers import PreTrainedModel
from transformers import initialization as init

from auricle.errors import ConfigurationError
from auricle.models.checkpointing import once_and_again
from auricle.models.config import SpectrogramModelConfig
from auricle.models.outputs import AudioClassifierOutput, classification_loss
from auricle.models.traced import is_traced, repeated

Passed = TypeVar("Passed")


class Maps(NamedTuple):
    """Feature maps (batch, channels, bands, frames), and how many frames of each are real, if any are not."""

    values: torch.Tensor
    lengths: torch.Tensor | None

    def masked(self) -> "Maps":
        """Zero where padding is, as beyond the edge of a clip that is not padded."""
        if self.lengths is None:
            return self
        keep = real_frames(self.lengths, self.values.shape[-1])
        return Maps(self.values * keep[:, None, None, :].to(self.values.dtype), self.lengths)


def real_frames(lengths: torch.Tensor, n_frames: int) -> torch.Tensor:
    """True where a frame is no padding, bool (batch, n_frames)."""
    return torch.arange(n_frames, device=lengths.device)[None, :] < lengths[:, None]


class SpectrogramModel(PreTrainedModel):  # type: ignore[no-untyped-call]
    """A classifier of spectrograms of shape (bands, frames).

    Batch normalization of each band replaces a separate normalization of the input. A subclass names its last
    layer `classifier` and the one before it `dropout`, and says by `explained_layer` where explanations look.
    """

    config_class = SpectrogramModelConfig
    main_input_name = "input_values"
    supports_gradient_checkpointing = True
    gradient_checkpointing = False  # transformers sets it, and the function that does it
    _gradient_checkpointing_func: Callable[..., Any]
    config: SpectrogramModelConfig
    input_norm: nn.Module
    classifier: nn.Linear
    dropout: nn.Dropout

    def __init__(self, config: SpectrogramModelConfig) -> None:
        super().__init__(config)
        self.input_norm = nn.BatchNorm1d(config.n_bands)

    def _init_weights(self, module: nn.Module) -> None:
        """He initialization; a small classifier, so that training starts from a loss of ln(classes)."""
        if isinstance(module, nn.Conv2d | nn.Linear):
            if module is self.classifier:
                init.normal_(module.weight, std=0.001)
            else:
                init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                init.zeros_(module.bias)
        else:
            super()._init_weights(module)  # type: ignore[no-untyped-call]

    def explained_layer(self) -> nn.Module:
        """The layer that gives the last convolution's maps (batch, channels, bands, frames), rectified."""
        raise NotImplementedError

    @property
    def exact_frames(self) -> int | None:
        """The only number of frames that it takes; None where it takes any."""
        return None

    def ready(self) -> None:
        """Make sure that it can answer, once its weights are loaded.

        Raises:
            ConfigurationError: it cannot, here or at all.
        """

    def through(self, block: nn.Module, maps: Passed) -> Passed:
        """A block's maps; under gradient checkpointing what it computes on the way is not kept."""
        if not (self.gradient_checkpointing and self.training):
            return block(maps)  # type: ignore[no-any-return]
        return self._gradient_checkpointing_func(  # type: ignore[no-any-return]
            block, maps, context_fn=partial(once_and_again, block)
        )

    def rates(self) -> dict[str, float]:
        """By the beginning of their names, parameters that learn at another rate, and by how much of it."""
        return {}

    def over_time(self, maps: torch.Tensor, frames: int) -> torch.Tensor:
        """What is said of the maps of `explained_layer` for one clip, laid along the clip.

        Args:
            maps: (n, 1, bands, frames) of the layer; n is 1 but for networks that hear a clip in segments.
            frames: of the clip.

        Returns:
            (1, 1, bands, frames), coarser than the clip or as fine.
        """
        return maps

    def classified(
        self,
        embeddings: torch.Tensor,
        labels: torch.Tensor | None,
        time_attention: torch.Tensor | None = None,
        bias: torch.Tensor | None = None,
    ) -> AudioClassifierOutput:
        """What every network ends in: dropout, one logit a class, and the loss where labels are given.

        Args:
            embeddings: (batch, embedding_size).
            labels: see `classification_loss`.
            time_attention: of a network that attends to time.
            bias: float32 (batch, classes), added to the logits.
        """
        logits = self.classifier(self.dropout(embeddings)).float()
        logits = logits if bias is None else logits + bias
        loss = None if labels is None else classification_loss(logits, labels, self.config)
        return AudioClassifierOutput(
            loss=loss, logits=logits, embeddings=embeddings, time_attention=time_attention
        )

    def maps_of(self, input_values: torch.Tensor, lengths: torch.Tensor | None, least: int) -> Maps:
        """The normalized input as maps of one channel, in the memory layout that convolutions like.

        Args:
            input_values: (batch, bands, frames) in dB, of any floating dtype; for a model of several input
                channels (batch, channels, bands, frames).
            lengths: int64 (batch,), frames that are no padding; None where all are.
            least: a clip of fewer frames has its last one repeated up to so many.

        Raises:
            ConfigurationError: where the input is not of the shape that the configuration promises.
        """
        values = self._checked(input_values, lengths).to(self.classifier.weight.dtype)
        if is_traced():
            return self._normalized(*repeated(values, lengths, least))
        if lengths is not None:
            lengths = lengths.to(values.device)
            if bool((lengths >= values.shape[3]).all()):
                lengths = None
            else:
                values, lengths = _repeat_last_frame(values, lengths), lengths.clamp(min=least)
        missing = least - values.shape[3]
        if missing > 0:
            values = functional.pad(values, (0, missing, 0, 0), mode="replicate")
        return self._normalized(values, lengths)

    def _normalized(self, values: torch.Tensor, lengths: torch.Tensor | None) -> Maps:
        normalized = self.input_norm(values.flatten(0, 1)).view_as(values)
        return Maps(normalized.contiguous(memory_format=torch.channels_last), lengths).masked()

    def _checked(self, input_values: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor:
        """The input as (batch, channels, bands, frames)."""
        bands, channels = self.config.n_bands, getattr(self.config, "input_channels", 1)
        shape = tuple(input_values.shape)
        values = input_values.unsqueeze(1) if len(shape) == 3 else input_values
        if values.ndim != 4 or values.shape[1:3] != (channels, bands) or values.shape[3] < 1:
            expected = f"batch, {bands}" if channels == 1 else f"batch, {channels}, {bands}"
            raise ConfigurationError(f"Expected input of shape ({expected}, frames >= 1), not {shape}.")
        if lengths is None or is_traced():
            return values
        if tuple(lengths.shape) != shape[:1] or bool((lengths < 1).any()):
            raise ConfigurationError(
                f"Expected one length of at least 1 for each of {shape[0]} clips, not {lengths.tolist()}."
            )
        return values


def _repeat_last_frame(values: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    frames = torch.arange(values.shape[3], device=values.device)[None, :]
    index = torch.minimum(frames, lengths[:, None] - 1)
    return values.gather(3, index[:, None, None, :].expand_as(values))
