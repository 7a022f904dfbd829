"""Altered copies of recordings: rendered once into a store, beside altering each crop while training.

    python benchmarks/waveform_augmentation.py            # demo recordings, rendered into a temporary folder
    python benchmarks/waveform_augmentation.py --figures  # and what copies do to the CNN's macro-F1

One pass over the training recordings by one process says what each kind of change costs; the whole, child
processes included, is what `cache_spectrograms` with `variants: {count: 3}` takes. Crops of 3 s come from
PyTorch's DataLoader in batches of 64: of the recordings' store, of that and the store of copies, and on the
fly, where each crop's recording is decoded, three seconds of it are altered, and the front end makes their
spectrogram. Each of the latter is altered afresh, which is what it has over copies that are made once.

`--figures` trains the CNN of `kedro run` with 0 and with 3 copies, once for each seed, and judges both on the
same validation and test recordings.
"""

import argparse
import logging
import os
import platform
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch.utils.data import Dataset

from auricle.audio.decode import decode
from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.audio.limits import AudioLimits
from auricle.audio.store import SpectrogramStore
from auricle.audio.synthesis import DemoParams
from auricle.audio.synthesis.render import render_demo
from auricle.audio.waveform_augment import Change, VariantParams, change_of
from auricle.corpora.params import IngestParams
from auricle.corpora.selection import training_paths
from auricle.datasets.spectrograms import SpectrogramStoreDataset
from auricle.models.params import CnnParams
from auricle.models.windows import WindowParams
from auricle.pipelines.cache_spectrograms.nodes import cache_spectrograms, render_variants
from auricle.pipelines.ingest.nodes import assign_splits_and_build_manifest, inspect_recordings
from auricle.training.data import CropDataset, Subset
from auricle.training.deep import DeepTraining
from auricle.training.folds import partitions
from auricle.training.params import TrainParams
from auricle.training.quiet import quiet_transformers
from auricle.training.sampling import CropKey, EpochSampler
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
KINDS = (Change("pitch", 1.3, 0), Change("stretch", 1.07, 0), Change("noise", 30.0, 0))


@dataclass(frozen=True)
class Corpus:
    """Demo recordings, their spectrograms and the altered copies of those to learn from."""

    root: Path
    manifest: pd.DataFrame
    store: SpectrogramStore
    variants: Variants
    seconds: float


def paths_of(corpus: Corpus) -> list[Path]:
    return [corpus.root / path for path in training_paths(corpus.manifest).values()]


def subset_of(corpus: Corpus) -> Subset:
    ids = np.array(list(training_paths(corpus.manifest)), dtype=object)
    return Subset(ids, np.zeros(len(ids), dtype=np.int64))


class OnTheFly(Dataset[dict[str, torch.Tensor]]):
    """Crops that are decoded, altered and made spectrograms when they are asked for, by (epoch, index)."""

    def __init__(self, corpus: Corpus) -> None:
        self._paths = paths_of(corpus)
        self._subset = subset_of(corpus)

    def __len__(self) -> int:
        return len(self._paths) * CROPS_PER_RECORDING

    def __getitems__(self, keys: Sequence[CropKey]) -> dict[str, torch.Tensor]:
        """A batch at once, as `CropDataset` gives it."""
        crops = np.stack([self._crop(epoch, index) for epoch, index in keys])
        return {"input_values": torch.from_numpy(crops)}

    def _crop(self, epoch: int, index: int) -> np.ndarray:
        random = np.random.default_rng((0, epoch, index))
        turn, recording = divmod(index, len(self._paths))
        change = None
        # As often as the store's: one crop of four is of the recording as it is.
        if random.integers(PARAMS.count + 1):
            number = epoch * CROPS_PER_RECORDING + turn + 1
            change = change_of(PARAMS, self._subset.recording_ids[recording], number)
        samples = decode(self._paths[recording], LIMITS, RATE).samples
        tempo = change.amount if change is not None and change.kind == "stretch" else 1.0
        length = round(CROP * FRONT_END.params.hop_length * tempo) + 1
        start = int(random.integers(max(1, len(samples) - length)))
        cut = samples[start : start + length]
        return FRONT_END(cut if change is None else change(cut, RATE))[:, :CROP]


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
            torch.set_num_threads(os.cpu_count() or 1)
            report_figures(corpus, arguments, Path(temporary))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clips", type=int, default=12, help="of each of eight genres")
    parser.add_argument("--duration", type=float, default=10.0, help="of a recording, in seconds")
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 2], help="of the DataLoader")
    parser.add_argument("--seconds", type=float, default=5.0, help="to measure each for")
    parser.add_argument("--figures", action="store_true", help="train the CNN with and without copies")
    parser.add_argument("--seeds", type=int, default=3, help="of --figures")
    parser.add_argument("--epochs", type=int, default=40, help="of --figures")
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
    _, manifest = assign_splits_and_build_manifest(root, files, pd.DataFrame(), INGEST)
    originals, copies = (SpectrogramStoreDataset(filepath=str(folder / name)) for name in ("store", "copies"))
    front_end = FRONT_END.params
    for chunk in cache_spectrograms(root, manifest, originals.load(), front_end, LIMITS, INGEST):
        originals.save(chunk)
    start = time.perf_counter()
    for chunk in render_variants(root, manifest, copies.load(), front_end, PARAMS, LIMITS, INGEST):
        copies.save(chunk)
    seconds = time.perf_counter() - start
    variants = Variants.open(copies.load(), FRONT_END, PARAMS, manifest)
    assert variants is not None
    store = SpectrogramStore.open(originals.load(), FRONT_END.digest, FRONT_END.n_bands)
    return Corpus(root, manifest, store, variants, seconds)


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

    sources: dict[str, Dataset[Any]] = {
        "no augmentation": cut(None),
        "copies in the store": cut(corpus.variants),
        "on the fly": OnTheFly(corpus),
    }
    print(f"{'crops / s':<24}" + "".join(f"{f'{n} workers':>14}" for n in arguments.workers))
    for name, dataset in sources.items():
        sampler = EpochSampler(len(subset_of(corpus)) * CROPS_PER_RECORDING, seed=0)
        rates = [rate(dataset, sampler, workers, arguments.seconds) for workers in arguments.workers]
        print(f"{name:<24}" + "".join(f"{crops:>14,.0f}" for crops in rates))


def report_figures(corpus: Corpus, arguments: argparse.Namespace, folder: Path) -> None:
    """Macro-F1 of the CNN on validation, at its best epoch, and on test."""
    examples = read_examples(corpus.manifest)
    test = np.flatnonzero(examples.splits == "test")
    part = replace(partitions(examples)[-1], name="test", test=test)
    print(
        f"\nthe CNN, {arguments.epochs} epochs at most: learns from {len(part.train)} recordings, validated"
        f" on {len(part.validation)}, tested on {len(test)}; chance {1 / len(examples.vocabulary):.3f}"
    )
    print(f"{'macro-F1':<12}{'seed':>6}{'epochs':>8}{'s / epoch':>12}{'validation':>12}{'test':>8}")
    found: dict[str, list[list[float]]] = {}
    for seed in range(arguments.seeds):
        for name, variants in (("0 copies", None), (f"{PARAMS.count} copies", corpus.variants)):
            params = TrainParams(seed=seed, epochs=arguments.epochs, device="cpu")
            training = DeepTraining.of(
                examples, corpus.store, FRONT_END, CnnParams(), params, WINDOW, variants
            )
            with quiet_transformers():
                _, told = training.fold(part, folder / f"{name} {seed}")
            history = told["history"]
            best = next(entry for entry in history if entry["epoch"] == told["best_epoch"])
            seconds = np.mean([entry["seconds"] for entry in history])
            found.setdefault(name, []).append([best["macro_f1"], told["macro_f1"]])
            print(
                f"{name:<12}{seed:>6}{len(history):>8}{seconds:>12.2f}{best['macro_f1']:>12.3f}"
                f"{told['macro_f1']:>8.3f}"
            )
    for name, figures in found.items():
        validation, tested = np.mean(figures, axis=0)
        print(f"{name:<12}{'mean':>6}{'':>20}{validation:>12.3f}{tested:>8.3f}")


if __name__ == "__main__":
    main()
