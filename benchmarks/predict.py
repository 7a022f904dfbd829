"""Predicting a library: hours of mp3 a minute with the pooled CNN, and where the time goes.

    python benchmarks/predict.py                     # 320 clips of 30 s that Auricle synthesizes
    python benchmarks/predict.py --backend torch     # instead of ONNX Runtime

The whole is what `kedro run --pipelines=predict` does with files that it has not met: decoding and the front
end in child processes, the network in batches across files, rows of results. Its start (interpreters, the
model) is left out: it is measured from the first chunk of results to the last but one. The parts run one
after the other on one core and one thread, a clip at a time; the network as in the whole. A network that has
learned nothing costs what one costs that has. Processor time stands beside the clock's: on a machine with
other work it is the steadier figure.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import torch

from auricle.audio.decode import decode
from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.audio.limits import AudioLimits
from auricle.audio.synthesis.encoding import Encoding, encode
from auricle.corpora.shards import ShardedRows
from auricle.inference.bulk.files import LARGE, POOL_FILES, predict_files
from auricle.inference.bulk.job import plan, scorer_of
from auricle.inference.bulk.params import PredictParams
from auricle.inference.note_batches import BatchParams
from auricle.models.bundle import BundleRef, seal
from auricle.models.onnx_check import checked
from auricle.models.onnx_export import onnx_of
from auricle.models.params import CnnParams
from auricle.models.registry import build_model, load_deep
from auricle.models.whole_file import write_whole

RATE, SECONDS, CLASSES = 44_100, 30, 10
WINDOW_S = 3.0
DISTINCT = 16
TARGET = 20.0

Cost = tuple[float, float]


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--clips", type=int, default=320)
    options.add_argument("--workers", type=int, default=None, help="child processes; all cores by default")
    options.add_argument("--backend", choices=["onnx", "torch"], default="onnx")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        bundle = make_bundle(root)
        write_clips(root / "music", chosen.clips)
        params = PredictParams.model_validate(
            {
                "input": str(root / "music"),
                "model": str(bundle.path),
                "device": "cpu",
                "backend": chosen.backend,
                "workers": chosen.workers,
                "chunk_size": POOL_FILES,
            }
        )
        whole_s = whole(root, params)
        parts_s = parts(root, bundle, params)
    cores = len(os.sched_getaffinity(0))
    print(f"\nA pooled CNN by {chosen.backend}, {chosen.clips} mp3 of {SECONDS} s, {cores} cores\n")
    print("| | ms a file | hours of mp3 a minute | ms of processor time |\n|---|---|---|---|")
    for name, (wall, cpu) in {f"the whole, {cores} cores": whole_s, **parts_s}.items():
        print(f"| {name} | {1000 * wall:.1f} | {hours_a_minute(wall):.1f} | {1000 * cpu:.1f} |")
    print(f"\nTarget on two cores: at least {TARGET:g} hours a minute.")


def make_bundle(root: Path) -> BundleRef:
    """The CNN as the demo corpus trains it, but untrained, laid out and exported as after a training."""
    torch.manual_seed(0)
    path = root / "06_models/genre/cnn/bundle/v1/bundle"
    front_end = LogMelFrontEnd(FrontEndParams())
    window = front_end.frames(WINDOW_S)
    config = CnnParams().config(
        n_bands=front_end.n_bands,
        vocabulary=[f"genre {number}" for number in range(CLASSES)],
        window_frames=window,
        hop_frames=window,
    )
    build_model(config).eval().save_pretrained(path)
    front_end.save_pretrained(path)
    (path / "training.json").write_text("{}")
    bundle = seal(path)
    content = checked(onnx_of(bundle), load_deep(bundle))
    write_whole(root / "06_models/genre/cnn/onnx/v1/model.onnx", content)
    return bundle


def write_clips(folder: Path, count: int) -> None:
    """Tones that come and go in noise, and copies of these: mp3 of music takes about as long to decode.

    Copies cost what others would: only what an earlier run has heard is known by its content.
    """
    folder.mkdir()
    encoding = Encoding("MP3", "MPEG_LAYER_III", RATE, 2)
    seconds = np.arange(RATE * SECONDS) / RATE
    encoded = []
    for number in range(DISTINCT):
        rng = np.random.default_rng(number)
        tones = sum(
            np.sin(2 * np.pi * rng.uniform(60, 8_000) * seconds) * np.sin(seconds * rng.uniform(0.5, 9)) ** 2
            for _ in range(6)
        )
        noise = rng.normal(scale=0.1, size=(len(seconds), 2))
        sound = (0.1 * np.asarray(tones)[:, None] + noise).astype(np.float32)
        encoded.append(encode(sound, encoding, RATE))
    for number in range(count):
        (folder / f"{number:05}.mp3").write_bytes(encoded[number % DISTINCT])


def now() -> Cost:
    """Seconds by the clock, and of processor time of this process and its children, ended ones too."""
    own = psutil.Process()
    spent = sum(own.cpu_times()[:4])  # of itself, and of the children that it has waited for
    return time.perf_counter(), spent + sum(sum(child.cpu_times()[:4]) for child in own.children())


def each(begun: Cost, ended: Cost, files: int) -> Cost:
    return (ended[0] - begun[0]) / files, (ended[1] - begun[1]) / files


def whole(root: Path, params: PredictParams) -> Cost:
    """Seconds a file in the steady state."""
    job = plan(params, root)
    moments: list[tuple[Cost, int]] = []
    for rows in predict_files(job, ShardedRows(root / "ledger", "path", LARGE), params):
        assert rows["reason"].eq("").all()
        moments.append((now(), len(rows)))
    if len(moments) < 3:
        raise SystemExit(f"--clips: more than {2 * POOL_FILES} are needed for a steady state")
    # The children are gone before the last chunk is given, and their time with them.
    steady = moments[:-1]
    return each(steady[0][0], steady[-1][0], sum(count for _, count in steady[1:]))


def parts(root: Path, bundle: BundleRef, params: PredictParams) -> dict[str, Cost]:
    """Seconds a file of each part alone, on one thread."""
    files = sorted((root / "music").iterdir())[:POOL_FILES]
    with one_thread():
        scorer = scorer_of(bundle, None, params)
        begun = now()
        waveforms = [decode(path, AudioLimits(), scorer.sample_rate).samples for path in files]
        decoded = now()
        heard = [scorer.hear(waveform) for waveform in waveforms]
        transformed = now()
        scorer.score(heard, BatchParams())
        scored = now()
    return {
        "decoding and resampling, one core": each(begun, decoded, len(files)),
        "front end, one core": each(decoded, transformed, len(files)),
        "network, one core": each(transformed, scored, len(files)),
    }


@contextmanager
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def hours_a_minute(seconds_a_file: float) -> float:
    return SECONDS / seconds_a_file * 60 / 3600


if __name__ == "__main__":
    main()
