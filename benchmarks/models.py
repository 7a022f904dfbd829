"""What each network costs for how many genres: parameters, size, seconds per epoch, latency.

    python benchmarks/models.py
    python benchmarks/models.py --kinds resnet --genres 8 50 --device cuda
    python benchmarks/models.py --genres 8 --precision float32 --compile

Each has the size and the windows of conf/base. An epoch is one pass of the project's own training over 64
random crops as long as these windows (3 s, of cnn_lstm 6 s) in batches of 8, without evaluation, the second
of two. Latency is the median of passes of one window through the network in evaluation, as in prediction,
front end not included, never compiled. Processor time stands beside the wall clock: where other work is
running, it is the steadier figure, with OMP_NUM_THREADS=1 above all (idle threads spin). Under --compile all
of the compiling falls into the first epoch, whose seconds stand in the last column.
"""

import argparse
import platform
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import get_args

import numpy as np
import torch

from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.audio.store import SpectrogramStore
from auricle.models.registry import MODEL_TYPES, build_model
from auricle.studies import STUDIES
from auricle.training.data import Subset
from auricle.training.device import check_compiled, resolve_device, resolve_precision
from auricle.training.params import PrecisionName, TrainParams
from auricle.training.quiet import quiet_transformers
from auricle.training.trainer import TrainingJob
from shipped import shipped
from train_cnn import Cost, median, since, time_epochs

# A pretrained encoder has the size of whatever is named; benchmarks/wav2vec2.py has what hears waveforms.
ELSEWHERE = ("transfer", "wav2vec2")
OURS = [kind for kind in STUDIES["genre"] if kind in MODEL_TYPES and kind not in ELSEWHERE]
CLIPS = 64
PASSES = 20


def main() -> None:
    arguments = parse_arguments()
    device = resolve_device(arguments.device)
    precision = resolve_precision(arguments.precision, device)
    check_compiled(arguments.compile, device, precision)
    print(f"{date.today()}  {platform.machine()}, {device}, {torch.get_num_threads()} threads, {precision}\n")
    print(
        f"{'network':<10}{'genres':>8}{'parameters':>14}{'MB':>8}{'s / epoch':>12}{'CPU s':>8}"
        f"{'ms / window':>14}{'CPU ms':>8}{'first epoch':>13}"
    )
    for kind in arguments.kinds:
        for genres in arguments.genres:
            with tempfile.TemporaryDirectory() as temporary:
                job = job_of(kind, genres, Path(temporary), device, precision, compiled=arguments.compile)
                model = build_model(job.config)
                with quiet_transformers():
                    model.save_pretrained(temporary)
                size = (Path(temporary) / "model.safetensors").stat().st_size / 1e6
                first, epoch = time_epochs(job)
            window = latency(model, job, device)
            print(
                f"{kind:<10}{genres:>8}{model.num_parameters():>14,}{size:>8.1f}{epoch.wall:>12.2f}{epoch.cpu:>8.2f}"
                f"{1000 * window.wall:>14.1f}{1000 * window.cpu:>8.1f}{first.wall:>13.1f}",
                flush=True,
            )


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kinds", nargs="+", choices=OURS, default=OURS)
    parser.add_argument("--genres", type=int, nargs="+", default=[8, 20, 50, 100, 200])
    parser.add_argument("--device", choices=("cpu", "cuda", "mps"), default="cpu")
    parser.add_argument("--precision", choices=get_args(PrecisionName), default="auto")
    parser.add_argument("--compile", action="store_true", help="train through torch.compile")
    return parser.parse_args()


def job_of(
    kind: str, genres: int, folder: Path, device: torch.device, precision: PrecisionName, *, compiled: bool
) -> TrainingJob:
    """A training on random spectrograms: their content costs nothing, their number and length do."""
    front_end = LogMelFrontEnd(FrontEndParams())
    architecture, window = shipped(kind)
    frames = front_end.frames(window.window_seconds)
    random = np.random.default_rng(0)
    names = [f"{number:016x}" for number in range(CLIPS)]
    noise = random.normal(-40, 15, size=(CLIPS, front_end.n_bands, 2 * frames)).astype(np.float16)
    with SpectrogramStore.open(folder, front_end.digest, front_end.n_bands, mode="a") as store:
        store.append(dict(zip(names, noise, strict=True)))
    subset = Subset(np.array(names, dtype=object), np.arange(CLIPS, dtype=np.int64) % genres)
    return TrainingJob(
        config=architecture.config(
            n_bands=front_end.n_bands,
            vocabulary=[str(number) for number in range(genres)],
            window_frames=frames,
            hop_frames=frames,
        ),
        store=SpectrogramStore.open(folder, front_end.digest, front_end.n_bands),
        train=subset,
        validation=Subset(subset.recording_ids[:1], subset.targets[:1]),
        crop_frames=frames,
        batch_size=window.batch_size,
        params=TrainParams(epochs=2, device=device.type, precision=precision, compile=compiled),
        device=device,
        workdir=folder / "work",
        name="benchmark",
    )


def latency(model: torch.nn.Module, job: TrainingJob, device: torch.device) -> Cost:
    """Of one window in evaluation, the median of several passes."""
    window = torch.randn(1, job.config.n_bands, job.crop_frames, device=device) * 15 - 40
    costs = []
    model.to(device).eval()
    with torch.inference_mode():
        for _ in range(PASSES):
            start = (time.perf_counter(), time.process_time())
            model(window).logits.cpu()
            costs.append(since(start))
    return median(costs)


if __name__ == "__main__":
    main()
