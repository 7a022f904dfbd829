"""The node that searches for better parameters. Heavy imports stand inside the function."""

from pathlib import Path
from typing import Any

import pandas as pd

from auricle.audio.front_ends import FrontEndChoice
from auricle.audio.limits import AudioLimits
from auricle.audio.store import SpectrogramStore
from auricle.audio.waveform_augment import VariantParams
from auricle.corpora.labels import LabelParams
from auricle.training.sweep_params import SweepParams


def sweep(
    manifest: pd.DataFrame,
    spectrograms: Path,
    variant_spectrograms: Path,
    recordings: Path,
    front_end: FrontEndChoice,
    variants: VariantParams,
    decoding: AudioLimits,
    labels: LabelParams,
    sweep: SweepParams,
    study: str,
    sweep_directory: Path,
    **of_models: Any,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Every trial with its validation figures, and the best one with the command that trains it.

    `of_models` holds `model_<name>`, `train_<name>` and `windows_<name>` of every deep model.
    """
    from auricle.training.deep_params import deep_params_of
    from auricle.training.sweep import sweep_model
    from auricle.training.sweep_params import best_trial
    from auricle.training.variants import open_variants

    base = deep_params_of(sweep.model, of_models, labels, by="The sweep")
    extractor = front_end.make()
    copies = open_variants(
        variants,
        copies=variant_spectrograms,
        recordings=recordings,
        manifest=manifest,
        front_end=extractor,
        limits=decoding,
        parents=labels.parents,
    )
    with SpectrogramStore.open(spectrograms, extractor.digest, extractor.n_bands, mode="r") as store:
        trials = sweep_model(manifest, store, extractor, base, sweep, sweep_directory, copies)
    return trials, best_trial(trials, sweep, base, study)
