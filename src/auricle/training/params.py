"""How a deep model is trained: every knob of the one training loop that all of them share."""

import json
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from auricle.params import Params

DeviceName = Literal["auto", "cpu", "cuda", "mps"]
PrecisionName = Literal["auto", "float32", "bf16", "fp16"]
Schedule = Literal["plateau", "one_cycle", "linear"]
SelectionMetric = Literal["loss", "accuracy", "macro_f1", "mean_average_precision"]
# What lets rare classes count more, of which a training has one at most, and the value that switches it off.
REMEDIES: dict[str, bool | float] = {"class_weights": False, "balanced_sampling": 0.0, "focal_gamma": 0.0}


class AugmentParams(Params):
    """How training crops are varied; evaluation and prediction hear what was recorded."""

    enabled: bool = Field(False, description="Vary the crops of training.")
    gain_db: float = Field(6.0, ge=0, le=40, description="Louder or softer by up to this, in dB; 0 does not.")
    time_masks: int = Field(2, ge=0, le=10, description="SpecAugment: stretches of time that are masked.")
    time_mask_share: float = Field(0.15, gt=0, lt=1, description="The longest, as a share of the crop.")
    frequency_masks: int = Field(2, ge=0, le=10, description="SpecAugment: ranges of bands that are masked.")
    frequency_mask_share: float = Field(0.15, gt=0, lt=1, description="The widest, as a share of the bands.")
    mixup_alpha: float = Field(
        0.2,
        ge=0,
        le=10,
        description="Crops and labels are mixed by shares from Beta(alpha, alpha); 0 does not.",
    )

    @model_validator(mode="after")
    def _something_is_left(self) -> Self:
        for axis in ("time", "frequency"):
            count, share = getattr(self, f"{axis}_masks"), getattr(self, f"{axis}_mask_share")
            if count * share >= 1:
                raise ValueError(
                    f"{count} {axis} masks of up to {share:g} of the crop could hide all of it: lower"
                    f" {axis}_masks or {axis}_mask_share"
                )
        return self


class TrainParams(Params):
    """Parameters of the training of one deep model; the defaults suit a corpus of some hundred recordings."""

    epochs: int = Field(40, ge=1, description="Passes over the training recordings, at most.")
    batch_size: int = Field(8, ge=2, description="Crops per step; at least 2, since BatchNorm needs a batch.")
    learning_rate: float = Field(
        1e-3, gt=0, le=1, description="AdamW's rate at the start; under one_cycle and linear the highest."
    )
    schedule: Schedule = Field(
        "plateau",
        description="plateau: the rate falls where validation stands still; one_cycle: it rises to"
        " learning_rate and falls to nothing within the epochs; linear: likewise, along straight lines and by"
        " warmup_share, and the training may stop early.",
    )
    warmup_share: float = Field(
        0.1, ge=0, lt=1, description="Of linear: the share of the steps in which the rate rises."
    )
    weight_decay: float = Field(1e-2, ge=0, description="AdamW's decoupled weight decay.")
    crop_seconds: float | None = Field(
        None,
        gt=0,
        le=600,
        description="Length of a random crop; null takes that of the evaluation's windows.",
    )
    crops_per_recording: int = Field(1, ge=1, description="Random crops of each recording per epoch.")
    plateau_patience: int = Field(
        5, ge=0, description="Epochs without progress until the rate falls; of plateau."
    )
    plateau_factor: float = Field(0.5, gt=0, lt=1, description="The rate is multiplied by this on a plateau.")
    early_stopping_patience: int = Field(
        12, ge=1, description="Epochs without progress before training stops; the best weights are kept."
    )
    best_metric: SelectionMetric = Field(
        "loss",
        description="Validation figure that chooses the best epoch, the rate and the stop; accuracy is for"
        " one class a recording, mean_average_precision for several labels.",
    )
    class_weights: bool | Literal["effective"] = Field(
        True,
        description="Weigh the loss so that each class counts the same, or (effective) by the effective"
        " number of its examples, which spares rare ones the largest weights. Instead of focal_gamma and"
        " balanced_sampling, not beside them.",
    )
    focal_gamma: float = Field(
        0.0, ge=0, le=10, description="Focal loss: sure answers count less; 0 is the cross entropy."
    )
    balanced_sampling: float = Field(
        0.0,
        ge=0,
        le=1,
        description="0: each recording once an epoch; 1: each class as often as any other, its recordings"
        " drawn at random; between them, a part of the way.",
    )
    batches_by_length: bool = Field(
        False,
        description="Batches of recordings of about one length, padded to their longest only; crop_seconds is"
        " the most that is heard of one.",
    )
    pos_weight: Literal["auto"] | Annotated[float, Field(gt=0, le=1000)] = Field(
        "auto",
        description="Of several labels: how much more a positive counts than a negative. auto: as many times"
        " as it is rarer among the training recordings, label by label.",
    )
    pos_weight_cap: float = Field(
        10.0, ge=1, le=1000, description="auto stays between 1 / pos_weight_cap and pos_weight_cap."
    )
    gradient_accumulation_steps: int = Field(1, ge=1, description="Batches per optimizer step.")
    find_batch_size: bool = Field(
        False,
        description="Where the device's memory does not take batch_size crops at once, divide until it does,"
        " and add up gradients: an optimizer step is made of as many crops.",
    )
    gradient_checkpointing: bool = Field(
        False, description="Keep less on the way forward and compute it again: less memory, a third slower."
    )
    compile: bool = Field(
        False, description="torch.compile: minutes at the start, faster steps; needs a C++ compiler or a GPU."
    )
    processes: int = Field(
        1,
        ge=1,
        le=64,
        description="Processes that share each batch, one for each GPU (DDP).",
    )
    max_grad_norm: float = Field(
        1.0, ge=0, description="Gradients are clipped to this norm; 0 does not clip."
    )
    variants: bool = Field(
        True, description="Crops of altered copies of the recordings too, where `variants` asks for them."
    )
    augment: AugmentParams = Field(AugmentParams(), description="How training crops are varied.")
    precision: PrecisionName = Field(
        "auto", description="Mixed precision where the device has it (auto), or the one named here."
    )
    device: DeviceName = Field("auto", description="Where to train; auto takes CUDA, then MPS, then the CPU.")
    seed: int = Field(0, ge=0, lt=2**32, description="Seed of weights, dropout, order and crops.")
    deterministic: bool = Field(
        True, description="Deterministic algorithms: the same seed, the same weights."
    )
    shuffle_labels: bool = Field(
        False, description="Train on shuffled labels: a model that then beats chance has seen a leak."
    )
    num_workers: int = Field(
        0,
        ge=0,
        le=64,
        description="Processes that cut crops, and alter them on the fly; 0 does it in this one.",
    )
    save_every_steps: int | None = Field(
        None,
        ge=1,
        description="Further checkpoints within an epoch; one at each epoch's end is always written.",
    )

    @model_validator(mode="after")
    def _every_process_has_a_batch(self) -> Self:
        share, rest = divmod(self.batch_size, self.processes)
        if rest or share < 2:
            raise ValueError(
                f"batch_size {self.batch_size} is shared by {self.processes} processes: each needs as"
                f" many, and 2 at least. Choose a multiple of {self.processes} from {2 * self.processes} on."
            )
        if self.processes > 1 and self.find_batch_size:
            raise ValueError(
                "find_batch_size tries one process's memory: leave it out where there are several"
            )
        return self

    @model_validator(mode="after")
    def _a_cycle_comes_to_its_end(self) -> Self:
        if self.schedule == "one_cycle" and self.early_stopping_patience < self.epochs:
            raise ValueError(
                f"schedule is one_cycle and early_stopping_patience {self.early_stopping_patience}: the"
                " training could stop while the rate is high, and a cycle is only worth something as a"
                f" whole. Set early_stopping_patience to the epochs, {self.epochs}, or more."
            )
        return self

    @model_validator(mode="after")
    def _one_remedy_for_rare_classes(self) -> Self:
        asked = {name: off for name, off in REMEDIES.items() if getattr(self, name)}
        if len(asked) > 1:
            told = " and ".join(f"{name} {json.dumps(getattr(self, name))}" for name in asked)
            off = ", ".join(f"{name}: {json.dumps(value)}" for name, value in asked.items())
            raise ValueError(
                f"{told} are remedies for rare classes, which would count twice over: choose one, and switch"
                f" off what is not chosen ({off})"
            )
        return self

    @model_validator(mode="after")
    def _rate_is_reduced_before_the_stop(self) -> Self:
        if self.schedule == "plateau" and self.early_stopping_patience <= self.plateau_patience:
            raise ValueError(
                f"early_stopping_patience is {self.early_stopping_patience} and plateau_patience "
                f"{self.plateau_patience}: training would stop before the learning rate is ever reduced. "
                "Make early_stopping_patience the larger of the two."
            )
        return self
