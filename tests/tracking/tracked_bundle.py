"""A bundle as far as trackers look at it, and the metrics of an evaluation."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from auricle.evaluation.evaluate import evaluate_model
from auricle.evaluation.params import EvaluateParams
from auricle.models.bundle import BundleRef

LABELS = ["blues", "jazz", "rock"]


def history(epochs: int) -> list[dict[str, float]]:
    return [
        {
            "epoch": epoch,
            "loss": 1 / epoch,
            "eval_loss": 2 / epoch,
            "macro_f1": 1 - 1 / epoch,
            "learning_rate": 0.001,
            "seconds": 2.0,
        }
        for epoch in range(1, epochs + 1)
    ]


def training(epochs: int = 3, folds: int = 0) -> dict[str, Any]:
    """A `training.json` of a network."""
    reports = [
        {"name": f"fold-{k}", "best_epoch": 2, "history": history(2), "loss": 0.5, "macro_f1": 0.25 * k}
        for k in range(folds)
    ]
    return {
        "history": history(epochs),
        "best_epoch": epochs,
        "folds": reports,
        "trained_at": "2026-01-02T03:04:05+00:00",
        "seconds": 2.0 * epochs + 4.0 * folds,
        "seed": 7,
        "protocol": "grouped_k_fold" if folds else "holdout",
        "git_revision": "abc",
        "data": {"digest": "d" * 64, "recordings": 12},
        "params": {
            "model": {"kind": "cnn", "channels": [4, 8]},
            "labels": {"parents": {"r&b/soul": "pop"}},
        },
    }


def tracked_bundle(folder: Path, content: dict[str, Any] | None = None, digest: str = "a" * 64) -> BundleRef:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text('{"model_type": "auricle-cnn"}')
    (folder / "preprocessor_config.json").write_text('{"n_mels": 16}')
    (folder / "training.json").write_text(json.dumps(content or training()))
    (folder / "model.safetensors").write_bytes(bytes(100))
    return BundleRef(folder, "v1", digest)


def metrics(seed: int = 0) -> dict[str, Any]:
    """Figures of a model that is right more often than not."""
    random = np.random.default_rng(seed)
    ids = [f"{number:016d}" for number in range(30)]
    labels = [LABELS[number % 3] for number in range(30)]
    scores = random.dirichlet([1, 1, 1], size=30) + np.eye(3)[[LABELS.index(label) for label in labels]] / 2
    scores = (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)
    predictions = pd.DataFrame(
        {"recording_id": ids, "split": "test"} | dict(zip(LABELS, scores.T, strict=True))
    )
    manifest = pd.DataFrame(
        {
            "recording_id": ids,
            "label": labels,
            "labels": [[label] for label in labels],
            "group": ids,
            "split": "test",
            "fold": pd.array([None] * 30, dtype="Int64"),
            "status": "ok",
        }
    )
    return evaluate_model(predictions, manifest, EvaluateParams(bootstrap_samples=100))
