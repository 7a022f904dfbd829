"""Filling the spectrogram cache: ours beside librosa and beside decoding alone, per core and on all cores.

    python benchmarks/cache.py                        # synthetic music
    python benchmarks/cache.py --recordings FOLDER    # renders what is in FOLDER as wav, flac, ogg and mp3

"ours" is what `kedro run --pipelines=cache_spectrograms` does: decode, resample and log-mel in child
processes, and appending to the store on the disk. "librosa" is `librosa.load`, `melspectrogram` and
`power_to_db`; "decode" is `soundfile.read` and nothing else, the floor.

"per core" rows run with everything, parent and children, pinned to one core. Times are wall-clock
milliseconds a file in the steady state (from the end of the first chunk; start-up is shown on its own),
medians over the repeats, which take turns. The processor time stands beside them: on a machine with other
work it is the steadier figure. Every process computes on one thread.
"""

import argparse
import logging
import multiprocessing
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import librosa
import numpy as np
import psutil
import soundfile
import soxr
from threadpoolctl import threadpool_limits

from auricle.audio.extraction import extract_in_chunks
from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.audio.limits import AudioLimits
from auricle.audio.store import SpectrogramStore

RATE = 44_100
SECONDS = 30
FORMATS = ("wav", "flac", "ogg", "mp3")
CHUNK_SIZE = 32
LEAST_SPEED_UP = 1.7
MOST_OF_DECODING = 2.0


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock and of processor time, of this process and its children."""

    wall: float
    cpu: float

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(self.wall - other.wall, self.cpu - other.cpu)

    def __truediv__(self, files: int) -> "Cost":
        return Cost(self.wall / files, self.cpu / files)


def now() -> Cost:
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    times = [process.cpu_times() for process in processes]
    return Cost(time.perf_counter(), sum(used.user + used.system for used in times))


def decode_alone(path: Path) -> int:
    return len(soundfile.read(path, dtype="float32")[0])


def with_librosa(path: Path) -> int:
    waveform, rate = librosa.load(path, sr=22_050)
    power = librosa.feature.melspectrogram(y=waveform, sr=rate, n_fft=2048, hop_length=512, n_mels=128)
    # float16 as it is kept, so that the child of a pool sends as little as ours.
    return len(librosa.power_to_db(power, top_db=80).astype(np.float16))


def run_pooled(function: Callable[[Path], int], paths: Sequence[Path], workers: int) -> Cost:
    """Cost a file: all paths through a warm pool, or through this process where one worker is enough."""
    if workers == 1:
        function(paths[0])
        start = now()
        for path in paths:
            function(path)
        return (now() - start) / len(paths)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=threadpool_limits, initargs=(1,)) as pool:
        list(pool.map(function, [paths[0]] * 4 * workers))
        start = now()
        list(pool.map(function, paths))
        return (now() - start) / len(paths)


def run_ours(paths: Sequence[Path], workers: int) -> tuple[Cost, Cost]:
    """Cost a file, writing included, and of the first chunk beyond that of a later one: the start-up."""
    front_end = LogMelFrontEnd(FrontEndParams())
    start = now()
    marks = []
    with (
        tempfile.TemporaryDirectory() as root,
        SpectrogramStore.open(Path(root), front_end.digest, front_end.n_bands, mode="a") as store,
    ):
        chunks = extract_in_chunks(
            front_end,
            paths[0].parent,
            {f"{number:016x}": path.name for number, path in enumerate(paths)},
            AudioLimits(),
            workers=workers,
            chunk_size=CHUNK_SIZE,
            description="ours",
            half_precision=True,
        )
        for chunk in chunks:
            store.append({key: value for key, value in chunk.items() if isinstance(value, np.ndarray)})
            marks.append(now())
            if len(store) == len(paths) - CHUNK_SIZE:
                # The children end with the last file, and their processor time with them.
                last = marks[-1]
        assert len(store) == len(paths), "every file must have gone through"
    steady = (last - marks[0]) / (len(paths) - 2 * CHUNK_SIZE)
    first = marks[0] - start
    return steady, Cost(first.wall - CHUNK_SIZE * steady.wall, first.cpu - CHUNK_SIZE * steady.cpu)


def measure(paths: Sequence[Path], workers: int, repeats: int) -> dict[str, list[Cost]]:
    """Cost a file of each way of doing it, and of starting ours, once per repeat and in turns."""
    costs: dict[str, list[Cost]] = {"decode": [], "librosa": [], "ours": [], "start-up": []}
    measured = paths[: -2 * CHUNK_SIZE]
    for _ in range(repeats):
        costs["decode"].append(run_pooled(decode_alone, measured, workers))
        costs["librosa"].append(run_pooled(with_librosa, measured, workers))
        steady, start_up = run_ours(paths, workers)
        costs["ours"].append(steady)
        costs["start-up"].append(start_up)
    return costs


def synthetic_music(seed: int) -> np.ndarray:
    """Chords over a beat in stereo, float32 [shape=(n, 2)]: as hard to decode as music is."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(SECONDS * RATE) / RATE
    beat = np.exp(-8 * (time_s % 0.5))
    left, right = (0.05 * beat * rng.standard_normal(len(time_s)) for _ in range(2))
    for pitch in rng.uniform(80, 800, 6):
        for harmonic in range(1, 6):
            tone = 0.05 / harmonic * np.sin(2 * np.pi * harmonic * pitch * time_s + rng.uniform(0, 6))
            left += tone * (1 + beat) * rng.uniform(0.2, 1)
            right += tone * (1 + beat) * rng.uniform(0.2, 1)
    return np.stack([left, right], axis=1).astype(np.float32)


def real_music(path: Path) -> np.ndarray:
    """A recording as 30 s of 44.1 kHz stereo; a mono one gets a slightly delayed right channel."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    samples = soxr.resample(samples[:, :2], rate, RATE)
    if samples.shape[1] == 1:
        samples = np.concatenate([samples, np.roll(samples, 40)], axis=1)
    return np.resize(samples, (SECONDS * RATE, 2)) * np.float32(0.9)


def render(folder: Path, recordings: Path | None, count: int) -> dict[str, list[Path]]:
    """Write the same music in every format."""
    found = [p for p in sorted(recordings.rglob("*")) if p.suffix[1:] in FORMATS] if recordings else []
    sources = found[:: max(1, len(found) // count)][:count]
    files: dict[str, list[Path]] = {name: [] for name in FORMATS}
    for number in range(len(sources) or count):
        music = real_music(sources[number]) if sources else synthetic_music(number)
        for name, paths in files.items():
            paths.append(folder / f"{number:02d}.{name}")
            with soundfile.SoundFile(paths[-1], "w", RATE, 2) as sound:
                for start in range(0, len(music), RATE):  # libsndfile's Ogg encoder overflows on long blocks
                    sound.write(music[start : start + RATE])
    return files


def report(title: str, costs: dict[str, dict[str, list[Cost]]]) -> None:
    print(f"\n{title}: wall ms a file (processor ms)")
    print(
        "format       decode          librosa         ours            librosa/ours  ours/decode  start-up s"
    )
    for name, rows in costs.items():
        cells = [
            f"{1e3 * median(rows[way], 'wall'):7.1f} ({1e3 * median(rows[way], 'cpu'):5.1f})"
            for way in ("decode", "librosa", "ours")
        ]
        ratios = f"{ratio(rows, 'librosa', 'ours'):12.2f} {ratio(rows, 'ours', 'decode'):12.2f}"
        print(f"{name:6} {'  '.join(cells)} {ratios} {median(rows['start-up'], 'wall'):11.2f}")


def median(costs: Sequence[Cost], field: str) -> float:
    return statistics.median(getattr(cost, field) for cost in costs)


def ratio(rows: dict[str, list[Cost]], above: str, below: str, field: str = "wall") -> float:
    """Median of the ratios within each repeat: what disturbs one repeat disturbs both sides of it."""
    return statistics.median(
        getattr(a, field) / getattr(b, field) for a, b in zip(rows[above], rows[below], strict=True)
    )


def judge(rows: dict[str, list[Cost]]) -> None:
    speed_up, share = ratio(rows, "librosa", "ours"), ratio(rows, "ours", "decode")
    speed_up_cpu, share_cpu = ratio(rows, "librosa", "ours", "cpu"), ratio(rows, "ours", "decode", "cpu")
    print(
        f"\nmp3 per core: {speed_up:.2f} x librosa, {speed_up_cpu:.2f} by processor time "
        f"(target {LEAST_SPEED_UP}: {'met' if speed_up >= LEAST_SPEED_UP else 'missed'})"
    )
    print(
        f"mp3 per core: {share:.2f} x decoding alone, {share_cpu:.2f} by processor time "
        f"(target {MOST_OF_DECODING}: {'met' if share <= MOST_OF_DECODING else 'missed'})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Cost of filling the spectrogram cache")
    parser.add_argument(
        "--recordings", type=Path, help="folder of music to render; synthetic music otherwise"
    )
    parser.add_argument("--distinct", type=int, default=8, help="different pieces of music")
    parser.add_argument(
        "--files", type=int, default=64, help="files measured at a time (pieces are repeated)"
    )
    parser.add_argument("--repeats", type=int, default=3, help="measurements, of which the median counts")
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=FORMATS, help="file formats")
    args = parser.parse_args()
    logging.disable(logging.INFO)
    cores = os.sched_getaffinity(0)
    print(f"{date.today()}  {platform.machine()}, {len(cores)} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as folder:
        files = render(Path(folder), args.recordings, args.distinct)
        chunks = -(-args.files // CHUNK_SIZE) + 2  # the first and the last chunk are not measured
        jobs = {name: (files[name] * chunks * CHUNK_SIZE)[: chunks * CHUNK_SIZE] for name in args.formats}
        os.sched_setaffinity(0, {min(cores)})
        with threadpool_limits(1):
            per_core = {name: measure(paths, 1, args.repeats) for name, paths in jobs.items()}
        report("per core", per_core)
        os.sched_setaffinity(0, cores)
        all_cores = {name: measure(paths, len(cores), args.repeats) for name, paths in jobs.items()}
        report(f"all {len(cores)} cores", all_cores)
    if "mp3" in per_core:
        judge(per_core["mp3"])


if __name__ == "__main__":
    main()
