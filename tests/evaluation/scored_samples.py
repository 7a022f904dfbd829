"""Synthetic predictions, manifests and scored rows: what evaluation works from, without one recording."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from auricle.evaluation.scored import Scored

CLASSES = ("blues", "disco", "metal", "reggae")
VOCABULARY = ("a", "b", "c", "d")


@dataclass(frozen=True)
class Study:
    """A manifest and what two models of different skill predict for it."""

    manifest: pd.DataFrame
    strong: pd.DataFrame
    weak: pd.DataFrame


def make_manifest(
    *, classes: tuple[str, ...], groups: int, per_group: int, protocol: str, seed: int = 0
) -> pd.DataFrame:
    """Groups of one class each, as artists are; a fifth of them test, a fifth validation, or five folds."""
    rng = np.random.default_rng(seed)
    rows = []
    for group in range(groups):
        label = classes[group % len(classes)]
        turn = (group // len(classes)) % 5
        split = {0: "test", 1: "validation"}.get(turn, "train") if protocol == "holdout" else "train"
        for clip in range(per_group):
            rows.append(
                {
                    "recording_id": f"{group:05d}{clip:03d}{rng.integers(16**8):08x}",
                    "path": f"audio/{label}/{group}-{clip}.wav",
                    "duration_s": 10.0,
                    "sample_rate": 22050,
                    "channels": 1,
                    "label": label,
                    "labels": [label],
                    "group": f"artist-{group}",
                    "split": split,
                    "fold": turn if protocol == "grouped_k_fold" else -1,
                    "status": "ok",
                    "reason": None,
                }
            )
    return pd.DataFrame(rows)


def predict(
    manifest: pd.DataFrame, classes: tuple[str, ...], *, skill: float, seed: int, sharpness: float = 1.0
) -> pd.DataFrame:
    """Softmax of noise plus `skill` for the true class; a whole group shares part of its noise."""
    rng = np.random.default_rng(seed)
    of_group = {name: rng.normal(size=len(classes)) for name in manifest["group"].unique()}
    logits = rng.normal(size=(len(manifest), len(classes)))
    logits += np.stack([of_group[name] for name in manifest["group"]])
    logits[np.arange(len(manifest)), [classes.index(label) for label in manifest["label"]]] += skill
    powers = np.exp(sharpness * logits)
    table = pd.DataFrame(
        (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32), columns=list(classes)
    )
    split = manifest["split"].where(manifest["fold"] < 0, "out_of_fold").to_numpy()
    table.insert(0, "recording_id", manifest["recording_id"].to_numpy())
    table.insert(1, "split", split)
    return table


def make_scored(n: int = 300, groups: int = 30, *, seed: int = 0, ties: bool = False) -> Scored:
    rng = np.random.default_rng(seed)
    y_true = rng.integers(0, len(VOCABULARY), n)
    probabilities = rng.dirichlet(np.ones(len(VOCABULARY)), n)
    probabilities[np.arange(n), y_true] += 0.4
    if ties:  # a forest of ten trees
        probabilities = np.round(probabilities, 1)
    return Scored(
        split="test",
        vocabulary=VOCABULARY,
        ids=np.array([f"r{i}" for i in range(n)], dtype=object),
        y_true=y_true.astype(np.int64),
        probabilities=probabilities / probabilities.sum(axis=1, keepdims=True),
        groups=rng.permutation(np.arange(n) % groups).astype(np.int64),
        folds=np.full(n, -1, dtype=np.int64),
    )


def make_study(
    *,
    protocol: str = "holdout",
    classes: tuple[str, ...] = CLASSES,
    groups: int = 200,
    per_group: int = 3,
    sharpness: float = 1.0,
) -> Study:
    """A manifest, and the predictions of a good and of a poor model for it."""
    manifest = make_manifest(classes=classes, groups=groups, per_group=per_group, protocol=protocol)
    return Study(
        manifest,
        strong=predict(manifest, classes, skill=3.0, seed=1, sharpness=sharpness),
        weak=predict(manifest, classes, skill=1.0, seed=2, sharpness=sharpness),
    )
