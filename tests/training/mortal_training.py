"""Trains the tiny corpus in a process that dies by SIGKILL at a chosen moment."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sklearn.metrics  # noqa: F401  (as well)
import torch
import torch._dynamo
import transformers.trainer_utils
from tiny_corpus import TinyCorpus
from waveform_corpus import WaveformCorpus

import auricle.training.deep  # noqa: F401  (for the processes that are forked after this import)
from auricle.training import resume, staging, trainer
from auricle.training.params import TrainParams

Moment = tuple[str, int]


def train(
    corpus: TinyCorpus | WaveformCorpus,
    workdir: Path,
    params: TrainParams,
    moment: Moment | None,
    steps: Any,
) -> None:
    """Train; die at the moment; count the steps of this process in ``steps``."""
    torch.set_num_threads(1)
    _count_steps(steps)
    if moment is not None:
        MOMENTS[moment[0]](moment[1])
    corpus.fit(workdir, params)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _before(target: Any, name: str, nth: int, last_act: Callable[..., None] = lambda *_: None) -> None:
    """Perform a last act instead of the nth call of a function, and die."""
    function, calls = getattr(target, name), iter(range(1, 10_000))

    def replacement(*arguments: Any, **options: Any) -> Any:
        if next(calls) == nth:
            last_act(*arguments)
            _die()
        return function(*arguments, **options)

    setattr(target, name, replacement)


def _write_half(content: Any, file: str) -> None:
    Path(file).write_bytes(b"PK" + bytes(500))


def _delete_half(folder: str, **_: Any) -> None:
    for file in sorted(Path(folder).iterdir())[::2]:
        file.unlink()


def _count_steps(steps: Any) -> None:
    step = trainer.RecordingTrainer.training_step

    def counted(*arguments: Any, **options: Any) -> Any:
        steps.value += 1
        return step(*arguments, **options)

    trainer.RecordingTrainer.training_step = counted  # type: ignore[method-assign]


MOMENTS: dict[str, Callable[[int], None]] = {
    "step": lambda nth: _before(trainer.RecordingTrainer, "training_step", nth),
    "torch.save": lambda nth: _before(torch, "save", nth, _write_half),
    "marking": lambda nth: _before(resume, "mark_complete", nth),
    "evaluation": lambda nth: _before(trainer.TrainingJob, "evaluate", nth),
    "rotation": lambda nth: _before(transformers.trainer_utils.shutil, "rmtree", nth, _delete_half),
    "stop": lambda nth: _before(trainer.StopEarly, "on_save", nth),
    "keeping a fold": lambda nth: _before(staging, "write_json", nth),
    "sealing": lambda nth: _before(staging, "seal", nth),
}
