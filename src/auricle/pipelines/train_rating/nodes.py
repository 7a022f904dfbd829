"""Nodes that train a rater and let its champion rate. Heavy imports stand inside the functions."""

from pathlib import Path

import pandas as pd

from auricle.audio.front_ends import load_front_end
from auricle.audio.waveform_front_end import WaveformParams
from auricle.audio.waveform_store import WaveformStore
from auricle.models.bundle import BundleDraft, BundleRef
from auricle.models.params import WindowParams
from auricle.models.rating.params import RaterParams
from auricle.training.params import TrainParams


def fit(
    manifest: pd.DataFrame,
    waveforms: Path,
    front_end: WaveformParams,
    model: RaterParams,
    train: TrainParams,
    windows: WindowParams,
    work_directory: Path,
) -> BundleDraft:
    """Train on what is rated, resuming what an earlier run with the same inputs has left."""
    from auricle.training.rating import fit_rater

    extractor = front_end.make()
    with WaveformStore.open(waveforms, extractor.digest) as store:
        return fit_rater(manifest, store, extractor, model, train, windows, work_directory)


def predict(
    champion: BundleRef, manifest: pd.DataFrame, waveforms: Path, train: TrainParams, windows: WindowParams
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ratings and embeddings by the champion of every usable recording, rated or not."""
    from auricle.inference.scoring import score_stored

    digest = load_front_end(champion.path).digest
    with WaveformStore.open(waveforms, digest) as store:
        return score_stored(champion, store, manifest, device=train.device, batch_size=windows.batch_size)
