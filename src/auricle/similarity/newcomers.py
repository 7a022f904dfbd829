"""Embeddings of recordings that came after the training: of the index that is there, or by the model."""

import logging
from pathlib import Path

import pandas as pd

from auricle.audio.limits import AudioLimits
from auricle.inference.classifier import AudioClassifier
from auricle.models.bundle import BundleRef
from auricle.progress import track
from auricle.similarity.index import SimilarityIndex
from auricle.training.params import DeviceName

logger = logging.getLogger(__name__)

FILES_AT_ONCE = 64


def with_newcomers(
    embeddings: pd.DataFrame,
    manifest: pd.DataFrame,
    old: SimilarityIndex | None,
    champion: BundleRef,
    recordings: Path,
    *,
    device: DeviceName,
    limits: AudioLimits,
) -> pd.DataFrame:
    """The table of embeddings with those of usable recordings that it lacks.

    Args:
        embeddings: `recording_id` and `embedding`, made when the model was trained.
        manifest: of the corpus as it is now.
        old: the index that is there, of the same model, which may know some.
        champion: that embeds the others.
        recordings: the folder that paths are relative to.
        device: where to compute.
        limits: what may be decoded. A recording that cannot be used is left out, with a warning.
    """
    usable = manifest[manifest["status"] == "ok"]
    lacking = usable[~usable["recording_id"].isin(embeddings["recording_id"])]
    parts = [embeddings]
    if old is not None:
        known = old.recordings["recording_id"].isin(lacking["recording_id"]).to_numpy()
        ids = old.recordings["recording_id"][known]
        parts.append(pd.DataFrame({"recording_id": ids, "embedding": list(old.vectors[known])}))
        lacking = lacking[~lacking["recording_id"].isin(ids)]
    if len(lacking):
        parts.append(_embedded(lacking, champion, recordings, device, limits))
    return (
        pd.concat([part for part in parts if len(part)], ignore_index=True) if len(parts) > 1 else embeddings
    )


def _embedded(
    lacking: pd.DataFrame, champion: BundleRef, recordings: Path, device: DeviceName, limits: AudioLimits
) -> pd.DataFrame:
    model = AudioClassifier(champion, device=device, limits=limits, cache_size=0)
    playing = lacking["instrument"] if model.instruments and "instrument" in lacking else None
    rows = []
    starts = range(0, len(lacking), FILES_AT_ONCE)
    for start in track(starts, description="Embedding new recordings", unit="batch"):
        part = lacking.iloc[start : start + FILES_AT_ONCE]
        told = (
            None
            if playing is None
            else [name if isinstance(name, str) else None for name in playing[part.index]]
        )
        said = model.predict([recordings / path for path in part["path"]], instrument=told)
        for identity, path, prediction in zip(part["recording_id"], part["path"], said, strict=True):
            if prediction.error is not None:
                logger.warning("%s is not indexed: %s", path, prediction.error)
                continue
            rows.append((identity, prediction.embedding))
    return pd.DataFrame(rows, columns=["recording_id", "embedding"])
