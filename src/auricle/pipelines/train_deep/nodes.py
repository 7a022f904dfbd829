"""Nodes that train any deep model and let its champion predict. Heavy imports stand inside the functions."""

from pathlib import Path

import pandas as pd

from auricle.audio.front_ends import FrontEndChoice, load_front_end
from auricle.audio.limits import AudioLimits
from auricle.audio.store import SpectrogramStore
from auricle.audio.waveform_augment import VariantParams
from auricle.audio.waveform_front_end import WaveformParams
from auricle.audio.waveform_store import WaveformStore
from auricle.corpora.labels import LabelParams
from auricle.models.bundle import BundleDraft, BundleRef
from auricle.models.params import ModelParams, WindowParams
from auricle.tracking.params import TrackingParams
from auricle.training.params import TrainParams


def fit(
    manifest: pd.DataFrame,
    spectrograms: Path,
    variant_spectrograms: Path,
    recordings: Path,
    front_end: FrontEndChoice,
    variants: VariantParams,
    decoding: AudioLimits,
    model: ModelParams,
    train: TrainParams,
    windows: WindowParams,
    labels: LabelParams,
    tracking: TrackingParams,
    work_directory: Path,
    events: Path,
) -> BundleDraft:
    """Train by the corpus's protocol, resuming what an earlier run with the same inputs has left."""
    from auricle.training.deep import fit_deep
    from auricle.training.variants import open_variants

    extractor = front_end.make()
    wanted = variants if train.variants else VariantParams()
    copies = open_variants(
        wanted,
        copies=variant_spectrograms,
        recordings=recordings,
        manifest=manifest,
        front_end=extractor,
        limits=decoding,
        parents=labels.parents,
    )
    with SpectrogramStore.open(spectrograms, extractor.digest, extractor.n_bands, mode="r") as store:
        return fit_deep(
            manifest,
            store,
            extractor,
            model.root,
            train,
            windows,
            work_directory,
            labels,
            copies,
            events if tracking.tensorboard else None,
        )


def fit_on_waveforms(
    manifest: pd.DataFrame,
    waveforms: Path,
    front_end: WaveformParams,
    variants: VariantParams,
    model: ModelParams,
    train: TrainParams,
    windows: WindowParams,
    labels: LabelParams,
    tracking: TrackingParams,
    work_directory: Path,
    events: Path,
) -> BundleDraft:
    """The same for a network that hears waveforms; of these there are no altered copies.

    `variants` is there to be refused, before the run, where it asks for some.
    """
    from auricle.training.deep import fit_deep

    extractor = front_end.make()
    with WaveformStore.open(waveforms, extractor.digest) as store:
        return fit_deep(
            manifest,
            store,
            extractor,
            model.root,
            train,
            windows,
            work_directory,
            labels,
            None,
            events if tracking.tensorboard else None,
        )


def predict(
    champion: BundleRef, manifest: pd.DataFrame, spectrograms: Path, train: TrainParams
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions and embeddings of the champion for every usable recording."""
    from auricle.inference.scoring import score_stored

    extractor = load_front_end(champion.path)
    with SpectrogramStore.open(spectrograms, extractor.digest, extractor.n_bands, mode="r") as store:
        return score_stored(champion, store, manifest, device=train.device)


def predict_on_waveforms(
    champion: BundleRef, manifest: pd.DataFrame, waveforms: Path, train: TrainParams, windows: WindowParams
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same for a network that hears waveforms, whose passes are as large as in its training."""
    from auricle.inference.scoring import score_stored

    digest = load_front_end(champion.path).digest
    with WaveformStore.open(waveforms, digest) as store:
        return score_stored(champion, store, manifest, device=train.device, batch_size=windows.batch_size)


def predict_incumbent(
    champion: BundleRef | None, manifest: pd.DataFrame, spectrograms: Path, train: TrainParams
) -> tuple[pd.DataFrame, ...]:
    """Predictions and embeddings of the champion for the present corpus; none where it cannot hear that."""
    from auricle.retraining.incumbent import if_it_can

    return if_it_can(champion, lambda bundle: predict(bundle, manifest, spectrograms, train))


def predict_incumbent_on_waveforms(
    champion: BundleRef | None,
    manifest: pd.DataFrame,
    waveforms: Path,
    train: TrainParams,
    windows: WindowParams,
) -> tuple[pd.DataFrame, ...]:
    """The same of a network that hears waveforms."""
    from auricle.retraining.incumbent import if_it_can

    told = (manifest, waveforms, train, windows)
    return if_it_can(champion, lambda bundle: predict_on_waveforms(bundle, *told))
