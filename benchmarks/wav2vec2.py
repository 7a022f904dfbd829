"""A speech encoder's epoch: waveforms made ready once and batches by length, beside decoding for each batch.

    python benchmarks/wav2vec2.py                     # 96 clips of 1 to 10 s, the small encoder, one core
    python benchmarks/wav2vec2.py --clips 24 --minutes 2

Both train the same encoder on the same clips of 44.1 kHz, 8 at a time, each padded to the longest of its
batch. "Per batch" is what scripts for such encoders do: librosa decodes and resamples each file, the
feature extractor of transformers makes the batch, and the order is random. "Once" is Auricle:
`cache_waveforms` has filled the store, and `batches_by_length` is on. The last line is that as `precision:
auto` trains it on this machine, in bf16 where the processor has it; scripts train in float32. Each is the
second epoch, in an order of its own, after one that warms up. Beside it stands what each costs without the
network, all in seconds of one core. Then the memory that a process holds for itself, without mapped files,
while it trains on and predicts clips of ten minutes, by windows. Where there is an NVIDIA GPU, the base
encoder with random weights at clips of 5 s.
"""

import argparse
import multiprocessing
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import soundfile
import torch
from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor

from auricle.audio.limits import AudioLimits
from auricle.audio.waveform_front_end import WaveformParams
from auricle.audio.waveform_shards import make_shards
from auricle.audio.waveform_store import WaveformStore, commit
from auricle.models.padding import Padding
from auricle.models.params import Wav2Vec2Params
from auricle.models.registry import build_model
from auricle.models.windows import predict_stored
from auricle.training.data import CropDataset, Subset
from auricle.training.device import Precision, resolve_device, resolve_precision
from auricle.training.sampling import EpochSampler, padding_share

TARGET = 2.0
RATE, FILE_RATE = 16_000, 44_100
BATCH = 8
LONGEST_S = 10
CLASSES = 5
GPU_BATCH, GPU_SECONDS, GPU_STEPS = 64, 5, 20
FRONT_END = WaveformParams().make()

Batches = Iterator[dict[str, torch.Tensor]]


def main() -> None:
    arguments = parse_arguments()
    torch.set_num_threads(1)
    print(
        f"{date.today()}  {platform.machine()}, {os.cpu_count()} cores, one used, torch {torch.__version__}\n"
    )
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        epochs(folder, arguments.clips)
        memory(folder, arguments.minutes)
    if torch.cuda.is_available():
        on_gpu()
    else:
        print("\nGPU: none here, not measured")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clips", type=int, default=96, help="of 1 to 10 s, in an epoch")
    parser.add_argument("--minutes", type=float, default=10, help="length of the long clips")
    return parser.parse_args()


def epochs(folder: Path, count: int) -> None:
    """Print seconds per epoch of both ways, with and without the network, and their shares of padding."""
    seconds = np.random.default_rng(0).uniform(1, LONGEST_S, size=count)
    files = write_clips(folder, seconds)
    started = time.perf_counter()
    store = filled(folder, files)
    print(f"{count} clips of 1 to {LONGEST_S} s; made ready once in {time.perf_counter() - started:.1f} s")
    subset = Subset(np.array(list(files), dtype=object), np.arange(count) % CLASSES)
    lengths = np.array([store.frames(name) for name in files], dtype=np.int64)
    sampler = EpochSampler(count, 0, lengths=lengths, batch_size=BATCH)
    by_length, at_random = [], []
    for epoch in range(2):
        sampler.set_epoch(epoch)
        by_length.append(np.array([index for _, index in sampler], dtype=np.int64))
        at_random.append(np.random.default_rng(epoch).permutation(count))

    def per_batch(order: np.ndarray) -> Batches:
        return decoded(list(files.values()), subset, order)

    def once(order: np.ndarray) -> Batches:
        return stored(store, subset, order)

    ours = resolve_precision("auto", resolve_device("cpu"))
    ways: list[tuple[str, Callable[[np.ndarray], Batches], list[np.ndarray], Precision]] = [
        ("per batch, float32", per_batch, at_random, "float32"),
        ("once, float32", once, by_length, "float32"),
    ]
    if ours != "float32":
        ways.append((f"once, {ours}", once, by_length, ours))
    print(f"\n{'':<20}{'epoch':>12}{'data alone':>12}{'padding':>12}{'times as fast':>16}")
    reference = ratio = 0.0
    for name, batches, (first, second), precision in ways:
        model = network()
        train(batches(first), model, precision)
        trained = timed(partial(train, batches(second), model, precision))
        alone = timed(partial(list, batches(second)))
        reference = reference or trained
        ratio = reference / trained
        share = 100 * padding_share(second, lengths, BATCH, LONGEST_S * RATE)
        print(f"{name:<20}{trained:>10.1f} s{alone:>10.1f} s{share:>10.1f} %{ratio:>16.1f}", flush=True)
    verdict = "met" if ratio >= TARGET else "MISSED"
    print(f"\nAuricle as it trains here: {ratio:.1f} times as fast, target {TARGET:g}: {verdict}")


def write_clips(folder: Path, seconds: np.ndarray) -> dict[str, Path]:
    """Wav files of noise, one for each duration, by name."""
    random = np.random.default_rng(0)
    files = {f"{number:016x}": folder / f"{number}.wav" for number in range(len(seconds))}
    for file, duration in zip(files.values(), seconds, strict=True):
        soundfile.write(file, random.normal(scale=0.1, size=round(duration * FILE_RATE)), FILE_RATE)
    return files


def filled(folder: Path, files: dict[str, Path]) -> WaveformStore:
    """The store of these files, as `cache_waveforms` makes it."""
    root = folder / "store"
    paths = {name: file.name for name, file in files.items()}
    with WaveformStore.open(root, FRONT_END.digest, mode="a") as store:
        for shard in make_shards(store, FRONT_END, folder, paths, AudioLimits(), workers=1):
            commit(shard.path, store.folder)
    return WaveformStore.open(root, FRONT_END.digest)


def stored(store: WaveformStore, subset: Subset, order: np.ndarray) -> Batches:
    """Batches as the training makes them."""
    crops = CropDataset(
        store,
        subset,
        crop_frames=LONGEST_S * RATE,
        crops_per_recording=1,
        seed=0,
        any_length=True,
        padding=Padding.ZEROS,
    )
    for start in range(0, len(order), BATCH):
        yield crops.__getitems__([(0, int(index)) for index in order[start : start + BATCH]])


def decoded(files: list[Path], subset: Subset, order: np.ndarray) -> Batches:
    """Batches as scripts make them that prepare nothing."""
    extractor = Wav2Vec2FeatureExtractor(return_attention_mask=True)
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        clips = [librosa.load(files[index], sr=RATE)[0] for index in chosen]
        made = extractor(clips, sampling_rate=RATE, padding=True, return_tensors="pt")
        yield {
            "input_values": made["input_values"][:, None],
            "lengths": made["attention_mask"].sum(dim=1),
            "labels": torch.from_numpy(subset.targets[chosen]),
        }


def network(**params: Any) -> Any:
    """A speech classifier that has learned nothing, in training."""
    torch.manual_seed(0)
    config = Wav2Vec2Params.model_validate(params).config(
        n_bands=1, vocabulary="abcde", window_frames=LONGEST_S * RATE, hop_frames=LONGEST_S * RATE
    )
    return build_model(config).train()


def train(batches: Batches, model: Any, precision: Precision = "float32") -> None:
    """A step for each batch."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    for batch in batches:
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
            loss = model(**batch).loss
        loss.backward()
        optimizer.step()


def timed(work: Callable[[], Any]) -> float:
    """Seconds that this process computes, whatever else the machine does."""
    started = time.process_time()
    work()
    return time.process_time() - started


def memory(folder: Path, minutes: float) -> None:
    """Print how much more memory clips of some minutes take than clips of a window."""
    print(f"\nmemory at most, beside clips of {LONGEST_S} s:")
    for name, seconds in (("clips of a window", LONGEST_S), (f"clips of {minutes:g} min", 60 * minutes)):
        place = folder / f"{seconds:g}"
        place.mkdir()
        files = write_clips(place, np.full(BATCH // 2, float(seconds)))
        store_root = filled(place, files).folder.parent
        context = multiprocessing.get_context("spawn")
        queue = context.Queue()
        process = context.Process(target=held, args=(store_root, list(files), queue))
        process.start()
        training, prediction = queue.get()
        process.join()
        print(f"{name:<24}training {training:>7.0f} MiB   prediction {prediction:>7.0f} MiB")


def held(root: Path, names: list[str], queue: Any) -> None:
    """Train on windows of these recordings, then predict them; tell the most that was held after each."""
    torch.set_num_threads(1)
    store = WaveformStore.open(root, FRONT_END.digest)
    subset = Subset(np.array(names, dtype=object), np.arange(len(names)) % CLASSES)
    model = network()
    train(stored(store, subset, np.tile(np.arange(len(names)), 4)), model)
    training = peak()
    for _ in predict_stored(model, store, subset.recording_ids[:1], batch_size=BATCH):
        pass
    queue.put((training, peak()))


def peak() -> float:
    """MiB that this process has held for itself at most: mapped pages of the store are the system's."""
    rows = Path("/proc/self/status").read_text().splitlines()
    held = {row.partition(":")[0]: row.split()[1] for row in rows if row.endswith("kB")}
    return (int(held["VmHWM"]) - int(held["RssFile"])) / 1024


def on_gpu() -> None:
    """Print samples per second of the base encoder, by precision, by attention, compiled or not."""
    print(f"\n{torch.cuda.get_device_name()}: {GPU_BATCH} clips of {GPU_SECONDS} s a step, base encoder")
    batch = {
        "input_values": torch.randn(GPU_BATCH, 1, GPU_SECONDS * RATE, device="cuda"),
        "labels": torch.arange(GPU_BATCH, device="cuda") % CLASSES,
    }
    with tempfile.TemporaryDirectory() as temporary:
        Wav2Vec2Config().save_pretrained(temporary)  # its weights are not read: random ones are as fast
        for precision in ("fp32", "bf16"):
            for attention in ("eager", "sdpa"):
                for compiled in (False, True):
                    model = network(encoder=temporary, attention=attention).cuda()
                    rate = steps_per_second(torch.compile(model) if compiled else model, batch, precision)
                    told = f"{precision}, {attention}{', torch.compile' if compiled else ''}"
                    print(f"{told:<28}{rate * GPU_BATCH:>10,.0f} samples/s", flush=True)


def steps_per_second(model: Any, batch: dict[str, torch.Tensor], precision: str) -> float:
    """Of training, after three steps to warm up."""
    optimizer = torch.optim.AdamW(
        [value for value in model.parameters() if value.requires_grad], lr=1e-5, fused=True
    )
    started = 0.0
    for step in range(3 + GPU_STEPS):
        if step == 3:
            torch.cuda.synchronize()
            started = time.perf_counter()
        optimizer.zero_grad()
        with torch.autocast("cuda", dtype=torch.bfloat16, enabled=precision == "bf16"):
            loss = model(**batch).loss
        loss.backward()
        optimizer.step()
    torch.cuda.synchronize()
    return GPU_STEPS / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
