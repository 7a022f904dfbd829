"""The node that shows augmentations. Heavy imports stand inside the function."""

from pathlib import Path
from typing import Any

import pandas as pd

from auricle.audio.front_ends import FrontEndChoice
from auricle.audio.limits import AudioLimits
from auricle.audio.waveform_augment import VariantParams
from auricle.corpora.labels import LabelParams
from auricle.explanation.params import AugmentationsParams


def show(
    manifest: pd.DataFrame,
    recordings: Path,
    front_end: FrontEndChoice,
    variants: VariantParams,
    decoding: AudioLimits,
    labels: LabelParams,
    augmentations: AugmentationsParams,
    **of_models: Any,
) -> str:
    """The page of augmentations; `of_models` holds `train_<name>` and more of every deep model."""
    from auricle.explanation.augmentations_page import render_augmentations
    from auricle.training.deep_params import deep_params_of

    chosen = deep_params_of(augmentations.model, of_models, by="The page of augmentations")
    return render_augmentations(
        manifest,
        recordings=recordings,
        limits=decoding,
        front_end=front_end.make(),
        augment=chosen.train.augment,
        variants=variants,
        crop_seconds=chosen.train.crop_seconds or chosen.windows.window_seconds,
        params=augmentations,
        parents=labels.parents,
    )
