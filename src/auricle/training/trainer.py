"""One training of one deep model by transformers' Trainer: evaluated per recording, resumed after a kill."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate.utils import broadcast_object_list
from torch.utils.data import Dataset
from transformers import (
    PreTrainedConfig,
    PreTrainedModel,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    set_seed,
)

from auricle.audio.recording_store import RecordingStore
from auricle.errors import AuricleError
from auricle.models.padding import padding_of
from auricle.models.registry import build_model
from auricle.training import resume
from auricle.training.arguments import trainer_arguments
from auricle.training.augment import Augment
from auricle.training.batch_fit import fitting, trial_step
from auricle.training.callbacks import EpochReport, GradualUnfreezing, SaveWithinEpoch, StopEarly, is_over
from auricle.training.data import CropDataset, Subset, keep_batch
from auricle.training.device import deterministic_algorithms, resolve_precision
from auricle.training.distributed import in_processes, rank
from auricle.training.history import epoch_history
from auricle.training.params import Schedule, TrainParams
from auricle.training.quiet import quiet_transformers
from auricle.training.sampling import EpochSampler, sampling_weights
from auricle.training.schedule import one_cycle
from auricle.training.scoring import figures, score_recordings
from auricle.training.variants import Variants

logger = logging.getLogger(__name__)


def _nothing(model: PreTrainedModel) -> None:
    """What most networks begin with."""


@dataclass(frozen=True)
class TrainedModel:
    """A trained model with its best weights, in float32 on the CPU, and how it came to them.

    Attributes:
        model: in evaluation mode.
        history: one entry per epoch; see `auricle.training.history.epoch_history`.
        best_epoch: the epoch, from 1, whose weights these are.
        padding_share: of the frames of an epoch; None where its batches are not by length.
    """

    model: PreTrainedModel
    history: list[dict[str, float]]
    best_epoch: int
    padding_share: float | None


@dataclass(frozen=True, kw_only=True)
class TrainingJob:
    """One training of one model.

    Attributes:
        config: of the model; its ``window_frames``, ``hop_frames`` and ``class_weights`` are used here too.
        store: what the model hears of all recordings.
        train: recordings to learn from.
        validation: recordings that choose the rate, the end and the best epoch.
        crop_frames: length of a training crop.
        batch_size: windows per pass in evaluation.
        params: of the training.
        device: to train on.
        workdir: of this training alone; checkpoints of other data or parameters must not be in it.
        name: for the log.
        callbacks: of the Trainer, besides those that save, stop and report.
        begin: gives the untrained model what is known before; see `ArchitectureParams.begin`.
        variants: altered copies of the recordings to learn from.
    """

    config: PreTrainedConfig
    store: RecordingStore
    train: Subset
    validation: Subset
    crop_frames: int
    batch_size: int
    params: TrainParams
    device: torch.device
    workdir: Path
    name: str
    callbacks: tuple[TrainerCallback, ...] = ()
    begin: Callable[[PreTrainedModel], None] = _nothing
    variants: Variants | None = None

    def evaluate(self, model: PreTrainedModel) -> dict[str, float]:
        """Loss and figures of the validation recordings.

        Raises:
            AuricleError: the model's probabilities are undefined.
        """
        probabilities = score_recordings(
            model,
            self.store,
            self.validation.recording_ids,
            instruments=self.validation.instruments,
            batch_size=self.batch_size,
            device=self.device,
        )
        if not (probabilities >= 0).all():
            raise AuricleError(
                f"{self.name}: the training has diverged, the model's probabilities are undefined. Lower "
                f"learning_rate ({self.params.learning_rate:g}) or max_grad_norm "
                f"({self.params.max_grad_norm:g})."
            )
        return figures(probabilities, self.validation, getattr(self.config, "class_weights", None))


def train_deep(job: TrainingJob) -> TrainedModel:
    """Train a model of the kind that the job's configuration describes, going on where a killed run left off.

    Raises:
        AuricleError: the training diverged, or its checkpoints cannot be written or read.
    """
    with quiet_transformers():
        checkpoint = resume.newest_complete(job.workdir)
        if checkpoint is not None and is_over(
            resume.read_state(checkpoint), job.params.early_stopping_patience
        ):
            return _best(job)
        if checkpoint is not None:
            logger.info("%s: goes on from %s.", job.name, checkpoint.name)
        (in_processes if job.params.processes > 1 else train_from)(job, checkpoint)
        return _best(job)


def train_from(job: TrainingJob, checkpoint: Path | None) -> None:
    """Train in this process, from the beginning or from a checkpoint; alone, or as one of several."""
    with deterministic_algorithms(job.params.deterministic, job.device), quiet_transformers():
        make_trainer(job).train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))


class RecordingTrainer(Trainer):
    """A Trainer that draws crops by (epoch, index), evaluates recordings, and vouches for checkpoints."""

    def __init__(
        self,
        *,
        sampler: EpochSampler,
        evaluation: Callable[[Any], dict[str, float]],
        schedule: Schedule,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._sampler = sampler
        self._schedule = schedule
        self._evaluation = evaluation
        self._logged_at = time.monotonic()

    def _get_train_sampler(self, train_dataset: Dataset[Any] | None = None) -> EpochSampler:
        return self._sampler

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """The plateau's, which transformers has, or the one cycle's, which torch has."""
        if self._schedule == "one_cycle" and self.lr_scheduler is None:
            scheduler: Any = one_cycle(optimizer or self.optimizer, num_training_steps)
            self.lr_scheduler = scheduler
        return super().create_scheduler(num_training_steps, optimizer)

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """AdamW, with the rates that the model asks for; the head comes first, so that its rate is logged."""
        network: Any = self.model
        rates = network.rates() if hasattr(network, "rates") else {}
        if not rates or self.optimizer is not None:
            return super().create_optimizer()
        optimizer_class, settings = self.get_optimizer_cls_and_kwargs(self.args, network)
        decayed = set(self.get_decay_parameter_names(network))
        groups: dict[tuple[float, bool], list[torch.nn.Parameter]] = {}
        for name, parameter in network.named_parameters():
            if parameter.requires_grad:
                rate = next((rate for start, rate in rates.items() if name.startswith(start)), 1.0)
                groups.setdefault((rate, name in decayed), []).append(parameter)
        self.optimizer = optimizer_class(
            [
                {
                    "params": parameters,
                    "lr": rate * self.args.learning_rate,
                    "weight_decay": self.args.weight_decay if decays else 0.0,
                }
                for (rate, decays), parameters in sorted(groups.items(), key=lambda item: -item[0][0])
            ],
            **settings,
        )
        return self.optimizer

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: list[str] | None = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """Score the validation recordings with the windows of prediction, and log the figures."""
        # By the first process alone: running statistics differ a little between processes, and all must agree
        # on what is best and when to stop.
        found = broadcast_object_list(
            [self._evaluation(self.model) if self.is_world_process_zero() else None]
        )
        metrics = {f"{metric_key_prefix}_{key}": value for key, value in found[0].items()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add the seconds since the last entry, so that the epochs' times survive a resume."""
        now = time.monotonic()
        super().log({**logs, "seconds": now - self._logged_at}, start_time)
        self._logged_at = now

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        checkpoint = Path(str(self.args.output_dir)) / f"checkpoint-{self.state.global_step}"
        super()._save_checkpoint(model, trial)
        # Every process has put its random state there before the first vouches for it.
        self.accelerator.wait_for_everyone()
        if self.is_world_process_zero():
            resume.mark_complete(checkpoint)


def make_trainer(job: TrainingJob) -> RecordingTrainer:
    """A Trainer with an untrained model, ready to train as the job says."""
    crops = CropDataset(
        job.store,
        job.train,
        crop_frames=job.crop_frames,
        crops_per_recording=job.params.crops_per_recording,
        seed=job.params.seed,
        augment=_augment(job),
        variants=job.variants,
        any_length=job.params.batches_by_length,
        padding=padding_of(job.config),
    )
    params = _fitting(job) if job.params.find_batch_size else job.params
    set_seed(job.params.seed)
    model = build_model(job.config)
    job.begin(model)
    sampler = _sampler(job, params.batch_size)
    if (share := sampler.padding_share(job.crop_frames)) is not None:
        logger.info("%s: %.1f %% of the frames of an epoch are padding.", job.name, 100 * share)
    trainer = RecordingTrainer(
        model=model,
        args=trainer_arguments(params, device=job.device, workdir=job.workdir, n_crops=len(crops)),
        train_dataset=crops,
        eval_dataset=list(job.validation.recording_ids),
        data_collator=keep_batch,
        callbacks=_callbacks(job),
        sampler=sampler,
        evaluation=job.evaluate,
        schedule=params.schedule,
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _sampler(job: TrainingJob, batch_size: int) -> EpochSampler:
    """The order of the crops."""
    params, repeats = job.params, job.params.crops_per_recording
    lengths = None
    if params.batches_by_length:
        frames = [min(job.store.frames(name), job.crop_frames) for name in job.train.recording_ids]
        lengths = np.tile(np.array(frames, dtype=np.int64), repeats)
    weights = sampling_weights(job.train.targets, params.balanced_sampling)
    return EpochSampler(
        len(job.train) * repeats,
        params.seed,
        weights=None if weights is None else np.tile(weights, repeats) / repeats,
        lengths=lengths,
        batch_size=batch_size,
    )


def _fitting(job: TrainingJob) -> TrainParams:
    precision = resolve_precision(job.params.precision, job.device)
    step = trial_step(job.config, job.params, job.crop_frames, job.device, precision, job.begin)
    return fitting(job.params, step, job.device)


def _augment(job: TrainingJob) -> Augment | None:
    params = job.params.augment
    classes = len(job.config.id2label or {})
    return Augment(params, n_classes=classes, seed=job.params.seed) if params.enabled else None


def _callbacks(job: TrainingJob) -> list[TrainerCallback]:
    every_steps = job.params.save_every_steps
    within_epoch = [SaveWithinEpoch(every_steps)] if every_steps else []
    return [
        *within_epoch,
        StopEarly(job.params.early_stopping_patience),
        *([GradualUnfreezing(thawed)] if (thawed := getattr(job.config, "gradual_unfreezing", 0)) else []),
        *([] if rank() else [EpochReport(job.name, job.device)]),
        *job.callbacks,
    ]


def _best(job: TrainingJob) -> TrainedModel:
    newest = resume.newest_complete(job.workdir)
    if newest is None:
        raise AuricleError(f"{job.workdir} holds no complete checkpoint after training: is the disk full?")
    state = resume.read_state(newest)
    best = resume.best_checkpoint(job.workdir, state)
    if best is None or not resume.is_complete(best):
        raise AuricleError(
            f"The best checkpoint in {job.workdir} is damaged: delete the folder, train again."
        )
    # Read back rather than kept in memory: the same path whether or not this process did the training.
    model: Any = type(build_model(job.config)).from_pretrained(
        best, local_files_only=True, use_safetensors=True
    )
    steps_per_epoch = state["max_steps"] / state["num_train_epochs"]
    best_epoch = round(state["best_global_step"] / steps_per_epoch)
    model.train(False)
    if hasattr(model, "standing_alone"):
        model = model.standing_alone()
    # By the size that batches had, in all processes together, which find_batch_size may have chosen.
    size = state["train_batch_size"] * job.params.processes
    padding = _sampler(job, size).padding_share(job.crop_frames)
    return TrainedModel(model, epoch_history(state["log_history"]), best_epoch, padding)
