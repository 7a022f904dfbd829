"""The metrics of one model: every figure with its interval, beside the majority baseline."""

from typing import Any

import numpy as np
import pandas as pd

from auricle.evaluation.baseline import majority_figures, majority_label, majority_rows
from auricle.evaluation.bootstrap import bootstrap, percentile_interval, shifted_interval
from auricle.evaluation.calibration import calibrate, reliability
from auricle.evaluation.metrics import CLASS_FIGURES, HIGHER_IS_BETTER, GroupFigures, confusion_counts
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.scored import FloatArray, Scored, calibration_rows, scored_rows, training_labels

Json = dict[str, Any]
Figures = dict[str, FloatArray]

FORMAT_VERSION = 1
RAW, CALIBRATED = "raw", "calibrated"


def evaluate_model(predictions: pd.DataFrame, manifest: pd.DataFrame, params: EvaluateParams) -> Json:
    """Judge a model by its predictions.

    Args:
        predictions: `recording_id`, `split` and one probability column per class, in vocabulary order.
        manifest: The corpus that they belong to.
        params: See `EvaluateParams`.

    Returns:
        What goes into metrics.json, without NaN: a figure that is not defined is null and says why in
        `reason`. `figures` maps each name to `value`, `low`, `high`, `majority`, `higher_is_better`,
        `reason`; `per_class` lists `label`, `support`, `groups`, `claim` and the class's figures;
        `confusion`, `reliability` and `calibration` are what the diagrams show; `warnings` is for the reader.

    Raises:
        CorpusError: There is no row to judge, or predictions and manifest contradict each other.
    """
    evaluated = scored_rows(predictions, manifest)
    calibrated, calibration = calibrate(evaluated, calibration_rows(predictions, manifest, evaluated))
    training = training_labels(manifest)
    tables = figure_tables(evaluated, calibrated, params)
    resampled = resample(tables, params, rows=len(evaluated))
    points = merged({name: table() for name, table in tables.items()})
    baseline = majority_figures(majority_rows(evaluated, training), params)
    classes = class_figures(evaluated, points, resampled, params)
    return {
        "format": FORMAT_VERSION,
        "split": evaluated.split,
        "recordings": len(evaluated),
        "groups": evaluated.n_groups,
        "vocabulary": list(evaluated.vocabulary),
        "confidence": params.confidence,
        "bootstrap_samples": params.bootstrap_samples,
        "seed": params.seed,
        "top_k": params.top_k,
        "min_groups_for_claim": params.min_groups_for_claim,
        "majority_label": majority_label(evaluated, training),
        "figures": overall_figures(evaluated, points, resampled, baseline, params),
        "per_class": classes,
        "confusion": {"labels": list(evaluated.vocabulary), "counts": confusion_counts(evaluated).tolist()},
        "calibration": calibration,
        "reliability": {
            "before": reliability(evaluated, params.calibration_bins),
            "after": reliability(calibrated, params.calibration_bins) if calibrated else None,
        },
        "warnings": [*evaluated.warnings, *claim_warnings(evaluated, classes, params)],
    }


def figure_tables(
    evaluated: Scored, calibrated: Scored | None, params: EvaluateParams
) -> dict[str, GroupFigures]:
    """The rows as they are and, where there is one, at the fitted temperature."""
    tables = {RAW: GroupFigures(evaluated, top_k=params.top_k, bins=params.calibration_bins)}
    if calibrated is not None:
        tables[CALIBRATED] = GroupFigures(calibrated, bins=params.calibration_bins, with_auc=False)
    return tables


def resample(tables: dict[str, GroupFigures], params: EvaluateParams, *, rows: int) -> Figures:
    """Resampled figures of one model, those at its temperature named as such."""
    return merged(bootstrap(tables, samples=params.bootstrap_samples, seed=params.seed, rows=rows))


def merged(tables: dict[str, Figures]) -> Figures:
    """Figures of the raw and the calibrated rows under one name each."""
    figures = dict(tables[RAW])
    for name in ("log_loss", "ece"):
        if CALIBRATED in tables:
            figures[f"{name}_{CALIBRATED}"] = tables[CALIBRATED][name]
    return figures


def overall_figures(
    evaluated: Scored, points: Figures, resampled: Figures, majority: dict[str, float], params: EvaluateParams
) -> Json:
    """Each figure over all classes as `value`, `low`, `high`, `majority`, `higher_is_better`, `reason`."""
    found = {}
    for name, better in HIGHER_IS_BETTER.items():
        reason = undefined(name, evaluated, points, params)
        value = None if reason else float(points[name][0])
        interval = None
        if value is not None and evaluated.n_groups >= params.min_groups_for_claim:
            interval = interval_of(name, resampled[name], value, params)
        if value is not None and interval is None:
            reason = f"no interval: {evaluated.n_groups} groups are too few to resample"
        baseline = None if value is None else majority[name.removesuffix(f"_{CALIBRATED}")]
        found[name] = figure(value, interval) | {
            "majority": baseline,
            "higher_is_better": better,
            "reason": reason,
        }
    return found


def undefined(name: str, evaluated: Scored, points: Figures, params: EvaluateParams) -> str | None:
    """Why a figure says nothing on these rows, or None where it does."""
    if name not in points:
        return "no recordings to fit the temperature on"
    if name == "top_k_accuracy" and params.top_k >= len(evaluated.vocabulary):
        return f"k = {params.top_k} of {len(evaluated.vocabulary)} classes is always right"
    if np.isnan(points[name][0]):
        return "needs recordings of at least two classes"
    return None


def interval_of(
    name: str, values: FloatArray, value: float, params: EvaluateParams
) -> tuple[float, float] | None:
    """The interval of one figure, by the way that suits it."""
    if name.startswith("ece"):
        return shifted_interval(values, value, params.confidence)
    return percentile_interval(values, params.confidence)


def class_figures(
    evaluated: Scored, points: Figures, resampled: Figures, params: EvaluateParams
) -> list[Json]:
    """Figures of each class; no intervals, and `claim` false, where it was heard in too few groups."""
    rows = []
    for index, label in enumerate(evaluated.vocabulary):
        groups = len(np.unique(evaluated.groups[evaluated.y_true == index]))
        support = int(points["support"][index, 0])
        claim = groups >= params.min_groups_for_claim
        row: Json = {"label": label, "support": support, "groups": groups, "claim": claim}
        for name in CLASS_FIGURES:
            key = "class_roc_auc" if name == "roc_auc" else name
            value = points[key][index, 0]
            absent = support == 0 or bool(np.isnan(value))
            interval = percentile_interval(resampled[key][index], params.confidence) if claim else None
            row[name] = figure(None, None) if absent else figure(float(value), interval)
        rows.append(row | {"reason": _class_reason(support, groups, claim, params)})
    return rows


def _class_reason(support: int, groups: int, claim: bool, params: EvaluateParams) -> str | None:
    if support == 0:
        return "absent from the judged recordings"
    if not claim:
        return f"heard in {groups} of the {params.min_groups_for_claim} groups that a claim needs"
    return None


def figure(value: float | None, interval: tuple[float, float] | None) -> Json:
    """A figure as JSON."""
    low, high = interval or (None, None)
    return {"value": value, "low": low, "high": high}


def claim_warnings(evaluated: Scored, classes: list[Json], params: EvaluateParams) -> list[str]:
    """What must be said beside the figures."""
    absent = [row["label"] for row in classes if row["support"] == 0]
    few = [row for row in classes if row["support"] and not row["claim"]]
    found = []
    if absent:
        found.append(
            f"No judged recording of {', '.join(absent)}: averages over classes go over the other"
            f" {len(classes) - len(absent)}."
        )
    if few:
        named = ", ".join(f"{row['label']} ({row['groups']})" for row in few)
        found.append(
            f"Too few groups for a claim (fewer than {params.min_groups_for_claim}): {named}. These classes"
            " are trained and shown, and nothing is claimed about them."
        )
    if evaluated.n_groups < params.min_groups_for_claim:
        found.append(
            f"All judged recordings come from {evaluated.n_groups} groups, fewer than"
            f" {params.min_groups_for_claim}: no interval can be given."
        )
    return found
