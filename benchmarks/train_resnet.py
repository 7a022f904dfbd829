"""Samples per second, waiting and memory of `train_resnet`, beside a plain PyTorch loop: for a GPU.

    python benchmarks/train_resnet.py --device cuda
    python benchmarks/train_resnet.py --batch-size 4 --steps 3 --clips 8 --workers 2    # to see that it runs

"Auricle" is what `kedro run --pipelines=train_resnet` does, in float32 and in each mixed precision that the
device has, with --own-workers processes that cut crops (by default none: a crop takes microseconds). The
plain loop is that of train_cnn.py with the same network: librosa in `__getitem__`, each clip read as a whole,
by --workers processes, in float32.

Each is the second epoch of two, of --steps steps. Waiting is the share of it in which the loop asks for a
batch and has not got it, what moves it to the device included; while the device still computes, so that it
is an upper bound of what the device waits. Memory is the most that tensors held on a GPU.
"""

import argparse
import logging
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

from auricle.errors import ConfigurationError
from auricle.training.device import deterministic_algorithms, resolve_device, resolve_precision
from auricle.training.params import TrainParams
from auricle.training.quiet import quiet_transformers
from auricle.training.trainer import TrainingJob, make_trainer
from shipped import shipped
from train_cnn import (
    Clips,
    LibrosaCrops,
    Stopwatch,
    default_layout_model,
    load_clips,
    plain_step,
    training_job,
)

SPEED, WAITING = 5.0, 0.05
PRECISIONS = ("float32", "bf16", "fp16")


@dataclass(frozen=True)
class Cost:
    """One epoch: crops, seconds, those in which a batch was waited for, and gigabytes on the GPU."""

    crops: int
    seconds: float
    waited: float
    memory: float | None

    @property
    def speed(self) -> float:
        """Crops per second."""
        return self.crops / self.seconds

    @property
    def waiting(self) -> float:
        """The share of the time."""
        return self.waited / self.seconds


class Waiting:
    """Sums up the seconds in calls that bring batches."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its time taken."""

        def call(*arguments: Any) -> Any:
            started = time.perf_counter()
            try:
                return function(*arguments)
            finally:
                self.seconds += time.perf_counter() - started

        return call


class WaitingStopwatch(Stopwatch):
    """The time of each epoch, and what of it was waiting."""

    def __init__(self, waiting: Waiting) -> None:
        super().__init__()
        self._waiting = waiting
        self.waited: list[float] = []

    def on_epoch_begin(self, *_: Any, **__: Any) -> None:
        """Start."""
        super().on_epoch_begin()
        self._before = self._waiting.seconds

    def on_epoch_end(self, *_: Any, **__: Any) -> None:
        """Stop, once the device has done what it was given."""
        synchronize()
        super().on_epoch_end()
        self.waited.append(self._waiting.seconds - self._before)


def main() -> None:
    arguments = parse_arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("auricle.training").setLevel(logging.WARNING)
    device = resolve_device(arguments.device)
    with tempfile.TemporaryDirectory() as temporary:
        clips = load_clips(arguments.recordings, Path(temporary), arguments.clips)
        print(f"{date.today()}  {platform.machine()}, {name_of(device)}, torch {torch.__version__}")
        print(f"{len(clips.paths)} clips, {arguments.steps} steps, {arguments.workers} processes that load\n")
        print(f"{'batch':>5}  {'':<30}{'crops / s':>11}{'waiting':>9}{'GB':>7}{'ratio':>8}")
        for batch in arguments.batch_size:
            report(batch, dict(costs_of(clips, arguments, batch, device, Path(temporary))))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--recordings", type=Path, help="folder of audio in subfolders by class; else the demo's"
    )
    parser.add_argument("--clips", type=int, default=112, help="training clips, at most")
    parser.add_argument("--batch-size", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--steps", type=int, default=20, help="of an epoch")
    parser.add_argument("--workers", type=int, default=8, help="processes that load for the plain loop")
    parser.add_argument("--own-workers", type=int, default=0, help="processes that load for Auricle")
    parser.add_argument("--device", choices=("cpu", "cuda", "mps"), default="cpu")
    return parser.parse_args()


def costs_of(
    clips: Clips, arguments: argparse.Namespace, batch: int, device: torch.device, folder: Path
) -> Iterator[tuple[str, Cost]]:
    """Ours in every precision that the device has, the plain loop last."""
    params = TrainParams(
        device=device.type,
        epochs=2,
        batch_size=batch,
        num_workers=arguments.own_workers,
        crops_per_recording=-(-batch * arguments.steps // len(clips.paths)),
    )
    architecture, _ = shipped("resnet")
    for precision in available(device):
        job = training_job(clips, params.model_copy(update={"precision": precision}), folder, architecture)
        yield f"Auricle, {precision}", time_ours(replace(job, workdir=folder / f"{batch}-{precision}"))
    yield "librosa in __getitem__, float32", time_plain_loop(job, clips, arguments.workers)


def available(device: torch.device) -> Iterator[str]:
    for precision in PRECISIONS:
        try:
            yield resolve_precision(precision, device)  # type: ignore[arg-type]
        except ConfigurationError:
            continue


def time_ours(job: TrainingJob) -> Cost:
    """The second epoch of a training as the project does it."""
    waiting = Waiting()
    stopwatch = WaitingStopwatch(waiting)
    with deterministic_algorithms(job.params.deterministic, job.device), quiet_transformers():
        trainer = make_trainer(job)
        trainer.get_batch_samples = waiting.timed(trainer.get_batch_samples)  # type: ignore[method-assign]
        trainer.add_callback(stopwatch)
        reset_memory()
        trainer.train()
    crops = len(job.train) * job.params.crops_per_recording
    return Cost(crops, stopwatch.costs[-1].wall, stopwatch.waited[-1], most_memory())


def time_plain_loop(job: TrainingJob, clips: Clips, workers: int) -> Cost:
    """The second epoch of the loop that every tutorial has, with so many processes that load."""
    crops = LibrosaCrops(clips, job.params.crops_per_recording, whole=True)
    loader = DataLoader(
        crops,
        batch_size=job.params.batch_size,
        shuffle=True,
        num_workers=workers,
        pin_memory=job.device.type == "cuda",
        persistent_workers=workers > 0,
    )
    model = default_layout_model(job.config).to(job.device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=job.params.learning_rate)
    reset_memory()
    for _ in range(2):
        waiting, started = Waiting(), time.perf_counter()
        for batch in batches(loader, job.device, waiting):
            plain_step(model, optimizer, batch, job.params.max_grad_norm)
        cost = Cost(len(crops), time.perf_counter() - started, waiting.seconds, most_memory())
    return cost


def batches(
    loader: DataLoader[Any], device: torch.device, waiting: Waiting
) -> Iterator[dict[str, torch.Tensor]]:
    iterator = waiting.timed(iter)(loader)

    def following() -> dict[str, torch.Tensor] | None:
        batch = next(iterator, None)
        return None if batch is None else {name: values.to(device) for name, values in batch.items()}

    ask = waiting.timed(following)
    while (batch := ask()) is not None:
        yield batch


def report(batch: int, costs: dict[str, Cost]) -> None:
    """The rows of a batch size, the ratio of each to the plain loop, and the targets."""
    *ours, plain = costs.values()
    for name, cost in costs.items():
        memory = "" if cost.memory is None else f"{cost.memory:.2f}"
        print(
            f"{batch:>5}  {name:<32}{cost.speed:>9.1f}{cost.waiting:>9.1%}{memory:>7}"
            f"{cost.speed / plain.speed:>8.1f}"
        )
    best = max(ours, key=lambda cost: cost.speed)
    ratio = best.speed / plain.speed
    print(
        f"{'':>5}  ratio {ratio:.1f}, target {SPEED:.1f}: {'reached' if ratio >= SPEED else 'MISSED'};"
        f" waiting {best.waiting:.1%}, target {WAITING:.0%}:"
        f" {'reached' if best.waiting < WAITING else 'MISSED'}\n"
    )


def name_of(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name()
    return f"{device}, {torch.get_num_threads()} threads"


def synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def reset_memory() -> None:
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def most_memory() -> float | None:
    return torch.cuda.max_memory_allocated() / 1e9 if torch.cuda.is_available() else None


if __name__ == "__main__":
    main()
