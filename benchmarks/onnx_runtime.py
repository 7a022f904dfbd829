"""What exported models take: torch as it is, torch.compile and ONNX Runtime, one recording and many at once.

    python benchmarks/onnx.py                              # every model
    python benchmarks/onnx.py --kinds cnn note_analyzer --passes 50 --without-compile

Networks on spectrograms have the size and windows of conf/base, others the size of their defaults. They have
learned nothing, which costs what one costs that has, and hear a window (of cnn_lstm 6 s, of others 3 s; a
note of 1 s; a forest the features of a recording), front end not included. Torch is given what prediction
gives it, in its fastest memory layout. The ways take turns, pass by pass, so that other work on the machine
meets all of them; figures are medians, in brackets the 10th and 90th percentile. Throughput is of 16 at once.
A forest stands beside scikit-learn, which nothing compiles.

Below, int8 (dynamic quantization by ONNX Runtime) and fp16 beside the exported float32: how fast, how far
from it in a probability, and how often another class is named among 64 recordings whose answers are apart.
Only what is faster and says the same would be exported.
"""

import argparse
import importlib
import json
import logging
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import torch
from transformers import ResNetConfig

from auricle.audio.descriptors import DescriptorExtractor, DescriptorParams
from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.audio.stft import StftFrontEnd, StftParams
from auricle.audio.waveform_front_end import WaveformParams
from auricle.models.bundle import seal
from auricle.models.forest import fit_forest, forest_config, forest_probabilities, load_forest, save_forest
from auricle.models.instruments import takes_instruments
from auricle.models.onnx_check import session_of, taken
from auricle.models.onnx_export import example_of, onnx_of
from auricle.models.onnx_forest import onnx_of_forest
from auricle.models.params import ForestParams, ModelParams
from auricle.models.registry import build_model
from shipped import shipped

TARGET = 2.0
BATCH, CLIPS, CLASSES = 16, 64, 10
FOREST = "random_forest"
SHIPPED = ("cnn", "hybrid", "resnet", "cnn_lstm")
KINDS = (*SHIPPED, "transfer", "note_analyzer", "note_analyzer_small", "wav2vec2", FOREST)
INSTRUMENTS = ("cello", "flute", "oboe")

Answer = Callable[[], Any]


@dataclass
class Model:
    """One model: its file, and what its ways of computing do with so many recordings.

    Attributes:
        content: the exported file.
        given: so many recordings, as the file takes them.
        ways: what each way answers with, made for recordings that are given.
    """

    content: bytes
    given: Callable[[int], dict[str, Any]]
    ways: dict[str, Callable[[dict[str, Any]], Answer]]


def main() -> None:
    arguments = parse_arguments()
    logging.disable(logging.WARNING)  # torch.compile tells of each branch that it cannot compile
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    print(
        f"{date.today()}  {platform.machine()}, {os.cpu_count()} cores, {torch.get_num_threads()} thread(s),"
        f" load {load()}, torch {torch.__version__}, ONNX Runtime {onnxruntime.__version__}\n"
    )
    models = {}
    for kind in arguments.kinds:
        models[kind] = forest() if kind == FOREST else network(kind, compiled=not arguments.without_compile)
    if "speed" in arguments.parts:
        report(models, arguments.passes)
    if "numbers" in arguments.parts:
        networks = {kind: model for kind, model in models.items() if kind != FOREST}
        report_numbers(networks, arguments.passes)
    print(f"\nload at the end: {load()}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--parts", nargs="+", choices=("speed", "numbers"), default=("speed", "numbers"))
    parser.add_argument("--passes", type=int, default=30, help="at batch 1; of many a sixth of them")
    parser.add_argument("--threads", type=int, default=None, help="of each way; torch's by default")
    parser.add_argument("--without-compile", action="store_true")
    return parser.parse_args()


def load() -> str:
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


def network(kind: str, *, compiled: bool) -> Model:
    """A network of its default size, exported."""
    torch.manual_seed(0)
    model: Any = build_model(config_of(kind)).eval()
    frames = note_frames(model) or model.config.window_frames

    def given(count: int) -> dict[str, Any]:
        return example_of(model, [frames] * count)

    spread_out(model, varied(given(CLIPS)))
    content = onnx_of(model)

    def in_torch(answering: Any) -> Callable[[dict[str, Any]], Answer]:
        return lambda tensors: lambda: answering(**tensors).logits

    ways = {"torch": in_torch(model)}
    if compiled:
        ways["torch.compile"] = in_torch(torch.compile(model, dynamic=False))
    return Model(content, given, ways | {"ONNX Runtime": in_onnx(content)})


def config_of(kind: str) -> Any:
    """As shipped, or of the defaults; notes hear through the STFT, encoders of speech waveforms."""
    front_end: Any = LogMelFrontEnd(FrontEndParams())
    more: dict[str, Any] = {}
    architecture, seconds = ModelParams.model_validate({"kind": kind}).root, 3.0
    if kind in SHIPPED:
        architecture, windows = shipped(kind)
        seconds = windows.window_seconds
    if kind.startswith("note"):
        front_end = StftFrontEnd(StftParams())
        more = {"instruments": INSTRUMENTS}
        if kind == "note_analyzer":
            more["frames_per_second"] = front_end.frames_per_second
    if kind == "wav2vec2":
        front_end = WaveformParams().make()
    window = front_end.frames(seconds)
    with tempfile.TemporaryDirectory() as folder:
        if kind == "transfer":  # the shape of the default's encoder; weights cost the same, whatever they are
            ResNetConfig().save_pretrained(folder)
            architecture = ModelParams.model_validate({"kind": kind, "backbone": folder}).root
        return architecture.config(
            n_bands=front_end.n_bands,
            vocabulary=[str(number) for number in range(CLASSES)],
            window_frames=window,
            hop_frames=window,
            **more,
        )


def note_frames(model: Any) -> int | None:
    """A note of a second; None of networks that hear windows."""
    return StftFrontEnd(StftParams()).frames(1.0) if takes_instruments(model.config) else None


def in_onnx(content: bytes) -> Callable[[dict[str, Any]], Answer]:
    session = session_of(content)

    def way(tensors: dict[str, Any]) -> Answer:
        arrays = tensors if "features" in tensors else taken(session, tensors)
        return lambda: session.run(None, arrays)

    return way


def forest() -> Model:
    """A forest of the default number of trees on the default descriptors, fitted on noise."""
    random = np.random.default_rng(0)
    extractor = DescriptorExtractor(DescriptorParams())
    names = list(extractor.names)
    vocabulary = [f"class {number}" for number in range(CLASSES)]
    features = pd.DataFrame(random.normal(size=(400, len(names))).astype(np.float32), columns=names)
    labels = [vocabulary[number] for number in random.integers(0, CLASSES, 400)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bundle"
        path.mkdir()
        fitted = fit_forest(features, labels, ForestParams(n_jobs=1))
        save_forest(fitted, path / "model.skops")
        (path / "config.json").write_text(json.dumps(forest_config(fitted, features, vocabulary)))
        (path / "training.json").write_text("{}")
        extractor.save_pretrained(path)
        bundle = seal(path)
        trees = load_forest(path / "model.skops")
        content = onnx_of_forest(bundle)

    def by_trees(arrays: dict[str, Any]) -> Answer:
        table = pd.DataFrame(arrays["features"], columns=names)
        return lambda: forest_probabilities(trees, table, vocabulary)

    return Model(
        content,
        lambda count: {"features": features.to_numpy()[:count]},
        {"scikit-learn": by_trees, "ONNX Runtime": in_onnx(content)},
    )


def report(models: dict[str, Model], passes: int) -> None:
    """Latency of one, throughput of many, and how many times as fast as the first way."""
    for title, count, rounds, shown in (
        ("latency of one, ms", 1, passes, latency),
        (f"throughput of {BATCH} at once, recordings / s", BATCH, max(4, passes // 6), throughput),
    ):
        print(f"{title}, median (10 to 90 %)")
        for kind, model in models.items():
            given = model.given(count)
            seconds = dict(
                zip(model.ways, in_turns(rounds, *[way(given) for way in model.ways.values()]), strict=True)
            )
            first = statistics.median(next(iter(seconds.values())))
            for way, times in seconds.items():
                if times is None:
                    print(f"  {kind:<20}{way:<15}{'cannot compile it':>26}")
                    continue
                ratio = first / statistics.median(times)
                verdict = ""
                if way == "ONNX Runtime" and count == 1:
                    verdict = f"  target {TARGET:g}: {'reached' if ratio >= TARGET else 'MISSED'}"
                print(f"  {kind:<20}{way:<15}{shown(times):>26}{ratio:>8.2f} x{verdict}", flush=True)
        print()


def in_turns(passes: int, *answers: Answer) -> list[list[float] | None]:
    """Seconds of each, one pass after the other, after two that are forgotten; None of what fails."""
    working: list[Answer | None] = []
    for answer in answers:
        working.append(answer if _answers(answer) else None)
    seconds: list[list[float]] = [[] for _ in answers]
    with torch.inference_mode():
        for _ in range(passes):
            for times, answer in zip(seconds, working, strict=True):
                if answer is not None:
                    start = time.perf_counter()
                    answer()
                    times.append(time.perf_counter() - start)
    return [times or None for times in seconds]


def _answers(answer: Answer) -> bool:
    """Warm up; whether it can be computed at all: torch.compile needs a C++ compiler, and not all can be."""
    try:
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answer()
            answer()
    except torch._dynamo.exc.TorchDynamoException as error:
        print(f"  torch.compile: {type(error).__name__}: {str(error).partition(chr(10))[0][:120]}")
        return False
    return True


def latency(seconds: list[float]) -> str:
    low, high = np.quantile(seconds, (0.1, 0.9)) * 1000
    return f"{1000 * statistics.median(seconds):.2f} ({low:.2f} to {high:.2f})"


def throughput(seconds: list[float]) -> str:
    low, high = BATCH / np.quantile(seconds, (0.9, 0.1))
    return f"{BATCH / statistics.median(seconds):.1f} ({low:.1f} to {high:.1f})"


def report_numbers(models: dict[str, Model], passes: int) -> None:
    """int8 and fp16 beside float32, and whether they would be exported."""
    print(f"other numbers than float32: times as fast for one and for {BATCH}, largest difference of a")
    print(f"probability, and other classes named, of {CLIPS}")
    for kind, model in models.items():
        for numbers, made in (("int8", as_int8), ("fp16", as_fp16)):
            try:
                content = made(model.content)
            except Exception as error:  # each converter fails in ways of its own
                print(f"  {kind:<20}{numbers:<6}left out: {type(error).__name__}, {str(error).strip()[:70]}")
                continue
            if not can_be_loaded(content):
                print(f"  {kind:<20}{numbers:<6}left out: ONNX Runtime cannot load it", flush=True)
                continue
            told = compared(model, session_of(model.content), session_of(content), passes)
            print(f"  {kind:<20}{numbers:<6}{told}", flush=True)


def compared(model: Model, reference: Any, session: Any, passes: int) -> str:
    factors = []
    for count, rounds in ((1, passes), (BATCH, max(4, passes // 6))):
        arrays = taken(reference, model.given(count))
        ours, theirs = in_turns(
            rounds,
            lambda arrays=arrays: reference.run(None, arrays),
            lambda arrays=arrays: session.run(None, arrays),
        )
        assert ours is not None and theirs is not None
        factors.append(statistics.median(ours) / statistics.median(theirs))
    arrays = taken(reference, varied(model.given(CLIPS)))
    expected, said = (each.run(["probabilities"], arrays)[0] for each in (reference, session))
    largest = float(np.abs(expected - said).max())
    others = int((expected.argmax(axis=1) != said.argmax(axis=1)).sum())
    faster, equal = min(factors) > 1, others == 0 and largest <= 1e-4
    verdict = "faster and equal" if faster and equal else "left out"
    told = " and ".join(
        reason for reason, holds in (("not faster", not faster), ("not equal", not equal)) if holds
    )
    return (
        f"{factors[0]:>6.2f} x{factors[1]:>7.2f} x{largest:>10.1e}{others:>4} of {CLIPS}  {verdict}"
        f"{f': {told}' if told else ''}"
    )


def varied(given: dict[str, Any]) -> dict[str, Any]:
    """Recordings that differ: bands rise and fall from one to the next, by whole decibels."""
    values = given["input_values"]
    tilt = torch.randn((*values.shape[:-1], 1), generator=torch.Generator().manual_seed(1))
    return given | {"input_values": values * (1 + tilt) if values.shape[1] == 1 else values + 15 * tilt}


def spread_out(model: Any, clips: dict[str, torch.Tensor]) -> None:
    """Give a network that has learned nothing, and says the same of all, answers that are apart.

    Its last layer is changed, so that logits of these clips have mean 0 and deviation 2.
    """
    last = getattr(model.classifier, "out_proj", model.classifier)
    with torch.no_grad():
        logits = model(**clips).logits
        factor = 2 / logits.std(dim=0).mean()
        last.weight *= factor
        last.bias.copy_(factor * (last.bias - logits.mean(dim=0)))


def as_int8(content: bytes) -> bytes:
    quantization = importlib.import_module("onnxruntime.quantization")
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "before.onnx", Path(folder) / "after.onnx"
        before.write_bytes(content)
        quantization.quantize_dynamic(before, after, weight_type=quantization.QuantType.QInt8)
        return after.read_bytes()


def as_fp16(content: bytes) -> bytes:
    float16 = importlib.import_module("onnxruntime.transformers.float16")
    proto = float16.convert_float_to_float16(onnx.load_from_string(content), keep_io_types=True)
    made: bytes = proto.SerializeToString()
    return made


def can_be_loaded(content: bytes) -> bool:
    """Tried in a process of its own: ONNX Runtime 1.31 crashes while it loads the CNN-RNN in fp16."""
    code = "import onnxruntime, sys; onnxruntime.InferenceSession(sys.stdin.buffer.read())"
    tried = subprocess.run(
        [sys.executable, "-P", "-c", code], input=content, capture_output=True, check=False
    )
    return tried.returncode == 0
