"""Studies of one class a recording."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pandas as pd
from typing_extensions import override

from auricle.corpora.labels import LabelParams, depth_of
from auricle.evaluation.baseline import MajorityFigures, majority_label, majority_rows
from auricle.evaluation.by_instrument import by_instrument
from auricle.evaluation.calibration import calibrate_scored, reliability, scale_scored
from auricle.evaluation.confusions import confusion_facts
from auricle.evaluation.coverage import coverage_facts
from auricle.evaluation.kinds import CALIBRATED, RAW, Config, Figures, Json, Judged, Kind
from auricle.evaluation.levels import level_figures, nearness
from auricle.evaluation.metrics import GroupFigures, confusion_counts
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.permutation import TESTED, PermutationTest, permutation_test
from auricle.evaluation.rows import OUT_OF_FOLD
from auricle.evaluation.scored import Scored, calibration_rows, scored_rows, training_labels

NO_LEVELS = "labels.parents names none of the classes: there are no levels above them to judge."


class OneClass(Kind):
    """One class a recording: accuracy and its kin, against the majority."""

    figures: ClassVar[Mapping[str, bool]] = {
        "accuracy": True,
        "balanced_accuracy": True,
        "macro_f1": True,
        "top_k_accuracy": True,
        "roc_auc": True,
        "mcc": True,
        "log_loss": False,
        "ece": False,
        "log_loss_calibrated": False,
        "ece_calibrated": False,
    }
    class_figures: ClassVar[Mapping[str, str]] = {
        "precision": "precision",
        "recall": "recall",
        "f1": "f1",
        "roc_auc": "class_roc_auc",
    }
    variants: ClassVar[Mapping[str, Sequence[str]]] = {CALIBRATED: ("log_loss", "ece")}
    baseline_name: ClassVar[str] = "majority"
    ranked_by: ClassVar[str] = "macro_f1"
    compared: ClassVar[tuple[str, ...]] = ("macro_f1", "accuracy")
    against_baseline: ClassVar[tuple[str, ...]] = TESTED

    def __init__(self, labels: LabelParams | None = None) -> None:
        self.labels = labels or LabelParams()

    @override
    def rows(
        self,
        predictions: pd.DataFrame,
        manifest: pd.DataFrame,
        vocabulary: Sequence[str] | None = None,
        *,
        split: str | None = None,
    ) -> Scored:
        rows = scored_rows(predictions, manifest, split=split, vocabulary=vocabulary)
        if self.labels.parents and depth_of(rows.vocabulary, self.labels.parents) == 1:
            return replace(rows, warnings=(*rows.warnings, NO_LEVELS))
        return rows

    @override
    def widened(self, rows: Scored, vocabulary: tuple[str, ...]) -> Scored:
        return rows.widened(vocabulary)

    @override
    def judge(
        self,
        rows: Scored,
        predictions: pd.DataFrame,
        manifest: pd.DataFrame,
        params: EvaluateParams,
        config: Config | None,
    ) -> Judged:
        validation = calibration_rows(predictions, manifest, rows)
        calibrated, how = calibrate_scored(rows, validation, config)
        bins = params.calibration_bins
        tables = {RAW: GroupFigures(rows, top_k=params.top_k, bins=bins)}
        if calibrated is not None:
            tables[CALIBRATED] = GroupFigures(calibrated, bins=bins, with_auc=False)
        after = None if calibrated is None else reliability(calibrated, bins)
        if validation is not None and calibrated is not None:
            out_of_fold = rows.split == OUT_OF_FOLD
            validation = calibrated if out_of_fold else scale_scored(validation, how["temperature"])
        return Judged(
            rows, tables, how, {"before": reliability(rows, bins), "after": after}, calibrated, validation
        )

    @override
    def baseline(self, rows: Scored, manifest: pd.DataFrame, params: EvaluateParams) -> Judged:
        guessed = majority_rows(rows, training_labels(manifest))
        table = GroupFigures(guessed, top_k=params.top_k, bins=params.calibration_bins, with_auc=False)
        return Judged(guessed, {RAW: MajorityFigures(table)}, {}, {})

    @override
    def baseline_figures(self, baseline: Judged) -> dict[str, float]:
        return {name: float(value[0]) for name, value in baseline.tables[RAW]().items() if value.ndim == 1}

    @override
    def baseline_words(self, baseline: Judged) -> str:
        rows: Scored = baseline.rows
        said = [rows.vocabulary[index] for index in np.unique(rows.probabilities.argmax(axis=1))]
        # The folds of a balanced corpus may differ in what is most frequent in the others.
        return f"always saying {said[0]}" if len(said) == 1 else "always saying the most frequent class"

    @override
    def permutation_test(self, rows: Scored, params: EvaluateParams) -> PermutationTest:
        return permutation_test(rows, params)

    @override
    def undefined(self, name: str, rows: Scored, points: Figures, params: EvaluateParams) -> str | None:
        if name not in points:
            return "no recordings to fit the temperature on"
        if name == "top_k_accuracy" and params.top_k >= len(rows.vocabulary):
            return f"k = {params.top_k} of {len(rows.vocabulary)} classes is always right"
        if np.isnan(points[name][0]):
            return "needs recordings of at least two classes"
        return None

    @override
    def facts(
        self,
        judged: Judged,
        points: Figures,
        resampled: Figures,
        manifest: pd.DataFrame,
        params: EvaluateParams,
    ) -> Json:
        counts = confusion_counts(judged.rows)
        known = training_labels(manifest)
        return {
            "majority_label": majority_label(judged.rows, known),
            "confusion": confusion_facts(judged.rows.vocabulary, counts, counts.sum(axis=1)),
            "levels": level_figures(judged.rows, known, self.labels, params),
            "nearness": nearness(judged.rows, known, self.labels, params),
            "instruments": by_instrument(judged.rows, manifest, params),
            "coverage": coverage_facts(judged, params),
        }

    @override
    def class_facts(self, judged: Judged, index: int) -> Json:
        return {}
