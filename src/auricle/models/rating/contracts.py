"""What an encoder and a classifier of the rating model promise; `check.py` holds them to it."""

from typing import Any, Protocol, runtime_checkable

import torch


@runtime_checkable
class Encoder(Protocol):
    """From waveforms to embeddings: a `torch.nn.Module` with one method more.

    Its constructor takes the keyword arguments that parameters give it and, if it has a parameter of that
    name, ``sample_rate``, that of the waveforms in Hz. In evaluation mode a clip gets the same embedding
    whatever else is in the batch. Buffers are persistent: others are lost where a bundle is loaded.
    """

    def __call__(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Embed a batch.

        Args:
            waveforms: float32 (batch, num_samples), mono samples within -1 and 1; all clips of a batch are of
                one length, which may be another in the next.

        Returns:
            float (batch, embedding_dim), finite, also of silence.
        """
        ...

    def get_embedding_dim(self) -> int:
        """Length of an embedding."""
        ...


@runtime_checkable
class Classifier(Protocol):
    """From embeddings to ratings: a `torch.nn.Module`.

    Its constructor takes ``embedding_dim``, what the encoder's `get_embedding_dim` says, and the keyword
    arguments that parameters give it.
    """

    def __call__(self, embeddings: torch.Tensor) -> torch.Tensor:
        """Rate a batch.

        Args:
            embeddings: float (batch, embedding_dim).

        Returns:
            float (batch, 1) in [0, 1]: 0 is terrible, 1 is five stars.
        """
        ...


@runtime_checkable
class KeepsArguments(Protocol):
    """What an encoder may have besides, where its arguments name files outside of the bundle."""

    def bundle_arguments(self) -> dict[str, Any]:
        """Keyword arguments, as JSON can hold them, that make the same module without those files."""
        ...
