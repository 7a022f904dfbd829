"""What two models cost: seconds for a recording, both in turn on the same ones, and bytes of their files."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from auricle.audio.limits import AudioLimits
from auricle.errors import AudioError
from auricle.inference.classifier import AudioClassifier
from auricle.models.bundle import BundleRef, sealed_files
from auricle.retraining.params import LatencyParams


class Cost(NamedTuple):
    """Of one model.

    Attributes:
        seconds: for a recording on the CPU, decoding included; None where it was not measured.
        bytes: of the files under the bundle's seal.
        recordings: that it was timed on.
    """

    seconds: float | None
    bytes: int
    recordings: int = 0


def costs_of(
    bundles: Mapping[str, BundleRef], files: Sequence[Path], params: LatencyParams, limits: AudioLimits
) -> dict[str, Cost]:
    """Measure models side by side.

    Each recording is predicted by one model and then by the other, so that whatever else the machine does
    slows both. Of each recording the shortest time counts, of all of them the median. Exported files (ONNX)
    are left aside: a challenger has none yet.

    Args:
        bundles: by name.
        files: recordings; those that cannot be used are left out.
        params: how often each is predicted.
        limits: of decoding.
    """
    times, heard = _times(bundles, files, params.repeats, limits) if files else ({}, 0)
    return {name: Cost(times.get(name), size_of(bundle), heard) for name, bundle in bundles.items()}


def size_of(bundle: BundleRef) -> int:
    """Bytes of the files under the seal of a bundle."""
    return sum((bundle.path / name).stat().st_size for name in sealed_files(bundle.path))


def timed_files(manifest: pd.DataFrame, recordings: Path, splits: Sequence[str], count: int) -> list[Path]:
    """Recordings to be timed on: some of a split, spread over it by their content's digest.

    Args:
        manifest: of the corpus.
        recordings: their folder.
        splits: the first of these that any recording is in is taken.
        count: how many.
    """
    usable = manifest[manifest["status"] == "ok"].sort_values("recording_id")
    chosen = next((rows for split in splits if len(rows := usable[usable["split"] == split])), usable)
    places = np.linspace(0, len(chosen) - 1, min(count, len(chosen))).round().astype(int)
    return [recordings / path for path in chosen["path"].iloc[places]]


def _times(
    bundles: Mapping[str, BundleRef], files: Sequence[Path], repeats: int, limits: AudioLimits
) -> tuple[dict[str, float], int]:
    models = {
        name: AudioClassifier(bundle, device="cpu", limits=limits, cache_size=0, backend="torch")
        for name, bundle in bundles.items()
    }
    usable = [file for file in files if all(_can(model, file) for model in models.values())]
    if not usable:
        return {}, 0
    found: dict[str, list[float]] = {name: [] for name in models}
    for file in usable:
        shortest = dict.fromkeys(models, float("inf"))
        for _ in range(repeats):
            for name, model in models.items():
                started = time.perf_counter()
                model.predict(file)
                shortest[name] = min(shortest[name], time.perf_counter() - started)
        for name, seconds in shortest.items():
            found[name].append(seconds)
    return {name: float(np.median(seconds)) for name, seconds in found.items()}, len(usable)


def _can(model: AudioClassifier, file: Path) -> bool:
    """Whether a model can predict a recording; what the first one costs more is then paid."""
    try:
        model.predict(file)
    except AudioError:
        return False
    return True
