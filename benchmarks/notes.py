"""The note analyzer: seconds per epoch beside a plain PyTorch loop, and torch beside ONNX Runtime.

    python benchmarks/notes.py                  # notes of 0.25 to 5 s, rendered into a temporary folder
    OMP_NUM_THREADS=1 python benchmarks/notes.py --threads 1 --notes 144    # where other work is running

"Auricle" is what `kedro run --pipelines=train_note_analyzer` does: spectrograms from the store, batches of
notes of about one length, mixed precision, the Trainer. The plain loop does in `__getitem__` what tutorials
do: it loads the file with librosa, alters pitch or tempo or adds noise, and makes the spectrogram; its
batches, in random order, are padded to their longest; it trains in float32. Same network and notes, as
many of them.

Ours alters nothing here: stored copies (`variants`) are rendered once, and then take as long to read as the
notes themselves. benchmarks/waveform_augmentation.py has what they cost.

An epoch is one pass over the notes, without evaluation; both take turns in one process, and figures are
medians over the rounds, each after an epoch that warms up. Minutes for more notes and epochs are extrapolated
in proportion; "least" is what they would be if a training were nothing but one large product of matrices.
"""

import argparse
import math
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset
from torch.utils.flop_counter import FlopCounterMode

from auricle.audio.decode import decode
from auricle.audio.limits import AudioLimits
from auricle.audio.stft import StftFrontEnd, StftParams
from auricle.audio.store import SpectrogramStore
from auricle.audio.synthesis.notes import NotesDemoParams
from auricle.audio.synthesis.render import render_demo
from auricle.corpora.layouts import read_layout
from auricle.models.instruments import instrument_codes
from auricle.models.note_analyzer import NoteAnalyzer
from auricle.models.onnx_check import session_of
from auricle.models.onnx_export import OUTPUTS, onnx_of
from auricle.models.registry import build_model
from auricle.progress import track
from auricle.training.data import Subset
from auricle.training.device import resolve_device, resolve_precision
from auricle.training.sampling import EpochSampler, padding_share
from auricle.training.trainer import TrainingJob
from auricle.training.vocabulary import played_counts
from shipped import shipped, shipped_training
from train_cnn import Cost, median, plain_step, since, time_trainer

os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # for both, as in the project's settings

EPOCH_TARGET, LATENCY_TARGET = 5.0, 2.0
EPOCHS, NOTES = 30, 8000  # of which minutes are told
FRONT_END = StftFrontEnd(StftParams())
FRAMES = FRONT_END.frames(5.0)
SEMITONES, TEMPO, SNR_DB = 2.0, 0.1, (20, 40)
PASSES = {1: 41, 64: 7}  # by notes in a pass
SIDE = 2048  # of a matrix


@dataclass(frozen=True)
class Notes:
    """Files, what is to be learned of them, and their stored spectrograms."""

    paths: list[Path]
    subset: Subset
    store: SpectrogramStore
    instruments: list[str]
    labels: list[str]
    stored_in: float


class AlteredNotes(Dataset[dict[str, torch.Tensor]]):
    """Each note from its file, altered at random, as a spectrogram."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    def __len__(self) -> int:
        return len(self._notes.paths)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        samples, rate = librosa.load(self._notes.paths[index], sr=FRONT_END.sample_rate)
        magnitudes = np.abs(librosa.stft(altered(samples, int(rate)), n_fft=512, hop_length=128))
        decibels = librosa.amplitude_to_db(magnitudes, ref=1.0, top_db=80.0)[:, :FRAMES]
        subset = self._notes.subset
        assert subset.instruments is not None
        return {
            "input_values": torch.from_numpy(decibels),
            "labels": torch.tensor(subset.targets[index]),
            "instruments": torch.tensor(subset.instruments[index]),
        }


def altered(samples: np.ndarray, rate: int) -> np.ndarray:
    """Another pitch, another tempo, or noise, each as often."""
    kind = np.random.choice(["pitch", "tempo", "noise"])
    if kind == "pitch":
        steps = np.random.uniform(-SEMITONES, SEMITONES)
        return librosa.effects.pitch_shift(samples, sr=rate, n_steps=steps)
    if kind == "tempo":
        return librosa.effects.time_stretch(samples, rate=np.random.uniform(1 - TEMPO, 1 + TEMPO))
    scale = np.sqrt(np.mean(samples**2)) * 10 ** (-np.random.uniform(*SNR_DB) / 20)
    return samples + scale * np.random.standard_normal(len(samples)).astype(np.float32)


def padded(examples: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """A batch, padded to its longest note."""
    lengths = [example["input_values"].shape[1] for example in examples]
    values = [
        torch.nn.functional.pad(values, (0, max(lengths) - values.shape[1]), value=float(values.min()))
        for values in (example["input_values"] for example in examples)
    ]
    others = {name: torch.stack([row[name] for row in examples]) for name in ("labels", "instruments")}
    return {"input_values": torch.stack(values), "lengths": torch.tensor(lengths), **others}


def main() -> None:
    arguments = parse_arguments()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    with tempfile.TemporaryDirectory() as temporary:
        notes = render_notes(Path(temporary), arguments.notes)
        print(f"{date.today()}  {machine()}\n")
        job = training_job(notes, Path(temporary))
        report_epochs(measure_epochs(notes, job, arguments.rounds), notes, job)
        report_latency(build_model(job.config).eval(), notes)
    print(f"\nload at the end: {load()}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--notes", type=int, default=384, help="in an epoch, about")
    parser.add_argument("--rounds", type=int, default=3, help="timed epochs of each")
    parser.add_argument(
        "--threads", type=int, help="of PyTorch and ONNX Runtime; PyTorch's own choice by default"
    )
    return parser.parse_args()


def machine() -> str:
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, {torch.get_num_threads()} thread(s),"
        f" OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'not set')}, load {load()},"
        f" torch {torch.__version__}"
    )


def load() -> str:
    return " ".join(f"{mean:.1f}" for mean in os.getloadavg())


def render_notes(folder: Path, count: int) -> Notes:
    """Notes of twelve instruments, of 0.25 to 5 s, all lengths as often, and a store of spectrograms."""
    each = math.ceil(count / 12)
    demo = NotesDemoParams(
        notes_per_instrument=each, players_per_instrument=1, durations="uniform", broken_files=False
    )
    render_demo(folder / "notes", demo)
    table = read_layout("audiofolder", folder / "notes", {})
    paths = [folder / "notes" / path for path in table["path"]]
    keys = [f"{number:016x}" for number in range(len(paths))]
    start = time.perf_counter()
    with SpectrogramStore.open(folder, FRONT_END.digest, FRONT_END.n_bands, mode="a") as store:
        for key, path in zip(keys, track(paths, description="Caching spectrograms"), strict=True):
            store.append(
                {
                    key: FRONT_END(
                        decode(path, AudioLimits(min_duration_s=0.05), FRONT_END.sample_rate).samples
                    )
                }
            )
    stored_in = time.perf_counter() - start
    labels, instruments = sorted(table["label"].unique()), sorted(table["instrument"].unique())
    subset = Subset(
        np.array(keys, dtype=object),
        np.array([labels.index(label) for label in table["label"]], dtype=np.int64),
        instrument_codes(table["instrument"], instruments),
    )
    store = SpectrogramStore.open(folder, FRONT_END.digest, FRONT_END.n_bands)
    return Notes(paths, subset, store, instruments, labels, stored_in)


def training_job(notes: Notes, folder: Path) -> TrainingJob:
    """The training of conf/base, of two epochs on the CPU."""
    architecture, windows = shipped("note_analyzer", "notes")
    first = Subset(*(part[:1] for part in vars(notes.subset).values()))
    codes = notes.subset.instruments
    assert codes is not None
    return TrainingJob(
        config=architecture.config(
            n_bands=FRONT_END.n_bands,
            vocabulary=notes.labels,
            window_frames=FRAMES,
            hop_frames=FRAMES,
            frames_per_second=FRONT_END.frames_per_second,
            instruments=notes.instruments,
            counts=played_counts(codes, notes.subset.targets, len(notes.instruments), len(notes.labels)),
        ),
        store=notes.store,
        train=notes.subset,
        validation=first,
        crop_frames=FRAMES,
        batch_size=windows.batch_size,
        params=shipped_training("note_analyzer", "notes", device="cpu", epochs=2),
        device=resolve_device("cpu"),
        workdir=folder,
        name="benchmark",
    )


def measure_epochs(notes: Notes, job: TrainingJob, rounds: int) -> dict[str, list[Cost]]:
    """A warm epoch of each way of training, once per round and in turns; the reference last."""
    ours = f"Auricle, {resolve_precision(job.params.precision, job.device)}"
    costs: dict[str, list[Cost]] = {ours: [], "librosa in __getitem__, float32": []}
    for number in track(range(rounds), description="Training", unit="round"):
        costs[ours].append(time_trainer(replace(job, workdir=job.workdir / f"work-{number}")))
        costs["librosa in __getitem__, float32"].append(time_plain_loop(job, AlteredNotes(notes)))
    return costs


def time_plain_loop(job: TrainingJob, notes: AlteredNotes) -> Cost:
    """The second epoch of the loop that every tutorial has, in the memory layout that tensors come in."""
    model = NoteAnalyzer(job.config).train()
    model.blocks[0][0].register_forward_pre_hook(
        lambda _, inputs: inputs[0].clone(memory_format=torch.contiguous_format)
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=job.params.learning_rate)
    loader = DataLoader(notes, batch_size=job.params.batch_size, shuffle=True, collate_fn=padded)
    for _ in range(2):
        start = (time.perf_counter(), time.process_time())
        for batch in loader:
            plain_step(model, optimizer, batch, job.params.max_grad_norm)
        cost = since(start)
    return cost


def report_epochs(costs: dict[str, list[Cost]], notes: Notes, job: TrainingJob) -> None:
    count = len(notes.paths)
    seconds = [notes.store.frames(name) / FRONT_END.frames(1.0) for name in notes.subset.recording_ids]
    span = f"{min(seconds):.2f} to {max(seconds):.2f} s, {statistics.mean(seconds):.2f} in the mean"
    print(f"{count} notes of {span},")
    print(f"batches of {job.batch_size}; the store made once in {notes.stored_in:.1f} s\n")
    print(f"{'':<34}{'s / epoch':>10}{'CPU s':>8}{'ms / note':>11}{'ratio':>8}{'CPU ratio':>11}{'min':>9}")
    medians = {name: median(rows) for name, rows in costs.items()}
    ours, reference = medians.values()
    for name, cost in medians.items():
        minutes = EPOCHS * NOTES * cost.wall / count / 60
        print(
            f"{name:<34}{cost.wall:>10.2f}{cost.cpu:>8.2f}{1000 * cost.wall / count:>11.1f}"
            f"{cost.wall / ours.wall:>8.1f}{cost.cpu / ours.cpu:>11.1f}{minutes:>9.0f}"
        )
    print(f"min: minutes for {EPOCHS} epochs of {NOTES:,} notes, extrapolated from these {count}")
    report_padding(notes, job)
    report_least(notes, job)
    print(verdict(reference.wall / ours.wall, EPOCH_TARGET))


def report_padding(notes: Notes, job: TrainingJob) -> None:
    """The share of an epoch that is padding, of these notes and of those that minutes are told of."""
    here = np.array([min(notes.store.frames(name), FRAMES) for name in notes.subset.recording_ids])
    many = np.random.default_rng(0).choice(here, NOTES)
    shares = []
    for lengths in (here, many):
        size, rows = job.params.batch_size, len(lengths)
        ours = EpochSampler(rows, 0, lengths=lengths, batch_size=size).padding_share(FRAMES)
        at_random = padding_share(np.random.default_rng(0).permutation(rows), lengths, size, FRAMES)
        shares.append(f"{ours:.1%} by length and {at_random:.1%} at random of {rows:,} notes")
    print(f"padding: {', '.join(shares)}")


def report_least(notes: Notes, job: TrainingJob) -> None:
    """How long those epochs take at the least: their arithmetic, at the rate of a product of matrices."""
    frames = round(statistics.mean(notes.store.frames(name) for name in notes.subset.recording_ids))
    spectrograms = torch.zeros(2, FRONT_END.n_bands, min(frames, FRAMES))
    with FlopCounterMode(display=False) as counter:
        build_model(job.config).train()(spectrograms, labels=torch.tensor([0, 1])).loss.backward()
    operations = counter.get_total_flops() / len(spectrograms) * EPOCHS * NOTES
    in_bf16 = resolve_precision(job.params.precision, job.device) == "bf16"
    matrix = torch.ones(SIDE, SIDE, dtype=torch.bfloat16 if in_bf16 else torch.float32)
    (seconds,) = in_turns(PASSES[1], lambda: matrix @ matrix)
    rate = 2 * SIDE**3 / statistics.median(seconds)
    print(
        f"least: {operations / rate / 60:.0f} minutes, for {operations / 1e15:.2f} PFLOP at the"
        f" {rate / 1e9:.0f} GFLOP/s of a product of matrices ({matrix.dtype})"
    )


def report_latency(network: Any, notes: Notes) -> None:
    session = session_of(onnx_of(network))
    random = np.random.default_rng(0).permutation(len(notes.paths))[:64]
    spectrograms = [
        torch.from_numpy(np.float32(notes.store[notes.subset.recording_ids[place]])) for place in random
    ]
    second = max(spectrograms, key=lambda values: values.shape[1])[:, : FRONT_END.frames(1.0)]
    threads = f"one after the other, {torch.get_num_threads()} thread(s) each, float32, load {load()}"
    print(f"\nlatency: {threads}")
    print(f"{'median ms (10 to 90 %)':<28}{'torch':>26}{'ONNX Runtime':>26}{'ratio':>8}")
    for name, clips, passes in (
        ("one note of 1 s", [second], PASSES[1]),
        (f"{len(spectrograms)} notes", spectrograms, PASSES[64]),
    ):
        rows = [
            {"input_values": values, "labels": torch.tensor(0), "instruments": torch.tensor(1)}
            for values in clips
        ]
        given = padded(rows)
        del given["labels"]
        arrays = {name: values.numpy() for name, values in given.items()}
        in_torch, in_onnx = in_turns(
            passes,
            lambda given=given: network(**given).logits,
            lambda arrays=arrays: session.run(list(OUTPUTS), arrays),
        )
        ratio = statistics.median(in_torch) / statistics.median(in_onnx)
        print(f"{name:<28}{spread(in_torch):>26}{spread(in_onnx):>26}{ratio:>8.2f}")
        print(verdict(ratio, LATENCY_TARGET))


def in_turns(passes: int, *answers: Callable[[], Any]) -> list[list[float]]:
    """Seconds of each, one pass after the other, the first two forgotten."""
    seconds: list[list[float]] = [[] for _ in answers]
    with torch.inference_mode():
        for _ in range(passes + 2):
            for times, answer in zip(seconds, answers, strict=True):
                start = time.perf_counter()
                answer()
                times.append(time.perf_counter() - start)
    return [times[2:] for times in seconds]


def spread(seconds: list[float]) -> str:
    low, high = np.quantile(seconds, (0.1, 0.9)) * 1000
    return f"{1000 * statistics.median(seconds):.1f} ({low:.1f} to {high:.1f})"


def verdict(ratio: float, target: float) -> str:
    return f"ratio {ratio:.1f}, target {target:.1f}: {'reached' if ratio >= target else 'MISSED'}"


if __name__ == "__main__":
    main()
