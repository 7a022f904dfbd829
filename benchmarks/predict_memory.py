"""Telling what was predicted of a library: peak memory by files and labels, and how long it takes.

    python benchmarks/predict_memory.py
    python benchmarks/predict_memory.py --files 10000 100000 --labels 20 200

A ledger of random probabilities, as `kedro run --pipelines=predict` leaves it in shards of 256 files, becomes
the table, CSV, JSON lines, playlists and summary by the nodes and the datasets of the pipeline, in a process
of its own for each size. Its peak is told less what it holds before it opens the ledger. Decoding and the
network are left out: `benchmarks/predict.py` measures these.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from auricle.corpora.shards import add_shard
from auricle.datasets.chunked_table import ChunkedTableDataset
from auricle.datasets.playlists import PlaylistsDataset
from auricle.datasets.sharded_rows import ShardedRowsDataset
from auricle.datasets.text_parts import TextPartsDataset
from auricle.inference.bulk.files import DTYPES, LARGE
from auricle.inference.bulk.job import Job
from auricle.inference.bulk.params import PredictParams
from auricle.pipelines.predict.nodes import show_results, tell_results

SHARD = 256
MIB = 2**20


def main() -> None:
    arguments = parse_arguments()
    if arguments.child:
        print(json.dumps(measured(Path(arguments.child), arguments.files[0], arguments.labels[0])))
        return
    print("| files | labels | peak, MiB more | s of processor time | ledger, MiB | written, MiB |")
    print("|---|---|---|---|---|---|")
    for labels in arguments.labels:
        for files in arguments.files:
            with tempfile.TemporaryDirectory() as folder:
                write_ledger(Path(folder) / "ledger", files, labels)
                command = [sys.executable, __file__, "--child", folder]
                command += ["--files", str(files), "--labels", str(labels)]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode:
                    sys.exit(done.stderr)
                row = json.loads(done.stdout.splitlines()[-1])
            sizes = f"{row['ledger']:,.0f} | {row['written']:,.0f}"
            print(
                f"| {files:,} | {labels} | {row['peak']:,.0f} | {row['seconds']:.0f} | {sizes} |", flush=True
            )


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--labels", type=int, nargs="+", default=[20, 200])
    parser.add_argument("--child", help=argparse.SUPPRESS)
    return parser.parse_args()


def paths_of(files: int) -> list[str]:
    return [f"/music/artist {number // 12:05d}/{number:06d}.mp3" for number in range(files)]


def write_ledger(folder: Path, files: int, labels: int) -> None:
    random, paths = np.random.default_rng(0), paths_of(files)
    for start in range(0, files, SHARD):
        part = paths[start : start + SHARD]
        rows: dict[str, Any] = dict.fromkeys(DTYPES, "") | {
            "path": part,
            "size": 5_000_000,
            "mtime_ns": start,
        }
        rows |= {"recording_id": [f"{start + number:016x}" for number in range(len(part))]}
        rows |= {"duration_s": 240.0, "windows": 80, "retry": False, "backend": "onnx"}
        rows |= {"probabilities": list(random.dirichlet(np.ones(labels), len(part)))}
        rows |= {"out_of_domain": random.random(len(part)), "domain_distance": random.random(len(part))}
        add_shard(folder, pd.DataFrame(rows).astype(DTYPES))


def measured(folder: Path, files: int, labels: int) -> dict[str, float]:
    """What one process takes for all forms, in MiB and seconds."""
    names = [f"label {number:03d}" for number in range(labels)]
    id2label = {str(number): name for number, name in enumerate(names)}
    config = {"id2label": id2label, "model_type": "auricle_spectrogram_cnn"}
    bundle: Any = SimpleNamespace(config=config, vocabulary=tuple(names), version="v1", digest="0" * 64)
    listed = pd.DataFrame({"path": paths_of(files), "instrument": ""})
    job = Job("told", "/music", "genre.cnn", bundle, None, "0" * 12, listed)
    results = ChunkedTableDataset(filepath=str(folder / "told/predictions.parquet"))
    forms: dict[str, Any] = {
        "csv": TextPartsDataset(filepath=str(folder / "told/predictions.csv")),
        "json_lines": TextPartsDataset(filepath=str(folder / "told/predictions.jsonl")),
        "playlists": PlaylistsDataset(filepath=str(folder / "told/playlists")),
    }
    before, begun = memory("VmRSS"), time.process_time()
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here on
    ledger = ShardedRowsDataset(filepath=str(folder / "ledger"), key=["path", "retry"], large=LARGE)
    _, tables = tell_results(job, lambda _: ledger.load(), PredictParams())
    results.save(tables)
    for form, (_, content) in show_results(job, lambda _: results.load()).items():
        if form in forms:
            forms[form].save(content)
    return {
        "peak": memory("VmHWM") - before,
        "seconds": time.process_time() - begun,
        "ledger": size_of(folder / "ledger"),
        "written": size_of(folder / "told"),
    }


def memory(what: str) -> float:
    """MiB of this process, by a line of Linux's /proc/self/status."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith(what)) / 1024


def size_of(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / MIB


if __name__ == "__main__":
    main()
