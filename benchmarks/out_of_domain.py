"""Out of domain: do a genre model's confidence and its out-of-domain score tell cries of infants from music?

    AURICLE_REAL_DATA=/folder python benchmarks/out_of_domain.py             # some ten minutes of one core
    python benchmarks/out_of_domain.py --rates 8000 --run-root data/gtzan_8k  # models that are there

A forest and a CNN are trained on 50 tracks of gtzan_mini, with 20 for validation, and hear the 30 others and
all cries of Donate a Cry. AUROC is how often a cry gets the higher score. Cries are of 8 kHz and last 7 s,
tracks of 22.05 kHz and 30 s, so that the band alone would tell them apart: the tracks are also heard through
8 kHz, and in excerpts of 7 s; and with 8000 among `--rates`, models are trained that hear nothing above 4 kHz
of either. Intervals are by resamples of tracks and of app instances. The reference is the probability of the
most probable class (Hendrycks and Gimpel, "A Baseline for Detecting Misclassified and Out-of-Distribution
Examples", 2017).
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import soxr
from sklearn.metrics import roc_auc_score

import auricle
from auricle.audio.decode import decode
from auricle.audio.limits import AudioLimits
from auricle.models.domain import load_domain

PROJECT = Path(__file__).resolve().parents[1]
MODELS = ("random_forest", "cnn")
CRY_RATE, CRY_SECONDS = 8000, 7
SPLITS = {"protocol": "holdout", "validation_share": 0.2, "test_share": 0.3}
SAMPLES = 500
INSTANCE = slice(0, 36)  # of a cry's file name

Wave = np.ndarray[Any, np.dtype[np.float32]]


def main() -> None:
    arguments = parse_arguments()
    data = os.environ.get("AURICLE_REAL_DATA")
    if not data:
        print("AURICLE_REAL_DATA is not set: the folder with gtzan_mini and donateacry is needed.")
        return
    print(f"{date.today()}  gtzan_mini, {SPLITS['test_share']:.0%} for the test, and Donate a Cry\n")
    for rate in arguments.rates:
        with tempfile.TemporaryDirectory() as temporary:
            root = arguments.run_root or trained(Path(temporary), Path(data), rate)
            measure(root, Path(data), rate)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--rates", type=int, nargs="+", default=[22_050, CRY_RATE], help="of the models, in Hz"
    )
    parser.add_argument(
        "--run-root", type=Path, help="of trained models, for one rate; else they are trained"
    )
    parser.add_argument("--cries", type=int, default=1000, help="at most")
    arguments = parser.parse_args()
    if arguments.run_root and len(arguments.rates) != 1:
        parser.error("--run-root is of models of one rate: name it with --rates.")
    return arguments


def trained(folder: Path, data: Path, rate: int) -> Path:
    """A project of its own in which both models were trained; returns its run root."""
    for name in ("conf", "src", "pyproject.toml"):
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        copy(PROJECT / name, folder / name)
    # Without the published lists, of which few files of this selection are.
    (folder / "gtzan").mkdir()
    (folder / "gtzan/genres").symlink_to(data / "gtzan_mini/genres")
    params = {f"genre.ingest.{name}": value for name, value in SPLITS.items()}
    if rate == CRY_RATE:
        bands = {"sample_rate": CRY_RATE, "n_fft": 512, "hop_length": 128}
        params |= {
            f"genre.{part}.{name}": value
            for part in ("front_end", "descriptors")
            for name, value in bands.items()
        }
    command = [sys.executable, "-m", "kedro", "run", "--env=gtzan", "--pipelines=train_rf,train_cnn"]
    command += ["--params=" + ",".join(f"{name}={value}" for name, value in params.items())]
    place = {"AURICLE_GTZAN": str(folder / "gtzan"), "PYTHONPATH": str(folder / "src")}
    done = subprocess.run(
        command, cwd=folder, env=os.environ | place, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stdout[-3000:] + done.stderr[-3000:])
    return folder / "data/gtzan"


def measure(root: Path, data: Path, rate: int) -> None:
    """Print the table of the models of one rate."""
    manifest = pd.read_parquet(root / "02_intermediate/genre/manifest.parquet")
    tracks = manifest[(manifest["status"] == "ok") & (manifest["split"] == "test")]["path"].tolist()
    cries = sorted((data / "donateacry").rglob("*.flac"))[: parse_arguments().cries]
    instances = pd.factorize(np.array([file.name[INSTANCE] for file in cries]))[0]
    groups = instances.max() + 1
    print(f"models of {rate:,} Hz; {len(tracks)} tracks, {len(cries)} cries of {groups} app instances")
    print(
        "| model | tracks are heard | AUROC, distance | AUROC, out_of_domain | AUROC, 1 - confidence"
        " | tracks from .95 on | cries from .95 on | confidence, tracks | cries |\n" + "|---" * 9 + "|"
    )
    for name in MODELS:
        model = auricle.load(f"genre.{name}", run_root=root, device="cpu", cache_size=0)
        if reason := load_domain(model.bundle).reason:
            print(f"{name} says that there is no usable score: {reason}\n")
        foreign = said(model, cries, rate, lambda wave: wave)
        for told, change in ways(rate).items():
            own = said(model, [data / "gtzan_mini" / path for path in tracks], rate, change)
            print(row(name, told, own, foreign, instances), flush=True)
    print()


def ways(rate: int) -> dict[str, Callable[[Wave], Wave]]:
    """How tracks are changed before they are heard."""

    def excerpt(wave: Wave) -> Wave:
        start = max(0, (len(wave) - CRY_SECONDS * rate) // 2)
        return wave[start : start + CRY_SECONDS * rate]

    def narrow(wave: Wave) -> Wave:
        return np.asarray(soxr.resample(soxr.resample(wave, rate, CRY_RATE), CRY_RATE, rate), np.float32)

    found: dict[str, Callable[[Wave], Wave]] = {"as they are": lambda wave: wave, "7 s of each": excerpt}
    if rate > CRY_RATE:
        found |= {"through 8 kHz": narrow, "7 s through 8 kHz": lambda wave: narrow(excerpt(wave))}
    return found


def said(model: Any, files: list[Path], rate: int, change: Callable[[Wave], Wave]) -> pd.DataFrame:
    """Distance, quantile and confidence of each file."""
    limits = AudioLimits()
    rows = []
    for file in files:  # one by one: as little memory as one needs
        told = model.predict(change(decode(file, limits, rate).samples), sampling_rate=rate)
        rows.append((told.domain_distance, told.out_of_domain, told.confidence))
    return pd.DataFrame(rows, columns=["distance", "quantile", "confidence"], dtype=float)


def row(name: str, told: str, own: pd.DataFrame, foreign: pd.DataFrame, instances: Any) -> str:
    cells = [name, told]
    for column, sign in (("distance", 1), ("quantile", 1), ("confidence", -1)):
        cells.append(interval(sign * own[column].to_numpy(), sign * foreign[column].to_numpy(), instances))
    cells += [f"{(table['quantile'] >= 0.95).mean():.0%}" for table in (own, foreign)]
    cells += [f"{table['confidence'].mean():.2f}" for table in (own, foreign)]
    return f"| {' | '.join(cells)} |"


def interval(own: Any, foreign: Any, instances: Any) -> str:
    """AUROC with its 95 % interval."""
    if np.isnan(own).any() or np.isnan(foreign).any():
        return "none"
    random = np.random.default_rng(0)
    members = [np.flatnonzero(instances == number) for number in range(instances.max() + 1)]
    drawn = []
    for _ in range(SAMPLES):
        chosen = np.concatenate(
            [members[number] for number in random.integers(len(members), size=len(members))]
        )
        drawn.append(auroc(own[random.integers(len(own), size=len(own))], foreign[chosen]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    value = auroc(own, foreign)
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


def auroc(own: Any, foreign: Any) -> float:
    truth = np.repeat([0, 1], [len(own), len(foreign)])
    return float(roc_auc_score(truth, np.concatenate([own, foreign])))


if __name__ == "__main__":
    main()
