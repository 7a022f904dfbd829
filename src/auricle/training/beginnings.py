"""What the two parts of a rater begin as: from what code, with what weights."""

import hashlib
from typing import Any

from auricle.models.rating.contracts import KeepsArguments
from auricle.models.rating.params import PairParams
from auricle.models.rating.plugins import source_digest, source_files


def pair_from_seed(params: PairParams, sample_rate: int, seed: int) -> tuple[Any, Any]:
    """The encoder and the classifier as a training begins with them; random state elsewhere is left alone.

    Args:
        params: which.
        sample_rate: of the waveforms, in Hz.
        seed: of the training.

    Raises:
        ConfigurationError: one of them cannot be had.
    """
    import torch

    from auricle.models.rating.pair import make_pair

    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        return make_pair(params, sample_rate)


def beginnings(params: PairParams, parts: tuple[Any, Any]) -> list[dict[str, Any]]:
    """What decides the result of a training besides its parameters, of each part, ready for JSON.

    A parameter may name a file, whose content may be another next time: weights are compared, not names.

    Args:
        params: which the parts are.
        parts: the encoder and the classifier, made by `pair_from_seed`, on the CPU.
    """
    named = (params.encoder_class, params.classifier_class)
    return [
        {
            "source": source_digest(type(part)),
            "files": [hashlib.sha256(file.read_bytes()).hexdigest() for file in source_files(name)],
            "kept": part.bundle_arguments() if isinstance(part, KeepsArguments) else None,
            "weights": weights_digest(part),
        }
        for name, part in zip(named, parts, strict=True)
    ]


def weights_digest(part: Any) -> str:
    """SHA-256 over names, types, shapes and bytes of a module's parameters and buffers."""
    import torch

    digest = hashlib.sha256()
    for name, value in part.state_dict().items():
        if isinstance(value, torch.Tensor):  # a module may keep other things beside them
            digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
            digest.update(value.detach().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
