"""The largest batch that the device's memory takes, found by trying."""

import logging
from collections.abc import Callable
from typing import Any

import torch
from transformers import PreTrainedConfig, PreTrainedModel

from auricle.models.registry import build_model
from auricle.training.params import TrainParams

logger = logging.getLogger(__name__)

LEAST = 2  # BatchNorm needs a batch


def fitting(params: TrainParams, step: Callable[[int], None], device: torch.device) -> TrainParams:
    """The same training, in smaller batches whose gradients are added up if ``batch_size`` is too large.

    Args:
        params: of the training; ``batch_size`` is divided until a step fits, and
            ``gradient_accumulation_steps`` multiplied by as much: an optimizer step is made of as many crops.
        step: trains on so many crops, as a trial.
        device: whose memory is emptied between trials.

    Raises:
        RuntimeError: what the trial raises that is not want of memory, or want of memory at two crops.
    """
    from accelerate.utils.memory import clear_device_cache, should_reduce_batch_size

    size = params.batch_size
    while True:
        try:
            step(size)
            break
        except RuntimeError as error:
            smaller = [part for part in range(LEAST, size) if params.batch_size % part == 0]
            if not should_reduce_batch_size(error) or not smaller:
                raise
            size = smaller[-1]
            clear_device_cache(garbage_collection=True)
    clear_device_cache(garbage_collection=True)
    if size == params.batch_size:
        return params
    together = params.gradient_accumulation_steps * (params.batch_size // size)
    logger.warning(
        "%d crops at once do not fit into the memory of %s: %d at once, %d batches to a step.",
        params.batch_size,
        device,
        size,
        together,
    )
    return params.model_copy(update={"batch_size": size, "gradient_accumulation_steps": together})


def trial_step(  # noqa: PLR0917  (the order of TrainingJob)
    config: PreTrainedConfig,
    params: TrainParams,
    crop_frames: int,
    device: torch.device,
    precision: str,
    begin: Callable[[PreTrainedModel], None] | None = None,
) -> Callable[[int], None]:
    """A step of a model of this configuration on so many crops of silence, in the training's precision;
    ``begin`` as in `TrainingJob`."""
    dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(precision)

    def step(size: int) -> None:
        model: Any = build_model(config)
        if begin is not None:
            begin(model)
        model.to(device).train()
        if params.gradient_checkpointing:
            model.activation_checkpointing_enable({"use_reentrant": False})
        classes = len(config.id2label or {})
        crops = torch.zeros(size, config.n_bands, crop_frames, device=device)
        labels = torch.zeros(size, classes, device=device)
        labels[:, 0] = 1
        with torch.autocast(device.type, dtype=dtype, enabled=dtype is not None):
            loss = model(input_values=crops, labels=labels).loss
        loss.backward()
        # AdamW keeps two numbers a parameter: they have to fit too.
        torch.optim.AdamW(model.parameters(), lr=0.0).step()

    return step
