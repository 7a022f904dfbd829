"""Notes with labels of three levels, and a model whose mistakes stay near; without one recording."""

import numpy as np
import pandas as pd

from auricle.corpora.labels import LabelParams

# Classes at all three depths; bad-attack is one itself, and above two others.
CLASSES = (
    "bad-attack",
    "bad-attack-soft",
    "bad-attack-block",
    "bad-pitch-flat",
    "bad-pitch-sharp",
    "bad-noise",
    "good",
)
LABELS = LabelParams(
    parents={
        "bad-attack": "bad",
        "bad-attack-soft": "bad-attack",
        "bad-attack-block": "bad-attack",
        "bad-pitch": "bad",
        "bad-pitch-flat": "bad-pitch",
        "bad-pitch-sharp": "bad-pitch",
        "bad-noise": "bad",
    },
    levels=("quality", "aspect", "specific"),
)
INSTRUMENTS = ("cello", "flute")


def up_to(name: str, level: int) -> str:
    """The label of a level by the class's own name, which is written as the hierarchy is."""
    return "-".join(name.split("-")[:level])


def notes_manifest(*, groups: int = 210, folds: int = 0, seed: int = 0) -> pd.DataFrame:
    """Two notes a group, cellos and flutes in turn; a fifth of groups test, a fifth validation, or folds."""
    rng = np.random.default_rng(seed)
    rows = []
    for group in range(groups):
        turn = (group // len(CLASSES)) % 5
        split = "train" if folds else {0: "test", 1: "validation"}.get(turn, "train")
        for note in range(2):
            # The training recordings of each instrument have another majority.
            label = CLASSES[group % len(CLASSES)]
            if split == "train" and rng.random() < 0.5:
                label = ("good", "bad-noise")[group % 2]
            rows.append(
                {
                    "recording_id": f"{group:08d}{note:08d}",
                    "path": f"{group}-{note}.wav",
                    "duration_s": 1.0,
                    "sample_rate": 22050,
                    "channels": 1,
                    "label": label,
                    "labels": [label],
                    "instrument": INSTRUMENTS[group % 2],
                    "rating": np.nan,
                    "group": f"player-{group}",
                    "split": split,
                    "fold": group % folds if folds else -1,
                    "status": "ok",
                    "reason": None,
                }
            )
    return pd.DataFrame(rows)


def notes_predictions(manifest: pd.DataFrame, *, skill: float = 2.0, seed: int = 1) -> pd.DataFrame:
    """Softmax of noise, of `skill` for the true class and of half of it for its neighbours."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(len(manifest), len(CLASSES)))
    for row, truth in enumerate(manifest["label"]):
        for column, name in enumerate(CLASSES):
            near = up_to(name, 2) == up_to(truth, 2)
            logits[row, column] += skill if name == truth else skill / 2 * near
    powers = np.exp(2 * logits)
    table = pd.DataFrame((powers / powers.sum(axis=1, keepdims=True)).astype(np.float32), columns=CLASSES)
    split = manifest["split"].where(manifest["fold"] < 0, "out_of_fold").to_numpy()
    table.insert(0, "recording_id", manifest["recording_id"].to_numpy())
    table.insert(1, "split", split)
    return table
