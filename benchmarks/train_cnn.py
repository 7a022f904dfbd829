"""Seconds per epoch of training the CNN: ours beside a plain PyTorch loop, same model, clips and crops.

    python benchmarks/train_cnn.py                        # the demo corpus, rendered into a temporary folder
    python benchmarks/train_cnn.py --recordings FOLDER    # what is in FOLDER, labelled by its subfolders
    python benchmarks/train_cnn.py --device cuda

"Auricle" is what `kedro run --pipelines=train_cnn` does: crops from the spectrogram store, mixed precision,
channels_last, the Trainer. The plain loops load with librosa in `__getitem__` and train in float32, in the
memory layout that tensors come in: one loads the clip, makes its log-mel spectrogram and cuts the crop out of
it, the other has librosa read the three seconds of the crop only. The target is for the first, which is what
tutorials do; the second shows what is left against a loop whose author has thought about it.

An epoch is one pass over the training crops, without evaluation. All take turns in one process; figures are
medians over the rounds, each after an epoch that warms up. The processor time stands beside the wall clock:
where other work is running, it is the steadier figure, with --threads 1 above all (idle threads spin).
"""

import argparse
import logging
import platform
import statistics
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset
from transformers import TrainerCallback

from auricle.audio.decode import decode
from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.audio.limits import AudioLimits
from auricle.audio.store import SpectrogramStore
from auricle.audio.synthesis import DemoParams
from auricle.audio.synthesis.render import render_demo
from auricle.corpora.layouts import read_layout
from auricle.models.architecture import ArchitectureParams
from auricle.models.params import CnnParams
from auricle.models.registry import build_model
from auricle.models.windows import WindowParams
from auricle.progress import track
from auricle.training.data import Subset
from auricle.training.device import deterministic_algorithms, resolve_device, resolve_precision
from auricle.training.params import TrainParams
from auricle.training.quiet import quiet_transformers
from auricle.training.trainer import TrainingJob, make_trainer

TARGET = 4.0
WINDOW = WindowParams()


@dataclass(frozen=True)
class Clips:
    """The training clips: files, class indices, and their cached spectrograms."""

    paths: list[Path]
    subset: Subset
    vocabulary: list[str]
    front_end: LogMelFrontEnd
    store: SpectrogramStore


class LibrosaCrops(Dataset[dict[str, torch.Tensor]]):
    """Random crops from the files; the same number per clip and epoch as ours."""

    def __init__(self, clips: Clips, crops_per_clip: int, *, whole: bool) -> None:
        self._clips = clips
        self._crops_per_clip = crops_per_clip
        self._whole = whole
        self._durations = [librosa.get_duration(path=path) for path in clips.paths]

    def __len__(self) -> int:
        return len(self._clips.paths) * self._crops_per_clip

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        clip = index % len(self._clips.paths)
        frames = self._clips.front_end.frames(WINDOW.window_seconds)
        offset, duration = 0.0, None
        if not self._whole:
            duration = WINDOW.window_seconds
            offset = float(np.random.uniform(0, max(0.0, self._durations[clip] - duration)))
        spectrogram = self._log_mel(self._clips.paths[clip], offset, duration)
        start = np.random.randint(max(1, spectrogram.shape[1] - frames + 1))
        crop = librosa.util.fix_length(spectrogram[:, start : start + frames], size=frames)
        target = self._clips.subset.targets[clip]
        return {"input_values": torch.from_numpy(crop), "labels": torch.tensor(target)}

    def _log_mel(self, path: Path, offset: float, duration: float | None) -> np.ndarray:
        params = self._clips.front_end.params
        samples, rate = librosa.load(path, sr=params.sample_rate, offset=offset, duration=duration)
        shape: dict[str, Any] = params.model_dump(include={"n_fft", "hop_length", "n_mels"})
        mel = librosa.feature.melspectrogram(y=samples, sr=rate, **shape)
        return np.asarray(librosa.power_to_db(mel, top_db=params.top_db))


@dataclass(frozen=True)
class Cost:
    """One epoch: seconds on the clock and of processor time."""

    wall: float
    cpu: float


class Stopwatch(TrainerCallback):
    """Times the training pass of each epoch of a Trainer."""

    def __init__(self) -> None:
        self.costs: list[Cost] = []

    def on_epoch_begin(self, *_: Any, **__: Any) -> None:
        """Start."""
        self._start = (time.perf_counter(), time.process_time())

    def on_epoch_end(self, *_: Any, **__: Any) -> None:
        """Stop, before the evaluation."""
        self.costs.append(since(self._start))


def main() -> None:
    arguments = parse_arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("auricle.training").setLevel(logging.WARNING)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    with tempfile.TemporaryDirectory() as temporary:
        clips = load_clips(arguments.recordings, Path(temporary), arguments.clips)
        job = training_job(clips, TrainParams(device=arguments.device, epochs=2), Path(temporary))
        report(measure(clips, job, arguments.rounds), clips, job)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--recordings", type=Path, help="folder of audio in subfolders by class")
    parser.add_argument("--clips", type=int, default=112, help="training clips, at most")
    parser.add_argument("--rounds", type=int, default=3, help="timed epochs of each")
    parser.add_argument("--threads", type=int, help="of PyTorch on the CPU; its own choice by default")
    parser.add_argument("--device", choices=("cpu", "cuda", "mps"), default="cpu")
    return parser.parse_args()


def load_clips(recordings: Path | None, temporary: Path, most: int) -> Clips:
    """The clips, evenly from all classes, with a store of their spectrograms."""
    if recordings is None:
        recordings = temporary / "demo"
        per_genre = max(1, most // 8)
        render_demo(
            recordings, DemoParams(broken_files=False, clips_per_genre=per_genre, artists_per_genre=1)
        )
    layout = "audiofolder" if (recordings / "metadata.csv").is_file() else "folder_per_class"
    table = read_layout(layout, recordings, {}).dropna(subset=["label"])
    table = table.assign(turn=table.groupby("label").cumcount()).sort_values(["turn", "label"])[:most]
    vocabulary = sorted(table["label"].unique())
    paths = [recordings / path for path in table["path"]]
    front_end = LogMelFrontEnd(FrontEndParams())
    keys = [f"{number:016x}" for number in range(len(paths))]
    with SpectrogramStore.open(temporary, front_end.digest, front_end.n_bands, mode="a") as store:
        for key, path in zip(keys, track(paths, description="Caching spectrograms"), strict=True):
            store.append({key: front_end(decode(path, AudioLimits(), front_end.sample_rate).samples)})
    store = SpectrogramStore.open(temporary, front_end.digest, front_end.n_bands)
    targets = np.array([vocabulary.index(label) for label in table["label"]], dtype=np.int64)
    return Clips(paths, Subset(np.array(keys, dtype=object), targets), vocabulary, front_end, store)


def training_job(
    clips: Clips,
    params: TrainParams,
    workdir: Path,
    architecture: ArchitectureParams = CnnParams(),  # noqa: B008
) -> TrainingJob:
    frames = clips.front_end.frames(WINDOW.window_seconds)
    return TrainingJob(
        config=architecture.config(
            n_bands=clips.front_end.n_bands,
            vocabulary=clips.vocabulary,
            window_frames=frames,
            hop_frames=clips.front_end.frames(WINDOW.hop_seconds),
        ),
        store=clips.store,
        train=clips.subset,
        validation=Subset(clips.subset.recording_ids[:1], clips.subset.targets[:1]),
        crop_frames=frames,
        batch_size=WINDOW.batch_size,
        params=params,
        device=resolve_device(params.device),
        workdir=workdir,
        name="benchmark",
    )


def measure(clips: Clips, job: TrainingJob, rounds: int) -> dict[str, list[Cost]]:
    """The cost of a warm epoch of each way of training, once per round and in turns; the reference last."""
    ours = f"Auricle, {resolve_precision(job.params.precision, job.device)}"
    plain = {"float32, librosa.load of the crop": False, "float32, librosa.load of the clip": True}
    costs: dict[str, list[Cost]] = {name: [] for name in (ours, *plain)}
    for number in track(range(rounds), description="Training", unit="round"):
        costs[ours].append(time_trainer(replace(job, workdir=job.workdir / f"work-{number}")))
        for name, whole in plain.items():
            crops = LibrosaCrops(clips, job.params.crops_per_recording, whole=whole)
            costs[name].append(time_plain_loop(job, crops))
    return costs


def time_trainer(job: TrainingJob) -> Cost:
    """The second epoch of a training as the project does it."""
    return time_epochs(job)[-1]


def time_epochs(job: TrainingJob) -> list[Cost]:
    """Every epoch of a training as the project does it."""
    stopwatch = Stopwatch()
    with deterministic_algorithms(job.params.deterministic, job.device), quiet_transformers():
        trainer = make_trainer(job)
        trainer.add_callback(stopwatch)
        trainer.train()
    return stopwatch.costs


def time_plain_loop(job: TrainingJob, crops: LibrosaCrops) -> Cost:
    """The second epoch of the loop that every tutorial has."""
    model = default_layout_model(job.config).to(job.device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=job.params.learning_rate)
    loader = DataLoader(crops, batch_size=job.params.batch_size, shuffle=True)
    for _ in range(2):
        start = (time.perf_counter(), time.process_time())
        for batch in loader:
            step = {name: values.to(job.device) for name, values in batch.items()}
            plain_step(model, optimizer, step, job.params.max_grad_norm)
        cost = since(start)
    return cost


def plain_step(model: Any, optimizer: torch.optim.Optimizer, batch: dict[str, Any], max_norm: float) -> None:
    """A step of the loop that every tutorial has."""
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    loss.item()


def default_layout_model(config: Any) -> Any:
    """The same model without the channels_last that it gives its input itself."""
    model = type(build_model(config))(config)
    first = next(module for module in model.modules() if isinstance(module, torch.nn.Conv2d))
    first.register_forward_pre_hook(lambda _, inputs: inputs[0].clone(memory_format=torch.contiguous_format))
    return model.train()


def since(start: tuple[float, float]) -> Cost:
    return Cost(time.perf_counter() - start[0], time.process_time() - start[1])


def report(costs: dict[str, list[Cost]], clips: Clips, job: TrainingJob) -> None:
    """Print the table, and the ratio that there is a target for."""
    crops = len(clips.paths) * job.params.crops_per_recording
    is_cuda = job.device.type == "cuda"
    device = torch.cuda.get_device_name() if is_cuda else f"{torch.get_num_threads()} threads"
    print(f"{date.today()}, {platform.machine()}, {job.device} ({device}), torch {torch.__version__}")
    print(f"{len(clips.paths)} clips, {crops} crops of {WINDOW.window_seconds:g} s per epoch\n")
    print(f"{'':<36}{'s / epoch':>10}{'CPU s':>8}{'crops / s':>11}{'ratio':>8}{'CPU ratio':>11}")
    medians = {name: median(rows) for name, rows in costs.items()}
    ours, *_, reference = medians.values()
    for name, cost in medians.items():
        ratios = f"{cost.wall / ours.wall:>8.1f}{cost.cpu / ours.cpu:>11.1f}"
        print(f"{name:<36}{cost.wall:>10.2f}{cost.cpu:>8.2f}{crops / cost.wall:>11.1f}{ratios}")
    ratio = reference.wall / ours.wall
    print(f"\nratio {ratio:.1f}, target {TARGET:.1f}: {'reached' if ratio >= TARGET else 'MISSED'}")


def median(costs: list[Cost]) -> Cost:
    walls, processor = ([getattr(cost, name) for cost in costs] for name in ("wall", "cpu"))
    return Cost(statistics.median(walls), statistics.median(processor))


if __name__ == "__main__":
    main()
