"""Holds an encoder and a classifier to their contract, before a training is begun with them.

Both are run on small batches of two lengths: noise, a tone and silence. Each way to break the contract has a
message of its own, which names the class, what came, what was expected, and the remedy.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn

from auricle.errors import ContractError
from auricle.models.rating.failures import running

CLIPS = 4
# Of the largest number of an embedding: what float32 loses when a batch is computed in another order.
TOLERANCE = 1e-3
# Embeddings that a classifier meets in training are not those of an untrained encoder: it is shown wide ones,
# too.
WIDE = 30.0


@dataclass(frozen=True)
class PartReport:
    """One part that keeps its contract.

    Attributes:
        name: `module:Class`.
        shapes: of its input and of its output, for each length.
        low: the lowest number that came.
        high: the highest.
        parameters: how many numbers it has.
        learning: how many of these learn; 0 of a frozen one.
    """

    name: str
    shapes: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    low: float
    high: float
    parameters: int
    learning: int


@dataclass(frozen=True)
class PairReport:
    """Both parts."""

    encoder: PartReport
    classifier: PartReport


def check_pair(
    encoder: nn.Module,
    classifier: nn.Module,
    *,
    names: tuple[str, str],
    lengths: tuple[int, int],
    device: str | torch.device = "cpu",
) -> PairReport:
    """Run both parts on a batch of each length.

    Neither weights nor random state are changed by it.

    Args:
        encoder: see `auricle.models.rating.contracts.Encoder`.
        classifier: likewise, `Classifier`.
        names: `module:Class` of each, for messages.
        lengths: samples of the two batches.
        device: where both are.

    Raises:
        ContractError: which says which part does what it should not.
    """
    told: Any = encoder
    dim, (of_encoder, of_classifier) = told.get_embedding_dim(), names
    with torch.random.fork_rng(_with_random_state(device)):
        torch.manual_seed(0)
        buffers = _copied_buffers(encoder, classifier)
        try:
            for part, name in ((encoder, of_encoder), (classifier, of_classifier)):
                _check_buffers(part, name)
            batches = [clips(length).to(device) for length in lengths]
            embeddings = [_embedded(encoder, batch, dim, of_encoder) for batch in batches]
            for batch, embedded in zip(batches, embeddings, strict=True):
                _check_alone(encoder, batch, embedded, of_encoder, "the encoder")
            wide = WIDE * torch.randn(CLIPS, dim, device=device)
            ratings = [_rated(classifier, values, of_classifier) for values in (*embeddings, wide)]
            for values, rated in zip((*embeddings, wide), ratings, strict=True):
                _check_alone(classifier, values, rated, of_classifier, "the classifier")
            _check_gradient(encoder, classifier, batches, names)
        finally:
            _restore(buffers)
    return PairReport(
        _report(encoder, of_encoder, batches, embeddings),
        _report(classifier, of_classifier, [*embeddings, wide], ratings),
    )


def clips(length: int) -> torch.Tensor:
    """Noise, quieter noise, a tone and silence, float32 (CLIPS, length)."""
    noise = 0.2 * torch.randn(2, length)
    tone = 0.5 * torch.sin(0.1 * torch.arange(length))
    return torch.stack([noise[0], 0.1 * noise[1], tone, torch.zeros(length)])


def check_memory(
    encoder: nn.Module,
    classifier: nn.Module,
    *,
    names: tuple[str, str],
    batch: int,
    samples: int,
    device: Any,
) -> None:
    """One step of training at full size, so that memory runs out before the first epoch and not in it.

    Raises:
        ContractError: it does.
    """
    with torch.random.fork_rng(_with_random_state(device)):
        waveforms = 0.1 * torch.randn(batch, samples, device=device)
        buffers = _copied_buffers(encoder, classifier)
        try:
            encoder.train()
            classifier.train()
            embedded = running(names[0], "the encoder", waveforms, lambda: encoder(waveforms))
            rated = running(names[1], "the classifier", embedded, lambda: classifier(embedded))
            if rated.requires_grad:
                running(f"{names[0]} with {names[1]}", "the way back", waveforms, rated.sum().backward)
        finally:
            encoder.zero_grad(set_to_none=True)
            classifier.zero_grad(set_to_none=True)
            _restore(buffers)


def _embedded(encoder: nn.Module, batch: torch.Tensor, dim: int, name: str) -> torch.Tensor:
    encoder.eval()
    with torch.no_grad():
        embedded = running(name, "the encoder", batch, lambda: encoder(batch))
    expected = (len(batch), dim)
    _check_tensor(embedded, f"{name}, the encoder,", batch)
    if embedded.ndim != 2 or len(embedded) != len(batch):
        raise ContractError(
            f"{name}, the encoder, makes {_shape(embedded)} of waveforms {_shape(batch)}, and (batch,"
            f" embedding_dim) = {expected} was expected. Pool what it says over time (`.mean(dim=-1)`), and"
            " keep the batch first."
        )
    if embedded.shape[1] != dim:
        raise ContractError(
            f"{name}, the encoder, says get_embedding_dim() = {dim} and makes embeddings of"
            f" {embedded.shape[1]} numbers. Let get_embedding_dim return what forward makes."
        )
    _check_finite(embedded, f"{name}, the encoder,", "embeddings", len(batch) - 1)
    found: torch.Tensor = embedded
    return found


def _rated(classifier: nn.Module, embeddings: torch.Tensor, name: str) -> torch.Tensor:
    classifier.eval()
    with torch.no_grad():
        rated = running(name, "the classifier", embeddings, lambda: classifier(embeddings))
    _check_tensor(rated, f"{name}, the classifier,", embeddings)
    expected = (len(embeddings), 1)
    if tuple(rated.shape) != expected:
        raise ContractError(
            f"{name}, the classifier, makes {_shape(rated)} of embeddings {_shape(embeddings)}, and (batch,"
            f" 1) = {expected} was expected. End in a layer of one output, and do not squeeze it."
        )
    _check_finite(rated, f"{name}, the classifier,", "ratings")
    low, high = float(rated.min()), float(rated.max())
    if low < 0 or high > 1:
        raise ContractError(
            f"{name}, the classifier, gives ratings from {low:.3g} to {high:.3g}, and values in [0, 1] were"
            " expected. End in a sigmoid."
        )
    found: torch.Tensor = rated
    return found


def _check_tensor(output: Any, who: str, given: torch.Tensor) -> None:
    if not isinstance(output, torch.Tensor) or not output.is_floating_point():
        came = str(output.dtype) if isinstance(output, torch.Tensor) else f"a {type(output).__name__}"
        raise ContractError(
            f"{who} makes {came} of an input {_shape(given)}, and one tensor of floating numbers was"
            " expected. Return that tensor by itself."
        )


def _check_finite(output: torch.Tensor, who: str, what: str, silent: int | None = None) -> None:
    finite = torch.isfinite(output).flatten(1).all(dim=1)
    if bool(finite.all()):
        return
    wrong = [row for row in range(len(output)) if not finite[row]]
    came = "NaN" if bool(torch.isnan(output).any()) else "infinite numbers"
    if wrong == [silent]:
        raise ContractError(
            f"{who} makes {came} of a silent clip, and finite {what} were expected. Add a small number before"
            " a division or a logarithm: `x / (x.std() + 1e-6)`, `x.clamp(min=1e-10).log()`."
        )
    raise ContractError(
        f"{who} makes {came} of {len(wrong)} of {len(output)} inputs, and finite {what} were expected. Look"
        " for a division by zero, a logarithm or a root of what may be 0, or weights that are not"
        " initialized."
    )


def _check_alone(part: nn.Module, batch: torch.Tensor, output: torch.Tensor, name: str, role: str) -> None:
    """Whether each member of a batch gets what it gets twice, and by itself."""
    who = f"{name}, {role},"
    scale = float(output.abs().max()) or 1.0

    def asked(how: str, given: torch.Tensor) -> torch.Tensor:
        said = running(name, f"{role} {how}", given, partial(part, given))
        return _alike(said, who, given, output.shape[1])

    with torch.no_grad():
        again = asked("asked again", batch)
        if (moved := float((again - output).abs().max()) / scale) > TOLERANCE:
            raise ContractError(
                f"{who} says something else when it is asked again in evaluation mode (different by"
                f" {moved:.1%} of its largest number), and the same was expected. Use nn.Dropout, which"
                " eval() switches off, or draw random numbers only `if self.training`."
            )
        alone = torch.cat([asked("with a batch of one", member[None]) for member in batch])
    moved = float((alone - output).abs().max()) / scale
    if not moved <= TOLERANCE:
        raise ContractError(
            f"{who} says something else of a member of a batch than of the same by itself (different by"
            f" {moved:.1%} of its largest number): it depends on the batch's other members. Normalize over"
            " features or time, not over the batch (dim=0), and not by a maximum of the whole batch;"
            " nn.BatchNorm is right, which uses running statistics in evaluation."
        )


def _alike(output: Any, who: str, given: torch.Tensor, width: int) -> torch.Tensor:
    """What came of a batch that is not the first, if it has the shape that the first had."""
    _check_tensor(output, who, given)
    expected = (len(given), width)
    if tuple(output.shape) != expected:
        raise ContractError(
            f"{who} makes {_shape(output)} of a batch of {len(given)}, and {expected} was expected, as of the"
            " first. Do not squeeze: `.squeeze(-1)` at most, of the dimension that is meant."
        )
    found: torch.Tensor = output
    return found


def _check_gradient(
    encoder: nn.Module, classifier: nn.Module, batches: Iterable[torch.Tensor], names: tuple[str, str]
) -> None:
    """Whether what is to learn can: a loss reaches it, with a gradient that is finite and not zero."""
    parts = ((encoder, f"{names[0]}, the encoder,"), (classifier, f"{names[1]}, the classifier,"))
    if not any(_learning(part) for part, _ in parts):
        raise ContractError(
            f"Neither {names[0]} nor {names[1]} has a parameter that requires a gradient: nothing could be"
            " learned. Leave one of them unfrozen."
        )
    for part, _ in parts:
        part.train()
    try:
        loss = torch.zeros(())
        for batch in batches:
            embedded = running(names[0], "the encoder in training", batch, partial(encoder, batch))
            _check_tensor(embedded, f"{names[0]}, the encoder in training,", batch)
            rated = running(names[1], "the classifier in training", embedded, partial(classifier, embedded))
            _check_tensor(rated, f"{names[1]}, the classifier in training,", embedded)
            # Wanted are both 0 and 1, so that a rating in the middle is drawn somewhere as well.
            wanted = torch.arange(len(rated), device=rated.device)[:, None] % 2
            loss = loss.to(rated.device) + ((rated.float() - wanted) ** 2).mean()
        if loss.requires_grad:
            running(f"{names[0]} with {names[1]}", "the way back", loss, loss.backward)
        for part, who in reversed(parts):
            _check_reached(part, who)
    finally:
        for part, _ in parts:
            part.zero_grad(set_to_none=True)
            part.eval()


def _check_reached(part: nn.Module, who: str) -> None:
    learning = [parameter for parameter in part.parameters() if parameter.requires_grad]
    if not learning:
        return
    gradients = [parameter.grad for parameter in learning if parameter.grad is not None]
    if not gradients:
        raise ContractError(
            f"{who} gets no gradient: the loss does not depend on any of its {len(learning)} parameter"
            " tensors, which were expected to learn. Remove `torch.no_grad()`, `.detach()`, `.item()` and"
            " numpy from forward, or freeze it (`requires_grad_(False)`)."
        )
    norm = math.sqrt(sum(float(gradient.float().square().sum()) for gradient in gradients))
    if not math.isfinite(norm):
        raise ContractError(
            f"{who} gets a gradient that is NaN or infinite, and a finite one was expected. A root, a norm or"
            " a division at 0 has none: add a small number before it."
        )
    if norm == 0:
        raise ContractError(
            f"{who} gets a gradient of exactly 0 in all of its {len(learning)} parameter tensors, and would"
            " never learn. End in a sigmoid where there is a clamp, and look for a rounding, a comparison, a"
            " ReLU that is always off, or a sigmoid of very large numbers (normalize embeddings first)."
        )


def _check_buffers(part: nn.Module, name: str) -> None:
    for path, module in part.named_modules():
        if lost := sorted(module._non_persistent_buffers_set):
            where = f"{path}.{lost[0]}" if path else lost[0]
            raise ContractError(
                f"{name} has the buffer {where!r} with persistent=False, which is not kept in a bundle and"
                " would be lost where one is loaded. Leave persistent=False out."
            )


def _learning(part: nn.Module) -> int:
    return sum(parameter.numel() for parameter in part.parameters() if parameter.requires_grad)


def _report(
    part: nn.Module, name: str, inputs: list[torch.Tensor], outputs: list[torch.Tensor]
) -> PartReport:
    return PartReport(
        name=name,
        shapes=tuple((tuple(i.shape), tuple(o.shape)) for i, o in zip(inputs, outputs, strict=True)),
        low=min(float(output.min()) for output in outputs),
        high=max(float(output.max()) for output in outputs),
        parameters=sum(parameter.numel() for parameter in part.parameters()),
        learning=_learning(part),
    )


def _with_random_state(device: Any) -> list[Any]:
    """What `fork_rng` has to look after besides the CPU."""
    return [device] if torch.device(device).type == "cuda" else []


def _shape(tensor: torch.Tensor) -> str:
    return str(tuple(tensor.shape))


Buffers = list[tuple[torch.Tensor, torch.Tensor]]


def _copied_buffers(*parts: nn.Module) -> Buffers:
    """Running statistics, which a step in training mode moves."""
    return [(buffer, buffer.clone()) for part in parts for buffer in part.buffers()]


def _restore(buffers: Buffers) -> None:
    for buffer, value in buffers:
        buffer.copy_(value)
