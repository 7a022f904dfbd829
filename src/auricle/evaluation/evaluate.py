"""The metrics of one model: every figure with its interval, beside the baseline."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from auricle.corpora.labels import LabelParams
from auricle.evaluation.bootstrap import bootstrap, interval_of
from auricle.evaluation.claims import claim_warnings, figure, no_claim
from auricle.evaluation.kinds import RAW, Figures, Json, Judged, Kind
from auricle.evaluation.learned import against_baseline, learned, nothing_learned, with_p_values
from auricle.evaluation.metrics import FigureTable
from auricle.evaluation.one_class import OneClass
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.permutation import PermutationTest
from auricle.evaluation.rows import Rows
from auricle.evaluation.several_labels import SeveralLabels

FORMAT_VERSION = 1


def kind_of(labels: LabelParams | None) -> Kind:
    """How a study of such labels is judged; one class a recording by default."""
    labels = labels or LabelParams()
    return SeveralLabels(labels) if labels.is_multi else OneClass(labels)


def evaluate_model(
    predictions: pd.DataFrame,
    manifest: pd.DataFrame,
    params: EvaluateParams,
    labels: LabelParams | None = None,
    config: Mapping[str, Any] | None = None,
    *,
    split: str | None = None,
) -> Json:
    """Judge a model by its predictions.

    Args:
        predictions: `recording_id`, `split` and one probability column per class, in vocabulary order.
        manifest: The corpus that they belong to.
        params: See `EvaluateParams`.
        labels: How labels are read; one class a recording by default.
        config: `config.json` of the bundle, for the thresholds and the weights of several labels.
        split: Which rows are judged: test, or those out of fold, unless "validation" is asked for, by which
            the epoch, the temperature and the thresholds were chosen.

    Returns:
        What goes into metrics.json, without NaN: a figure that is not defined is null and says why in
        `reason`. `figures` maps each name to `value`, `low`, `high`, `majority` (the baseline's),
        `higher_is_better`, `reason` and, of one class each, the `p_value` of accuracy, balanced accuracy,
        macro-F1 and MCC; `learned` says whether any of them is shown to be above the majority's
        (`auricle.evaluation.learned`), null of several labels; `per_class` lists `label`, `support`,
        `groups`, `claim` and the class's figures; `confusion` (`auricle.evaluation.confusions`),
        `reliability` and `calibration` are what the diagrams show; `warnings` is for the reader. Of one class
        each also `levels` and `nearness` (`auricle.evaluation.levels`), `instruments`
        (`auricle.evaluation.by_instrument`) and `coverage` (`auricle.evaluation.coverage`).

    Raises:
        CorpusError: There is no row to judge, or predictions and manifest contradict each other.
    """
    kind = kind_of(labels)
    rows = kind.rows(predictions, manifest, split=split)
    judged = kind.judge(rows, predictions, manifest, params, config)
    resampled = resample(kind, judged.tables, params, rows=rows.cells)
    points = kind.merged({name: table() for name, table in judged.tables.items()})
    baseline = kind.baseline(rows, manifest, params)
    test = kind.permutation_test(rows, params)
    figures = overall_figures(kind, rows, points, resampled, kind.baseline_figures(baseline), params)
    classes = class_figures(kind, judged, points, resampled, params)
    shown = _learned(kind, rows, baseline, points, resampled, test, params)
    return {
        "format": FORMAT_VERSION,
        "problem_type": (labels or LabelParams()).problem_type,
        "split": rows.split,
        "recordings": len(rows),
        "groups": rows.n_groups,
        "vocabulary": list(rows.vocabulary),
        "confidence": params.confidence,
        "bootstrap_samples": params.bootstrap_samples,
        "permutations": params.permutations,
        "seed": params.seed,
        "top_k": params.top_k,
        "min_groups_for_claim": params.min_groups_for_claim,
        "min_examples_for_claim": params.min_examples_for_claim,
        "figures": figures if test is None else with_p_values(figures, test),
        "learned": shown,
        "per_class": classes,
        **kind.facts(judged, points, resampled, manifest, params),
        "calibration": judged.calibration,
        "reliability": judged.reliability,
        "warnings": [*nothing_learned(shown), *rows.warnings, *claim_warnings(rows, classes, params)],
    }


def resample(kind: Kind, tables: Mapping[str, FigureTable], params: EvaluateParams, *, rows: int) -> Figures:
    """Resampled figures of one model, those of its variants named as such."""
    return kind.merged(bootstrap(tables, samples=params.bootstrap_samples, seed=params.seed, rows=rows))


def _learned(  # noqa: PLR0917  (each a different view of the same rows)
    kind: Kind,
    rows: Rows,
    baseline: Judged,
    points: Figures,
    resampled: Figures,
    test: PermutationTest | None,
    params: EvaluateParams,
) -> Json | None:
    """What one model is shown to have learned; None where the comparison alone says it.

    To resample the baseline of several labels takes as long as the model.
    """
    if test is None:
        return None
    both = {"model": points, kind.baseline_name: kind.merged({RAW: baseline.tables[RAW]()})}
    drawn = {
        "model": resampled,
        kind.baseline_name: resample(kind, baseline.tables, params, rows=rows.cells),
    }
    claimed = rows.n_groups >= params.min_groups_for_claim
    against = against_baseline("model", kind, both, drawn, test, params, claimed=claimed)
    return learned(rows, against, test, kind.baseline_words(baseline), params)


def overall_figures(  # noqa: PLR0917  (each a different view of the same rows)
    kind: Kind,
    rows: Rows,
    points: Figures,
    resampled: Figures,
    baseline: Mapping[str, float],
    params: EvaluateParams,
) -> Json:
    """Each figure over all classes as `value`, `low`, `high`, `majority`, `higher_is_better`, `reason`."""
    found = {}
    for name, better in kind.figures.items():
        reason = kind.undefined(name, rows, points, params)
        value = None if reason else float(points[name][0])
        interval = None
        if value is not None and rows.n_groups >= params.min_groups_for_claim:
            interval = interval_of(name, resampled[name], value, params)
        if value is not None and interval is None:
            reason = f"no interval: {rows.n_groups} groups are too few to resample"
        found[name] = figure(value, interval) | {
            "majority": None if value is None else baseline[_of_baseline(name, baseline)],
            "higher_is_better": better,
            "reason": reason,
        }
    return found


def _of_baseline(name: str, baseline: Mapping[str, float]) -> str:
    """A baseline is as calibrated as it gets: its figures stand beside those of every variant."""
    return name if name in baseline else name.rpartition("_")[0]


def class_figures(
    kind: Kind, judged: Judged, points: Figures, resampled: Figures, params: EvaluateParams
) -> list[Json]:
    """Figures of each class; no intervals, and `claim` false, where it was heard too seldom."""
    rows = []
    for index, label in enumerate(judged.rows.vocabulary):
        groups = len(np.unique(judged.rows.groups[judged.rows.having(index)]))
        support = int(points["support"][index, 0])
        reason = no_claim(support, groups, params)
        claim = reason is None
        row: Json = {"label": label, "support": support, "groups": groups, "claim": claim}
        for name, key in kind.class_figures.items():
            if key not in points:
                row[name] = figure(None, None)
                continue
            value = float(points[key][index, 0])
            absent = support == 0 or np.isnan(value)
            interval = interval_of(key, resampled[key][index], value, params) if claim else None
            row[name] = figure(None, None) if absent else figure(value, interval)
        rows.append(row | kind.class_facts(judged, index) | {"reason": reason})
    return rows
