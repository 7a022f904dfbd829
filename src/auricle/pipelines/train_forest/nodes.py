"""Nodes that train a Random Forest and let its champion predict. Heavy imports stand inside the functions."""

from pathlib import Path

import pandas as pd

from auricle.audio.descriptors import DescriptorExtractor, DescriptorParams
from auricle.corpora.labels import LabelParams
from auricle.models.bundle import BundleDraft, BundleRef
from auricle.models.params import ForestParams


def fit(
    manifest: pd.DataFrame,
    features: pd.DataFrame,
    descriptors: DescriptorParams,
    train: ForestParams,
    labels: LabelParams,
    work_directory: Path,
) -> BundleDraft:
    """Train by the corpus's protocol; permutation importances come with the bundle."""
    from auricle.training.forest import fit_random_forest

    return fit_random_forest(
        manifest, features, DescriptorExtractor(descriptors), train, work_directory, labels
    )


def predict(
    champion: BundleRef, manifest: pd.DataFrame, features: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions and embeddings of the champion for every usable recording."""
    from auricle.inference.scoring import score_features

    return score_features(champion, features, manifest)


def predict_incumbent(
    champion: BundleRef | None, manifest: pd.DataFrame, features: pd.DataFrame
) -> tuple[pd.DataFrame, ...]:
    """Predictions and embeddings of the champion for the present corpus; none where it cannot hear that."""
    from auricle.retraining.incumbent import if_it_can

    return if_it_can(champion, lambda bundle: predict(bundle, manifest, features))
