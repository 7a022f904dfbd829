"""Altered copies of recordings: rendered once into a store, beside altering each crop while training.

    python benchmarks/waveform_augmentation.py            # demo recordings, rendered into a temporary folder
    python benchmarks/waveform_augmentation.py --figures  # and what either does to the CNN's figures

One pass over the training recordings by one process says what each kind of change costs; the whole, child
processes included, is what `cache_spectrograms` with `variants: {count: 3}` takes. Crops of 3 s come from
PyTorch's DataLoader in batches of 64: of the recordings' store, of that and the store of copies, and on the
fly (`variants: {mode: on_the_fly}`), where three crops of four are decoded and altered afresh.

`--figures` trains the CNN of `kedro run` without copies, with 3 stored ones and on the fly, once for each
seed, in one process on one thread, and judges all on the same test recordings: the mean over seeds, with 95 %
intervals over artists and seeds, beside guessing. Seconds of an epoch are those of the clock, validation
included, and those of the CPU, with the prediction of the test recordings, which depend less
on what else runs.
"""

import argparse
import logging
import os
import platform
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from auricle.audio.decode import decode
from auricle.audio.front_ends import FrontEndChoice
from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.audio.limits import AudioLimits
from auricle.audio.store import SpectrogramStore
from auricle.audio.synthesis import DemoParams
from auricle.audio.synthesis.render import render_demo
from auricle.audio.waveform_augment import Change, VariantParams
from auricle.corpora.labels import SINGLE, LabelParams
from auricle.corpora.params import IngestParams
from auricle.corpora.selection import training_paths
from auricle.datasets.spectrograms import SpectrogramStoreDataset
from auricle.evaluation.ablation import judge_ablation
from auricle.evaluation.params import EvaluateParams
from auricle.models.params import CnnParams
from auricle.models.windows import WindowParams
from auricle.pipelines.cache_spectrograms.nodes import cache_spectrograms, render_variants
from auricle.pipelines.ingest.nodes import (
    assign_splits_and_build_manifest,
    compare_recordings,
    inspect_recordings,
)
from auricle.training.data import CropDataset, Subset
from auricle.training.deep import DeepTraining
from auricle.training.folds import partitions
from auricle.training.on_the_fly import OnTheFlyVariants
from auricle.training.params import TrainParams
from auricle.training.quiet import quiet_transformers
from auricle.training.sampling import EpochSampler
from auricle.training.stored_variants import StoredVariants
from auricle.training.variants import Variants
from auricle.training.vocabulary import read_examples
from loader import rate

PARAMS = VariantParams(count=3)
FRONT_END = LogMelFrontEnd(FrontEndParams())
RATE = FRONT_END.sample_rate
LIMITS = AudioLimits()
WINDOW = WindowParams(window_seconds=3.0, hop_seconds=3.0)
CROP = FRONT_END.frames(WINDOW.window_seconds)
INGEST = IngestParams(layout="audiofolder", group_by="artist", validation_share=0.17, test_share=0.25)
# So many that an epoch outlasts the measurement: workers are then started once.
CROPS_PER_RECORDING = 2000
FIGURES = ("macro_f1", "mean_average_precision")
KINDS = (Change("pitch", 1.3, 0), Change("stretch", 1.07, 0), Change("noise", 30.0, 0))


@dataclass(frozen=True)
class Corpus:
    """Demo recordings, their spectrograms and the altered copies of those to learn from."""

    root: Path
    manifest: pd.DataFrame
    store: SpectrogramStore
    variants: StoredVariants
    on_the_fly: OnTheFlyVariants
    seconds: float

    @property
    def ways(self) -> dict[str, Variants | None]:
        """What crops may come from."""
        return {
            "no copies": None,
            f"{PARAMS.count} stored copies": self.variants,
            "on the fly": self.on_the_fly,
        }


def paths_of(corpus: Corpus) -> list[Path]:
    return [corpus.root / path for path in training_paths(corpus.manifest).values()]


def subset_of(corpus: Corpus) -> Subset:
    ids = np.array(list(training_paths(corpus.manifest)), dtype=object)
    return Subset(ids, np.zeros(len(ids), dtype=np.int64))


def main() -> None:
    arguments = parse_arguments()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    torch.set_num_threads(1)
    print(f"{date.today()}  {platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}\n")
    with tempfile.TemporaryDirectory() as temporary:
        corpus = make_corpus(Path(temporary), arguments)
        report_changes(paths_of(corpus))
        report_copies(corpus)
        report_crops(corpus, arguments)
        if arguments.figures:
            report_figures(corpus, arguments, Path(temporary))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clips", type=int, default=12, help="of each of eight genres")
    parser.add_argument("--duration", type=float, default=10.0, help="of a recording, in seconds")
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 2], help="of the DataLoader")
    parser.add_argument("--seconds", type=float, default=5.0, help="to measure each for")
    parser.add_argument("--figures", action="store_true", help="train the CNN in each of the ways")
    parser.add_argument("--seeds", type=int, default=2, help="of --figures")
    parser.add_argument("--epochs", type=int, default=20, help="of --figures")
    return parser.parse_args()


def make_corpus(folder: Path, arguments: argparse.Namespace) -> Corpus:
    """Render, ingest and cache, by the nodes of the project."""
    root = folder / "demo"
    demo = DemoParams(
        broken_files=False,
        clips_per_genre=arguments.clips,
        artists_per_genre=max(6, arguments.clips // 2),
        duration_s=arguments.duration,
    )
    render_demo(root, demo)
    files = pd.concat(inspect_recordings(root, {}, pd.DataFrame(), INGEST, LIMITS))
    alike = compare_recordings(files, INGEST)
    _, manifest = assign_splits_and_build_manifest(root, files, alike, pd.DataFrame(), INGEST)
    originals, copies = (SpectrogramStoreDataset(filepath=str(folder / name)) for name in ("store", "copies"))
    front_end = FrontEndChoice(FRONT_END.params)
    for chunk in cache_spectrograms(root, manifest, originals.load(), front_end, LIMITS, INGEST):
        originals.save(chunk)
    start = time.perf_counter()
    wanted = (front_end, PARAMS, LIMITS, INGEST, LabelParams())
    for chunk in render_variants(root, manifest, copies.load(), *wanted):
        copies.save(chunk)
    seconds = time.perf_counter() - start
    variants = StoredVariants.open(copies.load(), FRONT_END, PARAMS, manifest)
    on_the_fly = OnTheFlyVariants.open(root, FRONT_END, VariantParams(mode="on_the_fly"), manifest, LIMITS)
    store = SpectrogramStore.open(originals.load(), FRONT_END.digest, FRONT_END.n_bands)
    return Corpus(root, manifest, store, variants, on_the_fly, seconds)


def report_changes(paths: Sequence[Path]) -> None:
    """Seconds a recording for each kind of change, by this process alone; without any beside it."""
    print(f"{'s per recording':<20}{'decoding':>12}{'altering':>12}{'front end':>12}{'in all':>12}")
    for change in (None, *KINDS):
        if change is not None:  # numba compiles, and librosa loads what it needs
            change(np.ones(RATE, dtype=np.float32), RATE)
        spent = np.zeros(3)
        for path in paths:
            marks = [time.perf_counter()]
            samples = decode(path, LIMITS, RATE).samples
            marks.append(time.perf_counter())
            altered = samples if change is None else change(samples, RATE)
            marks.append(time.perf_counter())
            FRONT_END(altered)
            marks.append(time.perf_counter())
            spent += np.diff(marks)
        each = [*spent / len(paths), spent.sum() / len(paths)]
        name = "none" if change is None else change.kind
        print(f"{name:<20}" + "".join(f"{seconds:>12.4f}" for seconds in each))


def report_copies(corpus: Corpus) -> None:
    names = subset_of(corpus).recording_ids
    store = corpus.variants.store
    copies = [store.get(name, variant).nbytes for name in names for variant in store.variants(name)]
    originals = [corpus.store[name].nbytes for name in names]
    print(
        f"\n{len(copies)} copies of {len(names)} recordings in {corpus.seconds:.1f} s by child processes,"
        f" with their start: {corpus.seconds / len(copies):.3f} s each"
        f"\n{np.mean(copies):,.0f} bytes a copy, {np.mean(originals):,.0f} bytes a recording\n"
    )


def report_crops(corpus: Corpus, arguments: argparse.Namespace) -> None:
    def cut(variants: Variants | None) -> CropDataset:
        return CropDataset(
            corpus.store,
            subset_of(corpus),
            crop_frames=CROP,
            crops_per_recording=CROPS_PER_RECORDING,
            seed=0,
            variants=variants,
        )

    print(f"{'crops / s':<24}" + "".join(f"{f'{n} workers':>14}" for n in arguments.workers))
    for name, variants in corpus.ways.items():
        dataset = cut(variants)
        sampler = EpochSampler(len(subset_of(corpus)) * CROPS_PER_RECORDING, seed=0)
        rates = [rate(dataset, sampler, workers, arguments.seconds) for workers in arguments.workers]
        print(f"{name:<24}" + "".join(f"{crops:>14,.0f}" for crops in rates))


def report_figures(corpus: Corpus, arguments: argparse.Namespace, folder: Path) -> None:
    """Figures of the CNN on test recordings, with intervals, and what an epoch takes."""
    examples = read_examples(corpus.manifest)
    test = np.flatnonzero(examples.splits == "test")
    part = replace(partitions(examples)[-1], name="test", test=test)
    print(
        f"\nthe CNN, {arguments.epochs} epochs at most, {arguments.seeds} seeds: learns from"
        f" {len(part.train)} recordings, validated on {len(part.validation)}, tested on {len(test)}"
    )
    tables, costs = [], []

    def trained(variants: Variants | None, place: str, **params: int) -> tuple[pd.DataFrame, dict[str, Any]]:
        asked = TrainParams(device="cpu", **params)
        training = DeepTraining.of(examples, corpus.store, FRONT_END, CnnParams(), asked, WINDOW, variants)
        with quiet_transformers():
            return training.fold(part, folder / place)

    trained(None, "warm", epochs=1)  # what is imported on the way is no part of an epoch
    for seed in range(arguments.seeds):
        for name, variants in corpus.ways.items():
            start = time.process_time()
            table, told = trained(variants, f"{name} {seed}", seed=seed, epochs=arguments.epochs)
            cpu, epochs = time.process_time() - start, len(told["history"])
            wall = sum(entry["seconds"] for entry in told["history"])
            tables.append(table.assign(variant=name, seed=seed, split="test"))
            costs.append({"variant": name, "epochs": epochs, "wall": wall / epochs, "cpu": cpu / epochs})
    report_judgement(pd.concat(tables, ignore_index=True), pd.DataFrame(costs), corpus.manifest)


def report_judgement(predictions: pd.DataFrame, costs: pd.DataFrame, manifest: pd.DataFrame) -> None:
    """A row for each way, the differences from the first, and guessing."""
    judged = judge_ablation(predictions, manifest, EvaluateParams(), LabelParams(), {SINGLE})
    mean = costs.groupby("variant").mean()
    print(f"{'':<18}{'epochs':>8}{'s / epoch':>11}{'CPU s':>8}{'macro-F1':>27}{'mAP':>27}")
    for entry in judged["experiments"]:
        cost, figures = mean.loc[entry["name"]], entry["figures"]
        print(
            f"{entry['name']:<18}{cost['epochs']:>8.1f}{cost['wall']:>11.2f}{cost['cpu']:>8.2f}"
            + "".join(f"{interval(figures[name]):>27}" for name in FIGURES)
        )
    guessed = (f"{judged['baseline'][name]:.3f}" for name in FIGURES)
    print(f"{'guessing':<45}" + "".join(f"{value:>27}" for value in guessed))
    for found in judged["differences"]:
        if found["figure"] in FIGURES:
            print(f"{found['model']} less {found['than']}, {found['figure']}: {interval(found)}")
    print(
        f"{judged['recordings']} recordings of {judged['groups']} artists; {judged['confidence']:.0%}"
        f" intervals by {judged['bootstrap_samples']} resamples of artists and seeds"
    )
    print("\n".join(judged["warnings"]))


def interval(figure: Mapping[str, Any]) -> str:
    if figure["low"] is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"


if __name__ == "__main__":
    main()
