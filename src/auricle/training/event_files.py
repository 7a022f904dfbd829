"""Event files for TensorBoard: the history of a training, epoch by epoch while it goes on."""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from auricle.training.history import epoch_history, scalars

logger = logging.getLogger(__name__)


class EventFiles(TrainerCallback):
    """Writes the figures of each epoch, at the epoch's number.

    transformers' own callback is by steps, and after a kill says twice what lies between the last checkpoint
    and the kill. Here a training that goes on begins a file with all of its history so far, and has readers
    forget the files before it. Whatever fails is warned of once, and the training goes on.

    Args:
        folder: of one training; the same one when it goes on.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: Any = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Open a file; of several processes that train, the first does."""
        if state.is_world_process_zero:
            self._try(self._open)
            self._write(epoch_history(state.log_history))

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Write the epoch that has just been evaluated."""
        self._write(epoch_history(state.log_history)[-1:])

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Close the file."""
        if self._writer is not None:
            self._try(self._writer.close)

    def _open(self) -> None:
        from torch.utils.tensorboard import SummaryWriter

        # Epochs count from 1: whatever an earlier file says of them is void.
        self._writer = SummaryWriter(str(self._folder), purge_step=1)

    def _write(self, entries: Iterable[dict[str, float]]) -> None:
        if self._writer is not None:
            self._try(lambda: self._add(entries))

    def _add(self, entries: Iterable[dict[str, float]]) -> None:
        for entry in entries:
            for name, value in scalars(entry).items():
                self._writer.add_scalar(name, value, int(entry["epoch"]))
        self._writer.flush()

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:  # a full disk, a folder without rights: no reason to lose a training
            self._writer = None
            logger.warning(
                "No more event files for TensorBoard in %s: %s. The training goes on.", self._folder, error
            )
