"""Synthetic recordings with several labels, and models of different skill that predict them."""

import numpy as np
import pandas as pd

from auricle.corpora.labels import MULTI, LabelParams
from auricle.evaluation.label_rows import LabelRows

NAMES = ("bright", "dark", "fast", "rare")
SHARES = (0.5, 0.4, 0.3, 0.1)
LABELS = LabelParams(problem_type=MULTI)


def make_rows(n: int = 200, groups: int = 25, *, seed: int = 0, ties: bool = False) -> LabelRows:
    """Rows whose probabilities know something of the truth."""
    random = np.random.default_rng(seed)
    truth = random.random((n, len(NAMES))) < SHARES
    scores = np.clip(0.35 * truth + 0.65 * random.random(truth.shape), 0, 1)
    return LabelRows(
        split="test",
        vocabulary=NAMES,
        ids=np.array([f"r{i}" for i in range(n)], dtype=object),
        y_true=truth,
        probabilities=np.round(scores, 1) if ties else scores,
        thresholds=np.broadcast_to(0.5, truth.shape),
        groups=(np.arange(n) % groups).astype(np.int64),
        folds=np.full(n, -1, dtype=np.int64),
    )


def make_manifest(*, groups: int = 150, per_group: int = 3, folds: int = 0, seed: int = 0) -> pd.DataFrame:
    """Groups that share some of their labels; every recording has at least one."""
    random = np.random.default_rng(seed)
    rows = []
    for group in range(groups):
        habit = random.random(len(NAMES)) < SHARES
        split = ("test", "validation", "train", "train")[group % 4]
        for clip in range(per_group):
            has = np.where(random.random(len(NAMES)) < 0.6, habit, random.random(len(NAMES)) < SHARES)
            labels = [name for name, yes in zip(NAMES, has, strict=True) if yes] or ["bright"]
            rows.append(
                {
                    "recording_id": f"{group:012d}{clip:04d}",
                    "path": f"{group}-{clip}.wav",
                    "label": None,
                    "labels": labels,
                    "group": f"artist-{group}",
                    "split": "train" if folds else split,
                    "fold": group % folds if folds else -1,
                    "status": "ok",
                    "reason": None,
                }
            )
    return pd.DataFrame(rows)


def predict(manifest: pd.DataFrame, *, skill: float, seed: int = 1, weight: float = 1.0) -> pd.DataFrame:
    """Probabilities that know the truth by `skill`; odds times `weight`, as a weighted loss has them."""
    random = np.random.default_rng(seed)
    truth = np.array([[name in labels for name in NAMES] for labels in manifest["labels"]])
    prior = np.log(np.array(SHARES) / (1 - np.array(SHARES)))
    evidence = random.normal(skill * (truth - 0.5), np.sqrt(max(skill, 1e-9)))
    odds = weight * np.exp(prior + evidence)
    table = pd.DataFrame((odds / (1 + odds)).astype(np.float32), columns=list(NAMES))
    table.insert(0, "recording_id", manifest["recording_id"].to_numpy())
    table.insert(1, "split", manifest["split"].where(manifest["fold"] < 0, "out_of_fold").to_numpy())
    return table


def config(*, weight: float | None = None, thresholds: list[float] | None = None) -> dict[str, object]:
    """What of a bundle's `config.json` the evaluation reads."""
    return {
        "id2label": {str(index): name for index, name in enumerate(NAMES)},
        "class_weights": None if weight is None else [weight] * len(NAMES),
        "thresholds": thresholds,
    }
