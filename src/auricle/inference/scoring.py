"""Scores a whole corpus with a bundle: the tables of predictions and embeddings that all models end in."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.corpora.selection import having
from auricle.errors import BundleError
from auricle.models import bundle as bundle_files
from auricle.models.bundle import BundleRef
from auricle.progress import track
from auricle.training.params import DeviceName

if TYPE_CHECKING:
    from auricle.audio.recording_store import RecordingStore

OUT_OF_FOLD = "out_of_fold"


def score_stored(
    bundle: BundleRef,
    store: "RecordingStore",
    manifest: pd.DataFrame,
    *,
    device: DeviceName = "auto",
    batch_size: int = 32,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Score every usable recording with a deep model on what is cached of it.

    Args:
        bundle: of a deep model.
        store: opened with the digest of the front end that lies in the bundle.
        manifest: of the corpus.
        device: where to compute.
        batch_size: windows in one pass.

    Returns:
        Predictions: `recording_id`, `split`, one float32 column per class in vocabulary order; where the
        bundle has out-of-fold predictions, they stand in for the final model's, with the split
        `out_of_fold`. Embeddings: `recording_id`, `embedding` (float32 array), all by the final model.

    Raises:
        CorpusError: where the store holds none of the recordings.
    """
    from auricle.models.instruments import told_instruments
    from auricle.models.padding import fewest_frames
    from auricle.models.registry import load_deep
    from auricle.models.windows import predict_stored
    from auricle.training.device import resolve_device

    model = load_deep(bundle)
    least = fewest_frames(model.config)
    there = store if least == 1 else {name for name in store.ids() if store.frames(name) >= least}
    what = store.content if least == 1 else f"{store.content} of {least} samples or more"
    rows = _scorable(manifest, there, what, f"cache_{store.content}s")
    outputs = predict_stored(
        model,
        store,
        rows["recording_id"].to_numpy(dtype=object),
        instruments=told_instruments(bundle.config, rows),
        batch_size=batch_size,
        device=resolve_device(device),
    )
    shown = track(outputs, total=len(rows), description="Predicting")
    means = {
        place: (output.probabilities.mean(axis=0), output.embeddings.mean(axis=0)) for place, output in shown
    }
    probabilities, embeddings = (
        np.stack([means[place][part] for place in range(len(rows))]) for part in (0, 1)
    )
    return tables_of(bundle, rows, probabilities, embeddings)


def score_features(
    bundle: BundleRef, features: pd.DataFrame, manifest: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Score every usable recording with a forest on its features.

    Args:
        bundle: of a forest.
        features: `recording_id`, `extractor` (the digest of what made the row) and one column per feature;
            rows of other extractors than the bundle's are left out.
        manifest: of the corpus.

    Returns:
        Predictions and embeddings, as `score_stored`; the embedding is the standardized features.

    Raises:
        CorpusError: where none of the recordings has features of the bundle's extractor.
    """
    from auricle.audio.extractor import load_extractor
    from auricle.models.forest import (
        forest_embeddings,
        forest_probabilities,
        load_forest,
        rows_of,
        with_instruments,
    )

    digest = load_extractor(bundle.path).digest
    known = rows_of(features, digest)
    rows = _scorable(manifest, known.index, "row of features", "extract_features")
    values = known.loc[rows["recording_id"]]
    if instruments := bundle.config.get("instruments"):
        usable = manifest[manifest["status"] == "ok"]
        playing = usable.set_index("recording_id")["instrument"].loc[rows["recording_id"]]
        values = with_instruments(values, playing, instruments)
    forest = load_forest(bundle.path / "model.skops")
    return tables_of(
        bundle,
        rows,
        forest_probabilities(forest, values, bundle.vocabulary),
        forest_embeddings(values, bundle.config),
    )


def _scorable(manifest: pd.DataFrame, there: Any, what: str, pipeline: str) -> pd.DataFrame:
    """Rows of the usable recordings whose input is there, however few they are."""
    rows = having(manifest, there, what=what, pipeline=pipeline, most_lacking=1.0)
    return rows.reset_index(drop=True)


def tables_of(
    bundle: BundleRef,
    rows: pd.DataFrame,
    probabilities: npt.NDArray[np.float32],
    embeddings: npt.NDArray[np.float32],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables of predictions and embeddings by the contract.

    Args:
        bundle: whose answers to what it learned from, where it keeps any, replace those given here.
        rows: `recording_id` and `split`.
        probabilities: float32 (recordings, classes).
        embeddings: float32 (recordings, embedding_size).
    """
    scores = pd.DataFrame(probabilities, columns=list(bundle.vocabulary), dtype=np.float32)
    predictions = pd.concat([rows[["recording_id", "split"]], scores], axis=1)
    for unheard, file, split in (
        (bundle.out_of_fold, bundle_files.OUT_OF_FOLD, OUT_OF_FOLD),
        (bundle.cross_fitted, bundle_files.CROSS_FITTED, "validation"),
    ):
        if unheard is not None:
            predictions = _with_held_out(predictions, unheard, bundle.path / file, split)
    embedded = pd.DataFrame({"recording_id": rows["recording_id"], "embedding": list(embeddings)})
    return predictions, embedded


def _with_held_out(
    predictions: pd.DataFrame, unheard: pd.DataFrame, kept_in: Path, split: str
) -> pd.DataFrame:
    """Let predictions of models that had not heard a recording replace the final model's, which has."""
    vocabulary = predictions.columns.drop(["recording_id", "split"])
    missing = sorted(set(vocabulary) - set(unheard.columns))
    if missing:
        raise BundleError(f"{kept_in} lacks the columns {missing}. Train the model again.")
    held_out = unheard[["recording_id", *vocabulary]].astype(dict.fromkeys(vocabulary, np.float32))
    held_out = held_out[held_out["recording_id"].isin(predictions["recording_id"])]
    held_out = held_out.set_index("recording_id").assign(split=split)
    merged = predictions.set_index("recording_id")
    merged.loc[held_out.index, held_out.columns] = held_out
    return merged.reset_index()
