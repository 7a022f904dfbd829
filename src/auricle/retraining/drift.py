"""Drift: whether recordings that came after a training are like those that the model knows."""

from typing import Any

import numpy as np
import pandas as pd

from auricle.corpora.places import TRAIN
from auricle.models.bundle import BundleRef, labels_of
from auricle.models.provenance import manifest_digest
from auricle.models.registry import FOREST
from auricle.retraining import aspects
from auricle.retraining.aspects import KEYS, Json, Sample
from auricle.retraining.drift_params import DriftParams
from auricle.retraining.newcomers import Newcomers, newcomers
from auricle.retraining.two_samples import together

OUT_OF_FOLD = "out_of_fold"
OLD_BUNDLE = (
    "its bundle keeps no list of the recordings that it has seen: an older Auricle made it; train it again"
)
HEARD = "all known recordings were learned from, and a network places those apart from all others"
NOT_SCORED = "the champion has not predicted the present recordings, or cannot: the log of the run says why"
NAMES = {
    "labels": "Labels",
    "durations": "Durations",
    "sample_rates": "Sample rates",
    "highest_probabilities": "Highest probabilities",
    "classes_given": "Classes given",
    "embeddings": "Embeddings",
}
DISTANCES = {
    "labels": "difference of shares",
    "durations": "Kolmogorov-Smirnov",
    "sample_rates": "total variation",
    "highest_probabilities": "PSI",
    "classes_given": "PSI",
    "embeddings": "energy distance, as a share of the greatest",
}


def measure_drift(
    champion: BundleRef,
    manifest: pd.DataFrame,
    params: DriftParams,
    *,
    predictions: pd.DataFrame | None = None,
    embeddings: pd.DataFrame | None = None,
) -> Json:
    """Compare what is new with what the champion has seen.

    Labels, durations and sample rates are compared with those of all recordings that it has seen. Scores and
    embeddings only of recordings, on either side, of groups that it has not learned from: of an artist that
    it has learned from a model is surer, in new recordings too, which is no drift.

    Args:
        champion: the model.
        manifest: of the corpus as it is.
        params: limits, and how sure.
        predictions: of the champion, of known and new recordings; None where it has not predicted.
        embeddings: likewise.

    Returns:
        `judged`, `drifted`, `reason` (where nothing is judged), `recordings` (counts), `new_labels` (which no
        known recording has), `aspects` (each with `value`, `limit`, `p_value`, `p_together`, `drifted`,
        `compared`, `figure`, and `reason` where it is not judged), `champion`, `data_digest` and `params`.
    """
    about = {
        "champion": {name: getattr(champion, name) for name in ("version", "digest")}
        | {"trained_at": champion.training.get("trained_at")},
        "data_digest": manifest_digest(manifest),
        "params": params.model_dump(mode="json"),
    }
    if champion.recordings is None:
        nothing: Json = {"recordings": None, "new_labels": [], "aspects": []}
        return {"judged": False, "drifted": False, "reason": OLD_BUNDLE, **nothing, **about}
    found = newcomers(manifest, champion.recordings)
    everything = Sample(found.rows, found.is_new)
    reason = everything.why_too_few(params)
    judged = [
        aspects.labels(everything, params, several=labels_of(champion.config).is_multi),
        aspects.durations(everything, params),
        aspects.sample_rates(everything, params),
        *_of_scores(found, champion, predictions, params),
        _of_embeddings(found, champion, embeddings, params),
    ]
    _decide(judged, params)
    return {
        "judged": reason is None,
        "drifted": any(aspect["drifted"] for aspect in judged),
        "reason": reason,
        "recordings": found.counts() | {"new_by_split": _by_split(found)},
        "new_labels": _new_labels(found),
        "aspects": judged,
        **about,
    }


def _decide(judged: list[Json], params: DriftParams) -> None:
    """What has drifted, with all aspects in mind: of several tests one is exceptional by chance."""
    tested = [aspect for aspect in judged if aspect["p_value"] is not None]
    adjusted = together(np.array([aspect["p_value"] for aspect in tested], dtype=np.float64))
    for aspect, p_value in zip(tested, adjusted.tolist(), strict=True):
        aspect["p_together"] = p_value
        aspect["drifted"] = bool(p_value <= params.level and aspect["value"] >= aspect["limit"])


def _of_scores(
    found: Newcomers, champion: BundleRef, predictions: pd.DataFrame | None, params: DriftParams
) -> list[Json]:
    if predictions is None:
        names = ("highest_probabilities", "classes_given")
        return [aspects.unjudged(name, params.score_psi, NOT_SCORED) for name in names]
    # A class may be called like a column of the manifest.
    classes = [f"class:{name}" for name in predictions.columns if name not in KEYS]
    said = predictions.rename(columns=lambda name: name if name in KEYS else f"class:{name}")
    joined = _joined(found, said.rename(columns={"split": "predicted_as"}))
    heard = (
        _learned_from(joined.table, found, champion)
        & (joined.table["predicted_as"] != OUT_OF_FOLD).to_numpy()
    )
    results = aspects.scores(joined.where(~heard), classes, params)
    for aspect in results:
        if aspect["figure"] and "names" in aspect["figure"]:
            aspect["figure"]["names"] = [name.removeprefix("class:") for name in aspect["figure"]["names"]]
    return results


def _of_embeddings(
    found: Newcomers, champion: BundleRef, embeddings: pd.DataFrame | None, params: DriftParams
) -> Json:
    if embeddings is None:
        return aspects.unjudged("embeddings", params.embedding_distance, NOT_SCORED)
    joined = _joined(found, embeddings)
    heard = _learned_from(joined.table, found, champion)
    if champion.config.get("model_type") == FOREST:  # its embeddings are features, which know nothing
        heard = np.zeros_like(heard)
    elif heard[~joined.is_new].all():
        return aspects.unjudged("embeddings", params.embedding_distance, HEARD)
    return aspects.embeddings(joined.where(~heard), params)


def _joined(found: Newcomers, told: pd.DataFrame) -> Sample:
    rows = found.rows[["recording_id", "group"]].assign(is_new=found.is_new)
    table = rows.merge(told, on="recording_id", how="inner").reset_index(drop=True)
    return Sample(table, table["is_new"].to_numpy(dtype=bool))


def _learned_from(table: pd.DataFrame, found: Newcomers, champion: BundleRef) -> Any:
    """Which rows are of groups that the champion has learned from, new ones among them."""
    assert champion.recordings is not None
    learned = champion.recordings.loc[champion.recordings["split"] == TRAIN, "recording_id"]
    groups = found.rows.loc[found.rows["recording_id"].isin(learned), "group"]
    return table["group"].isin(groups).to_numpy(dtype=bool)


def _by_split(found: Newcomers) -> dict[str, int]:
    counts = found.rows.loc[found.is_new, "split"].value_counts()
    return {str(split): int(count) for split, count in counts.sort_index().items()}


def _new_labels(found: Newcomers) -> list[str]:
    new, known = (
        {label for labels in found.rows.loc[side, "labels"] for label in labels}
        | set(found.rows.loc[side, "label"].dropna())
        for side in (found.is_new, ~found.is_new)
    )
    return sorted(map(str, new - known))


def told(report: Json) -> str:
    """One sentence for the log."""
    if report["recordings"] is None:
        return f"drift is not judged: {report['reason']}"
    counts = report["recordings"]
    came = f"{counts['new']} new recordings of {counts['new_groups']} groups"
    if not report["judged"]:
        return f"{came}; drift is not judged: {report['reason']}"
    drifted = [NAMES[aspect["name"]].lower() for aspect in report["aspects"] if aspect["drifted"]]
    return f"{came}; drifted: {', '.join(drifted) or 'nothing'}"
