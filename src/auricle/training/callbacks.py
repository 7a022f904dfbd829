"""What happens beside the steps of a training: when to save and stop, and one line of log per epoch."""

import logging
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from tqdm import tqdm
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from auricle.training.device import memory_line
from auricle.training.history import FIGURES, epoch_history

logger = logging.getLogger(__name__)


def epochs_without_progress(state: dict[str, Any]) -> float:
    """Epochs since the best validation figure, by a Trainer's state (as its JSON has it)."""
    steps_per_epoch = state["max_steps"] / state["num_train_epochs"]
    return float((state["global_step"] - (state["best_global_step"] or 0)) / steps_per_epoch)


def is_over(state: dict[str, Any], patience: int) -> bool:
    """Whether a training that has come this far is at its end: all epochs done, or stopped early.

    A function of the saved state alone, so that a run killed after its last save is not trained further.
    """
    return state["global_step"] >= state["max_steps"] or epochs_without_progress(state) >= patience


class StopEarly(TrainerCallback):
    """Stops when the validation figure has made no progress for ``patience`` epochs."""

    def __init__(self, patience: int) -> None:
        self._patience = patience

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> TrainerControl:
        """Decide after saving: only then does the state know whether this epoch was the best."""
        if is_over(vars(state), self._patience):
            control.should_training_stop = True
        return control


class SaveWithinEpoch(TrainerCallback):
    """Asks for a further checkpoint every so many optimizer steps."""

    def __init__(self, every_steps: int) -> None:
        self._every_steps = every_steps

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> TrainerControl:
        """Save, and log the loss so far, which a resumed epoch could not know otherwise."""
        at_end_of_epoch = float(state.epoch).is_integer()
        if state.global_step % self._every_steps == 0 and not at_end_of_epoch:
            control.should_log = control.should_save = True
        return control


class GradualUnfreezing(TrainerCallback):
    """Lets layers of an encoder learn one after the other, the last first (Howard and Ruder, ULMFiT, 2018).

    What learns is a function of the epoch alone, so that a resumed training goes on as it would have.

    Args:
        layers_per_epoch: how many more learn with each epoch; in the first the head learns alone.
    """

    def __init__(self, layers_per_epoch: int) -> None:
        self._layers_per_epoch = layers_per_epoch

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Thaw what this epoch, begun or resumed within, lets learn."""
        kwargs["model"].thaw(int(state.epoch or 0) * self._layers_per_epoch)


class AskAfterEpoch(TrainerCallback):
    """Shows somebody the history after each epoch, who may end the training by an exception."""

    def __init__(self, ask: Callable[[list[dict[str, float]]], None]) -> None:
        self._ask = ask

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Show what has been so far."""
        self._ask(epoch_history(state.log_history))


class EpochReport(TrainerCallback):
    """Logs one line per epoch, and shows a bar of steps where a person watches."""

    def __init__(self, name: str, device: torch.device) -> None:
        self._name = name
        self._device = device
        self._bar: tqdm[Any] | None = None
        self._started_at = 0.0
        self._started_epoch = 0.0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Start the clock that the time left is reckoned by."""
        self._started_at = time.monotonic()
        self._started_epoch = float(state.epoch or 0)
        if sys.stderr.isatty():
            self._bar = tqdm(
                total=state.max_steps, initial=state.global_step, desc=self._name, unit="step", leave=False
            )

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.update()

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **kwargs: Any,
    ) -> None:
        """Log the epoch that has just been evaluated."""
        with tqdm.external_write_mode(file=sys.stderr):
            logger.info(self._line(state))

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()

    def _line(self, state: TrainerState) -> str:
        epoch = epoch_history(state.log_history)[-1]
        seconds_per_epoch = (time.monotonic() - self._started_at) / (state.epoch - self._started_epoch)
        left = seconds_per_epoch * (state.num_train_epochs - state.epoch)
        return (
            f"{self._name}: epoch {state.epoch:.0f} of {state.num_train_epochs}: "
            f"loss {epoch['loss']:.3f}, validation loss {epoch['eval_loss']:.3f}, "
            f"{', '.join(f'{title} {epoch[name]:.3f}' for name, title in FIGURES.items() if name in epoch)}, "
            f"learning rate {epoch['learning_rate']:.1e}, {epoch['seconds']:.1f} s, "
            f"at most {left:.0f} s left, {memory_line(self._device)}"
        )
