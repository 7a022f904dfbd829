"""Lists as a user has them, of files, labels and players; and the smallest models that learn from them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import auricle
from auricle.inference.classifier import AudioClassifier

RATE = 8000
HEARD = {"sample_rate": RATE, "n_fft": 512, "hop_length": 256}
FEW_DRAWS = {"bootstrap_samples": 100, "permutations": 19}


@dataclass(frozen=True)
class Lists:
    """Files, and what a user says of each."""

    files: list[Path]
    labels: list[str]
    players: list[str]

    def fit(self, out: Path, **told: Any) -> AudioClassifier:
        """Train the smallest model there is, unless told otherwise."""
        small: dict[str, Any] = {
            "model": "cnn",
            "epochs": 3,
            "channels": (4, 8),
            "window_seconds": 0.5,
            "front_end": HEARD | {"n_mels": 16},
            "evaluation": FEW_DRAWS,
            "near_duplicates": {"enabled": False},
            "workers": 1,
            "device": "cpu",
            "precision": "float32",
        }
        if told.get("model") == "random_forest":
            small = {name: small[name] for name in ("model", "evaluation", "near_duplicates", "workers")}
            small |= {"n_estimators": 20, "n_jobs": 1, "importance_repeats": 1}
            small["front_end"] = HEARD | {"n_mels": 32, "n_mfcc": 5, "tempo": False}
        files, labels = told.pop("files", self.files), told.pop("labels", self.labels)
        return auricle.fit(files, labels, out=out, **(small | told))
