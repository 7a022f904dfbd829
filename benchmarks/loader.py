"""Random crops per second and worker: from the spectrogram store, from .npy files, and with librosa.

    python benchmarks/loader.py                        # 100,000 recordings, 3.6 GB in a temporary folder
    python benchmarks/loader.py --recordings 20000 --workers 0 2

All three give batches of float32 crops of 3 s, 128 bands, through PyTorch's DataLoader. The store and the
.npy files hold the same random spectrograms, which cost as much to read as any; librosa decodes wav files of
10 s and cuts the crop out of their log-mel spectrogram. Memory is what the process holds for itself
(RssAnon), read while an epoch over all recordings goes on: pages of the mapped file are the system's cache.
"""

import argparse
import logging
import os
import platform
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import soundfile
import torch
from torch.utils.data import DataLoader, Dataset

from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.audio.store import SpectrogramStore
from auricle.progress import track
from auricle.training.data import CropDataset, Subset, keep_batch
from auricle.training.sampling import EpochSampler

TARGET = 2000.0
FRONT_END = LogMelFrontEnd(FrontEndParams())
BANDS = FRONT_END.n_bands
CROP = FRONT_END.frames(3.0)
LONGEST = CROP + 20
BATCH = 64
CHUNK = 1000


class NpyCrops(Dataset[torch.Tensor]):
    """Crops of one .npy file a recording, mapped into memory."""

    def __init__(self, files: list[Path]) -> None:
        self._files = files

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> torch.Tensor:
        spectrogram = np.load(self._files[index], mmap_mode="r")
        start = np.random.randint(spectrogram.shape[1] - CROP + 1)
        return torch.from_numpy(spectrogram[:, start : start + CROP].astype(np.float32))


class LibrosaCrops(Dataset[torch.Tensor]):
    """Crops of the log-mel spectrogram of a wav file."""

    def __init__(self, files: list[Path]) -> None:
        self._files = files

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> torch.Tensor:
        params = FRONT_END.params
        samples, rate = librosa.load(self._files[index], sr=params.sample_rate)
        mel = librosa.feature.melspectrogram(
            y=samples, sr=rate, n_fft=params.n_fft, hop_length=params.hop_length, n_mels=params.n_mels
        )
        spectrogram = librosa.power_to_db(mel, top_db=params.top_db)
        start = np.random.randint(spectrogram.shape[1] - CROP + 1)
        return torch.from_numpy(spectrogram[:, start : start + CROP].astype(np.float32))


def main() -> None:
    arguments = parse_arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    print(f"{date.today()}  {platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}\n")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        subset = fill_store(folder, arguments.recordings)
        ours = crops_of(folder, subset)
        npy, wav = NpyCrops(npy_files(folder, 2 * CHUNK)), LibrosaCrops(wav_files(folder, 64))
        print(f"{'crops / s (per worker)':<28}" + "".join(f"{f'{n} workers':>20}" for n in arguments.workers))
        rates = {}
        for name, dataset, sampler in (
            ("store", ours, EpochSampler(len(ours), seed=0)),
            (".npy", npy, None),
            ("librosa", wav, None),
        ):
            rates[name] = [
                rate(dataset, sampler, workers, arguments.seconds) for workers in arguments.workers
            ]
            cells = (
                f"{f'{crops:,.0f} ({crops / max(1, n):,.0f})':>20}"
                for crops, n in zip(rates[name], arguments.workers, strict=True)
            )
            print(f"{name:<28}" + "".join(cells))
        report_memory(ours)
        alone = rates["store"][0] / max(1, arguments.workers[0])
        print(
            f"\n{alone:,.0f} crops/s per core, target {TARGET:,.0f}: {'met' if alone >= TARGET else 'MISSED'}"
        )


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--recordings", type=int, default=100_000, help="in the store")
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2], help="of the DataLoader")
    parser.add_argument("--seconds", type=float, default=5.0, help="to measure each for")
    return parser.parse_args()


def spectrograms(count: int, seed: int) -> Iterator[np.ndarray]:
    """Random spectrograms, each a little longer than a crop: slices of one block of noise."""
    random = np.random.default_rng(seed)
    noise = random.normal(-40, 15, size=(BANDS, LONGEST + 1000)).astype(np.float16)
    for start in random.integers(1000, size=count):
        yield noise[:, start : start + LONGEST]


def fill_store(folder: Path, recordings: int) -> Subset:
    names = [f"{number:016x}" for number in range(recordings)]
    with SpectrogramStore.open(folder, FRONT_END.digest, BANDS, mode="a") as store:
        for start in track(range(0, recordings, CHUNK), description="Filling the store", unit="chunk"):
            chunk = names[start : start + CHUNK]
            store.append(dict(zip(chunk, spectrograms(len(chunk), start), strict=True)))
    return Subset(np.array(names, dtype=object), np.zeros(recordings, dtype=np.int64))


def crops_of(folder: Path, subset: Subset) -> CropDataset:
    store = SpectrogramStore.open(folder, FRONT_END.digest, BANDS)
    return CropDataset(store, subset, crop_frames=CROP, crops_per_recording=1, seed=0)


def npy_files(folder: Path, count: int) -> list[Path]:
    files = [folder / f"{number}.npy" for number in range(count)]
    for file, spectrogram in zip(files, spectrograms(count, 0), strict=True):
        np.save(file, spectrogram)
    return files


def wav_files(folder: Path, count: int) -> list[Path]:
    random = np.random.default_rng(0)
    rate = FRONT_END.sample_rate
    files = [folder / f"{number}.wav" for number in range(count)]
    for file in files:
        soundfile.write(file, random.normal(scale=0.1, size=10 * rate), rate)
    return files


def loader_of(dataset: Dataset[Any], sampler: EpochSampler | None, workers: int) -> DataLoader[Any]:
    """A loader as the training makes it; the others collate as everybody does."""
    collate = {} if sampler is None else {"collate_fn": keep_batch}
    return DataLoader(
        dataset, batch_size=BATCH, sampler=sampler, shuffle=sampler is None, num_workers=workers, **collate
    )


def rate(dataset: Dataset[Any], sampler: EpochSampler | None, workers: int, seconds: float) -> float:
    """Crops per second, over epochs, from the second batch on."""
    batches = endless(loader_of(dataset, sampler, workers))
    next(batches)
    crops, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        batch = next(batches)
        crops += len(batch["input_values"] if isinstance(batch, dict) else batch)
    return crops / (time.perf_counter() - start)


def endless(loader: DataLoader[Any]) -> Iterator[Any]:
    while True:
        yield from loader


def report_memory(dataset: CropDataset) -> None:
    """Print what the process holds while it loads every recording once."""
    status = Path("/proc/self/status")
    if not status.is_file():
        print("\nmemory: not measured, this system has no /proc")
        return
    loader = loader_of(dataset, EpochSampler(len(dataset), seed=0), workers=0)
    marks = {round(share * (len(loader) - 1)): share for share in (0.0, 0.25, 0.5, 0.75, 1.0)}
    held = []
    for number, _ in enumerate(loader):
        if number in marks:
            line = next(row for row in status.read_text().splitlines() if row.startswith("RssAnon"))
            held.append(f"{marks[number]:.0%} {int(line.split()[1]) / 1024:.0f} MiB")
    print(f"\nmemory over an epoch of {len(dataset):,} recordings: {', '.join(held)}")


if __name__ == "__main__":
    main()
