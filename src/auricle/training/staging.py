"""What a training leaves on disk before its bundle is in place: finished folds, then the staged bundle."""

import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.models.bundle import OUT_OF_FOLD, TRAINING, BundleDraft, seal
from auricle.training.resume import write_json

OUT_OF_FOLD_SPLIT = "out_of_fold"
FoldReport = dict[str, Any]


class SavesPretrained(Protocol):
    """A model or a feature extractor that writes its own files into a bundle."""

    def save_pretrained(self, save_directory: Any, /) -> Any:
        """Write what is needed to load it again."""


def keep_fold(folder: Path, name: str, predictions: pd.DataFrame, report: FoldReport) -> None:
    """Keep a finished fold, so that a killed training never does it again; the report is written last."""
    predictions.to_parquet(folder / f"{name}.parquet", index=False)
    write_json(folder / f"{name}.json", report)
    shutil.rmtree(folder / name, ignore_errors=True)


def finished_fold(folder: Path, name: str) -> tuple[pd.DataFrame, FoldReport] | None:
    """Predictions and report of a fold that an earlier run finished, or None."""
    report = folder / f"{name}.json"
    if not report.is_file():
        return None
    return pd.read_parquet(folder / f"{name}.parquet"), json.loads(report.read_text(encoding="utf-8"))


def prediction_table(
    recording_ids: npt.NDArray[np.object_],
    probabilities: npt.NDArray[np.float32],
    vocabulary: Sequence[str],
) -> pd.DataFrame:
    """Out-of-fold predictions by the contract: recording_id, split, one float32 column per class."""
    table = pd.DataFrame(probabilities.astype(np.float32), columns=list(vocabulary))
    table.insert(0, "recording_id", recording_ids)
    table.insert(1, "split", OUT_OF_FOLD_SPLIT)
    return table


def stage_bundle(
    workdir: Path,
    *,
    parts: Iterable[SavesPretrained],
    training: dict[str, Any],
    out_of_fold: pd.DataFrame | None,
) -> BundleDraft:
    """Write and seal a whole bundle in the work directory, in place of what a killed run left of one.

    Args:
        workdir: of this training.
        parts: the model and the feature extractor.
        training: the content of ``training.json``.
        out_of_fold: predictions under k-fold, else None.
    """
    path = workdir / "bundle"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    for part in parts:
        part.save_pretrained(path)
    write_json(path / TRAINING, training)
    if out_of_fold is not None:
        out_of_fold.to_parquet(path / OUT_OF_FOLD, index=False)
    seal(path)
    return BundleDraft(path, workdir)
