"""Manifests of groups that are alike within, with embeddings and scores of a model that was never there."""

from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from auricle.models.seen import seen_recordings

LABELS = ("blues", "folk", "jazz", "metal")


class Corpus(NamedTuple):
    """A manifest, and beside it embeddings (n, 4)."""

    manifest: pd.DataFrame
    embeddings: np.ndarray

    def __add__(self, other: "Corpus") -> "Corpus":  # type: ignore[override]
        rows = pd.concat([self.manifest, other.manifest], ignore_index=True)
        return Corpus(rows, np.vstack([self.embeddings, other.embeddings]))

    @property
    def embedded(self) -> pd.DataFrame:
        ids = self.manifest["recording_id"]
        return pd.DataFrame({"recording_id": ids, "embedding": list(self.embeddings)})

    @property
    def predictions(self) -> pd.DataFrame:
        weights = np.random.default_rng(1).normal(0, 0.7, (self.embeddings.shape[1], len(LABELS)))
        scores = np.exp(self.embeddings @ weights)
        table = pd.DataFrame(scores / scores.sum(axis=1, keepdims=True), columns=list(LABELS))
        ids, split = self.manifest["recording_id"], self.manifest["split"]
        return pd.concat([ids, split, table.astype(np.float32)], axis=1)


def corpus(
    seed: int,
    groups: int,
    sizes: tuple[int, int] = (1, 8),
    *,
    labels: tuple[str, ...] = LABELS,
    longer_s: float = 0.0,
    rates: tuple[int, ...] = (22050, 44100),
    moved: float = 0.0,
) -> Corpus:
    """So many groups of `sizes` recordings, each with its own label, length, rate and place."""
    rng = np.random.default_rng(seed)
    rows, places = [], []
    for group in range(groups):
        label, seconds, rate = str(rng.choice(labels)), rng.normal(10 + longer_s, 2), int(rng.choice(rates))
        split = str(rng.choice(["train", "validation", "test"], p=[0.6, 0.2, 0.2]))
        centre = rng.normal(moved, 1, 4)
        for _ in range(rng.integers(sizes[0], sizes[1] + 1)):
            name = f"{rng.integers(2**62):016x}"
            rows.append(
                {
                    "recording_id": name,
                    "path": f"{name}.wav",
                    "duration_s": max(0.1, seconds + rng.normal(0, 0.3)),
                    "sample_rate": rate,
                    "label": label,
                    "labels": [label],
                    "group": f"{seed}-{group}",
                    "split": split,
                    "status": "ok",
                }
            )
            places.append(centre + rng.normal(0, 0.3, 4))
    return Corpus(pd.DataFrame(rows), np.array(places, dtype=np.float32))


def champion_of(known: Corpus, **training: Any) -> Any:
    """What a bundle says of the corpus that it was trained on."""
    return SimpleNamespace(
        version="2026-01-01T00.00.00.000Z",
        digest="0" * 64,
        config={"model_type": "auricle_cnn"},
        training={"trained_at": "2026-01-01T00:00:00+00:00"} | training,
        recordings=seen_recordings(known.manifest),
    )
