"""Nodes that make an ensemble of trained models, and judge its members. Heavy imports stand inside."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from auricle.corpora.labels import LabelParams
from auricle.errors import ConfigurationError, CorpusError
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.stale import why_stale
from auricle.models.bundle import BundleDraft, BundleRef
from auricle.pipelines.evaluate.nodes import models_of
from auricle.studies import TRAINED_BY
from auricle.training.ensemble_params import EnsembleParams

logger = logging.getLogger(__name__)


def fit(
    manifest: pd.DataFrame,
    ensemble: EnsembleParams,
    labels: LabelParams,
    work_directory: Path,
    **of_models: Any,
) -> BundleDraft:
    """Combine the members by the corpus's protocol.

    `of_models` holds, for each model of the study, `<model>` (predictions) and `champion_<model>`, each None
    where the model is not trained.

    Raises:
        ConfigurationError: fewer than two members, or one that is not trained.
        CorpusError: a member that is named was trained on other splits, or for other labels.
    """
    from auricle.training.ensemble import fit_ensemble

    members = _members(of_models, manifest, ensemble, labels)
    return fit_ensemble(
        {name: of_models[f"champion_{name}"] for name in members},
        {name: of_models[name] for name in members},
        manifest,
        ensemble,
        work_directory,
        labels,
    )


def predict(
    champion: BundleRef, manifest: pd.DataFrame, **of_models: Any
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions and embeddings of the ensemble, from those of its members.

    `of_models` holds, for each model of the study, `<model>` (predictions), `champion_<model>` and
    `embeddings_<model>`.
    """
    from auricle.inference.ensemble import score_members

    names = models_of(of_models)
    return score_members(
        champion,
        {name: of_models[f"champion_{name}"] for name in names},
        {name: of_models[name] for name in names},
        {name: of_models[f"embeddings_{name}"] for name in names},
        manifest,
    )


def judge_members(
    champion: BundleRef,
    predictions: pd.DataFrame,
    manifest: pd.DataFrame,
    ensemble: EnsembleParams,
    labels: LabelParams,
    evaluation: EvaluateParams,
    **of_models: Any,
) -> dict[str, Any]:
    """What the ensemble is worth beside its best member, and what each member adds to it."""
    from auricle.evaluation.contributions import judge_contributions

    names = [entry["model"] for entry in champion.config["members"]]
    found = judge_contributions(
        champion,
        predictions,
        {name: of_models[name] for name in names},
        {name: of_models[f"champion_{name}"].config for name in names},
        manifest,
        ensemble,
        evaluation,
        labels,
    )
    logger.info("%s", found["verdict"]["text"])
    return found


def _members(
    of_models: Mapping[str, Any], manifest: pd.DataFrame, ensemble: EnsembleParams, labels: LabelParams
) -> list[str]:
    """Those that are asked for, or all that are trained on the corpus as it is."""
    from auricle.training.ensemble import untrained

    found = []
    for name in ensemble.members or models_of(of_models):
        champion, table = of_models.get(f"champion_{name}"), of_models.get(name)
        if champion is None or table is None:
            if ensemble.members:
                raise ConfigurationError(untrained(name))
            continue
        reason = why_stale(table, manifest, labels, champion)
        if reason and ensemble.members:
            raise CorpusError(f"{name} cannot be a member, train it again with {TRAINED_BY[name]}: {reason}")
        if reason:
            logger.warning("%s is no member, train it again with %s: %s", name, TRAINED_BY[name], reason)
        else:
            found.append(name)
    return found
