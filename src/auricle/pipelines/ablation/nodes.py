"""The nodes that train the variants of a model and judge them. Heavy imports stand inside the functions."""

from pathlib import Path
from typing import Any

import pandas as pd

from auricle.audio.front_ends import FrontEndChoice
from auricle.audio.limits import AudioLimits
from auricle.audio.store import SpectrogramStore
from auricle.audio.waveform_augment import VariantParams
from auricle.corpora.labels import LabelParams
from auricle.evaluation.params import EvaluateParams
from auricle.training.ablation_params import THE_ABLATION, AblationParams


def train(
    manifest: pd.DataFrame,
    spectrograms: Path,
    variant_spectrograms: Path,
    recordings: Path,
    front_end: FrontEndChoice,
    variants: VariantParams,
    decoding: AudioLimits,
    labels: LabelParams,
    ablation: AblationParams,
    ablation_directory: Path,
    **of_models: Any,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions by every variant with every seed, and what each training cost.

    `of_models` holds `model_<name>`, `train_<name>` and `windows_<name>` of every deep model.
    """
    from auricle.training.ablation import train_ablation
    from auricle.training.deep_params import deep_params_of
    from auricle.training.variants import open_variants

    base = deep_params_of(ablation.model, of_models, labels, by=THE_ABLATION)
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
        return train_ablation(manifest, store, extractor, base, ablation, ablation_directory, copies)


def judge(
    predictions: pd.DataFrame,
    runs: pd.DataFrame,
    manifest: pd.DataFrame,
    evaluation: EvaluateParams,
    labels: LabelParams,
    ablation: AblationParams,
) -> dict[str, Any]:
    """Figures of every variant over its seeds and its differences from the baseline, beside what changed."""
    from auricle.evaluation.ablation import judge_ablation

    judged = judge_ablation(predictions, manifest, evaluation, labels, set(runs["problem_type"]))
    costs = runs.groupby("variant")[["epochs", "seconds", "parameters"]].mean()
    for entry in judged["experiments"]:
        entry["differs"] = ablation.variants.get(entry["name"], {})
        entry["facts"] = costs.loc[entry["name"]].to_dict()
    return judged | {"model": ablation.model, "shared": ablation.shared}


def report(ablation: dict[str, Any], source: dict[str, Any]) -> str:
    """The page: a table, a chart of each figure, and the differences."""
    from auricle.evaluation.experiments_page import render_ablation

    return render_ablation(ablation, source=source)
