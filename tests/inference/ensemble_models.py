"""An ensemble of two small models, in a folder of models as a study has it."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from auricle.models.bundle import BundleRef, open_bundle
from auricle.training.ensemble import fit_ensemble
from auricle.training.ensemble_params import EnsembleParams
from auricle.training.install import install_draft

LABELS = ("high", "low")


@dataclass(frozen=True)
class Models:
    """A folder of models as a study has it, and what the members say of a corpus."""

    folder: Path
    champions: dict[str, BundleRef]
    predictions: dict[str, pd.DataFrame]
    manifest: pd.DataFrame

    @property
    def ensemble(self) -> Path:
        return self.folder / "ensemble/bundle/v1/bundle"


def ensemble_models(folder: Path, cnn_bundle: BundleRef, forest_bundle: BundleRef) -> Models:
    """Both models as champions, and their ensemble by what they say of recordings that there are not."""
    champions = {}
    for name, ref in {"cnn": cnn_bundle, "random_forest": forest_bundle}.items():
        place = folder / name / "bundle/v1/bundle"
        shutil.copytree(ref.path, place)
        champions[name] = open_bundle(place)
    random = np.random.default_rng(0)
    manifest = pd.DataFrame(
        {
            "recording_id": [f"{number:03d}" for number in range(60)],
            "label": [LABELS[number % 2] for number in range(60)],
            "labels": [[LABELS[number % 2]] for number in range(60)],
            "group": [f"artist-{number // 4}" for number in range(60)],
            "split": [("train", "validation", "test")[number // 4 % 3] for number in range(60)],
            "fold": -1,
            "status": "ok",
        }
    )
    predictions = {}
    for name in champions:
        high = random.random(60).astype(np.float32)
        columns = {"recording_id": manifest["recording_id"], "split": manifest["split"]}
        predictions[name] = pd.DataFrame(columns | {"high": high, "low": 1 - high})
    draft = fit_ensemble(champions, predictions, manifest, EnsembleParams(), folder / "ensemble/work")
    made = Models(folder, champions, predictions, manifest)
    install_draft(draft, made.ensemble)
    return made
