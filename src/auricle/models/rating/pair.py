"""Makes the two parts that parameters name, and holds them to their contract."""

from typing import Any

import torch

from auricle.errors import ContractError
from auricle.models.rating.check import PairReport, check_pair
from auricle.models.rating.params import PairParams
from auricle.models.rating.plugins import make_part

Device = str | torch.device


def make_pair(params: PairParams, sample_rate: int) -> tuple[Any, Any]:
    """The encoder and the classifier, untrained, on the CPU.

    Args:
        params: which, with their arguments.
        sample_rate: of the waveforms, in Hz.

    Raises:
        ConfigurationError: one of them cannot be had.
    """
    # transformers makes models without memory and fills them in later, which knows parameters and buffers
    # only: a plug-in may hold tensors otherwise.
    with torch.device("cpu"):
        encoder = make_part(
            params.encoder_class, "encoder_class", params.encoder_kwargs, sample_rate=sample_rate
        )
        classifier = make_part(
            params.classifier_class,
            "classifier_class",
            params.classifier_kwargs,
            embedding_dim=embedding_dim_of(encoder, params.encoder_class),
        )
    return encoder, classifier


def embedding_dim_of(encoder: Any, named: str) -> int:
    """What an encoder says of its embeddings.

    Raises:
        ContractError: it says nothing, or no length.
    """
    if not callable(getattr(encoder, "get_embedding_dim", None)):
        raise ContractError(
            f"{named} has no method get_embedding_dim, and an encoder is asked for the length of its"
            " embeddings. Add `def get_embedding_dim(self) -> int:`."
        )
    dim: Any = encoder.get_embedding_dim()
    if isinstance(dim, bool) or not isinstance(dim, int) or dim < 1:
        raise ContractError(
            f"{named}.get_embedding_dim() is {dim!r}, and a whole number from 1 on was expected. Return the"
            " second dimension of what forward returns."
        )
    return dim


def checked_pair(
    params: PairParams, sample_rate: int, *, device: Device = "cpu", seconds: tuple[float, float] = (1.0, 1.5)
) -> PairReport:
    """Make both parts and check them on a small batch of each of two lengths; random state is left as it is.

    Args:
        params: which.
        sample_rate: of the waveforms, in Hz.
        device: where to check.
        seconds: the two lengths.

    Raises:
        ConfigurationError: one of them cannot be had.
        ContractError: one of them does not do what it promises; the message names it and the remedy.
    """
    with torch.random.fork_rng([]):
        encoder, classifier = make_pair(params, sample_rate)
    return check_pair(
        encoder.to(device),
        classifier.to(device),
        names=(params.encoder_class, params.classifier_class),
        lengths=(round(seconds[0] * sample_rate), round(seconds[1] * sample_rate)),
        device=device,
    )
