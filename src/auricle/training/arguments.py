"""From our parameters to the arguments of transformers' Trainer."""

from pathlib import Path

import torch
from transformers import TrainingArguments

from auricle.training.device import resolve_precision
from auricle.training.params import TrainParams

# The one cycle is not among transformers' schedules: the trainer brings it.
SCHEDULERS = {"plateau": "reduce_lr_on_plateau", "one_cycle": "constant", "linear": "linear"}


def trainer_arguments(
    params: TrainParams, *, device: torch.device, workdir: Path, n_crops: int
) -> TrainingArguments:
    """Arguments that train as ``params`` says and leave logging to Auricle.

    Args:
        params: of the training.
        device: resolved; several visible GPUs count as one.
        workdir: where checkpoints go.
        n_crops: crops per epoch.
    """
    precision = resolve_precision(params.precision, device)
    greater_is_better = params.best_metric != "loss"
    arguments = TrainingArguments(
        output_dir=str(workdir),
        num_train_epochs=params.epochs,
        per_device_train_batch_size=params.batch_size // params.processes,
        # A last batch of a single crop gives BatchNorm no variance; that crop sits out one epoch.
        dataloader_drop_last=n_crops > 1 and n_crops % params.batch_size == 1,
        activation_checkpointing=params.gradient_checkpointing,
        activation_checkpointing_kwargs={"use_reentrant": False} if params.gradient_checkpointing else None,
        torch_compile=params.compile,
        gradient_accumulation_steps=params.gradient_accumulation_steps,
        learning_rate=params.learning_rate,
        weight_decay=params.weight_decay,
        max_grad_norm=params.max_grad_norm,
        lr_scheduler_type=SCHEDULERS[params.schedule],
        warmup_steps=params.warmup_share if params.schedule == "linear" else 0,
        lr_scheduler_kwargs={
            "mode": "max" if greater_is_better else "min",
            "patience": params.plateau_patience,
            "factor": params.plateau_factor,
        }
        if params.schedule == "plateau"
        else None,
        metric_for_best_model=params.best_metric,
        greater_is_better=greater_is_better,
        eval_strategy="epoch",
        logging_strategy="epoch",
        save_strategy="epoch",
        # The newest, the best, and one more: while the newest is being written, the one before is the newest.
        save_total_limit=3,
        bf16=precision == "bf16",
        fp16=precision == "fp16",
        ddp_backend="gloo" if params.processes > 1 and device.type == "cpu" else None,
        ddp_find_unused_parameters=False if params.processes > 1 else None,
        use_cpu=device.type == "cpu",
        seed=params.seed,
        data_seed=params.seed,
        dataloader_num_workers=params.num_workers,
        # Workers that outlive an epoch would draw their seed once in a run, so twice in a resumed one.
        dataloader_persistent_workers=False,
        dataloader_pin_memory=device.type == "cuda",
        remove_unused_columns=False,
        label_names=["labels"],
        report_to="none",
        disable_tqdm=True,
        log_level="error",
    )
    if arguments.n_gpu > 1:
        # Otherwise every visible GPU gets a thread and a share of the batch; torchrun is the way to use them.
        arguments._n_gpu = 1
    return arguments
