"""Studies of any number of labels a recording."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from typing_extensions import override

from auricle.corpora.labels import LabelParams, lineage
from auricle.evaluation.baseline import most_prevalent, prevalence_rows
from auricle.evaluation.bootstrap import interval_of
from auricle.evaluation.calibration import calibrate
from auricle.evaluation.confusions import confusion_facts
from auricle.evaluation.kinds import (
    AT_HALF,
    CALIBRATED,
    RAW,
    UNWEIGHTED,
    Config,
    Figures,
    Json,
    Judged,
    Kind,
)
from auricle.evaluation.label_calibration import fit_labels, label_reliability, scale_labels, unweighted
from auricle.evaluation.label_metrics import ChanceFigures, LabelFigures, chance_precision, said_of
from auricle.evaluation.label_rows import LabelRows, label_rows, with_chosen_thresholds
from auricle.evaluation.metrics import mean_of_defined
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.rows import OUT_OF_FOLD
from auricle.models.thresholds import HALF

SAID = ("macro_f1", "micro_f1", "samples_f1", "jaccard", "hamming_loss")
PROBABLE = ("log_loss", "ece", "class_ece")
LEVEL_FIGURES = {"mean_average_precision": "average_precision", "macro_f1": "f1"}


@dataclass(frozen=True)
class SeveralLabels(Kind):
    """Any number of labels a recording: how well they are ranked and told, against their prevalence.

    Attributes:
        labels: How labels are read, and how thresholds are chosen.
    """

    labels: LabelParams

    figures: ClassVar[Mapping[str, bool]] = {
        "mean_average_precision": True,
        "micro_average_precision": True,
        "roc_auc": True,
        "micro_roc_auc": True,
        **{name: name != "hamming_loss" for name in SAID},
        **{f"{name}_{AT_HALF}": name != "hamming_loss" for name in SAID},
        "coverage_error": False,
        "label_ranking_precision": True,
        "label_ranking_loss": False,
        **{f"log_loss{variant}": False for variant in ("", f"_{UNWEIGHTED}", f"_{CALIBRATED}")},
        **{f"ece{variant}": False for variant in ("", f"_{UNWEIGHTED}", f"_{CALIBRATED}")},
    }
    class_figures: ClassVar[Mapping[str, str]] = {
        "average_precision": "average_precision",
        "roc_auc": "class_roc_auc",
        "precision": "precision",
        "recall": "recall",
        "f1": "f1",
        "f1_at_half": f"f1_{AT_HALF}",
        "ece": "class_ece",
        "ece_unweighted": f"class_ece_{UNWEIGHTED}",
        "ece_calibrated": f"class_ece_{CALIBRATED}",
    }
    variants: ClassVar[Mapping[str, Sequence[str]]] = {
        AT_HALF: (*SAID, "f1"),
        UNWEIGHTED: PROBABLE,
        CALIBRATED: PROBABLE,
    }
    baseline_name: ClassVar[str] = "prevalence"
    ranked_by: ClassVar[str] = "mean_average_precision"
    compared: ClassVar[tuple[str, ...]] = ("mean_average_precision", "macro_f1")
    against_baseline: ClassVar[tuple[str, ...]] = compared

    @override
    def rows(
        self,
        predictions: pd.DataFrame,
        manifest: pd.DataFrame,
        vocabulary: Sequence[str] | None = None,
        *,
        split: str | None = None,
    ) -> LabelRows:
        return label_rows(predictions, manifest, self.labels, split=split, vocabulary=vocabulary)

    @override
    def widened(self, rows: LabelRows, vocabulary: tuple[str, ...]) -> LabelRows:
        order = [rows.vocabulary.index(label) for label in vocabulary]
        return rows.reordered(order)

    @override
    def judge(
        self,
        rows: LabelRows,
        predictions: pd.DataFrame,
        manifest: pd.DataFrame,
        params: EvaluateParams,
        config: Config | None,
    ) -> Judged:
        validation = self._validation(rows, predictions, manifest)
        said = with_chosen_thresholds(rows, validation, self.labels, config)
        # Under cross-validation each fold's network has weights of its own, which its bundle does not keep.
        weighted = None if rows.split == OUT_OF_FOLD else config
        plain = unweighted(said, weighted)
        calibrated, how = calibrate(
            plain,
            None if validation is None else unweighted(validation, weighted),
            fit=fit_labels,
            scaled=scale_labels,
        )
        looks = {
            AT_HALF: said.with_thresholds(HALF),
            UNWEIGHTED: None if rows.split == OUT_OF_FOLD else plain,
            CALIBRATED: calibrated,
        }
        bins = params.calibration_bins
        tables = {RAW: LabelFigures(said, bins=bins)} | {
            name: LabelFigures(look, bins=bins, with_ranking=False)
            for name, look in looks.items()
            if look is not None
        }
        after = None if calibrated is None else label_reliability(calibrated, bins)
        return Judged(said, tables, how, {"before": label_reliability(said, bins), "after": after})

    @override
    def baseline(self, rows: LabelRows, manifest: pd.DataFrame, params: EvaluateParams) -> Judged:
        guessed = prevalence_rows(rows, manifest, self.labels)
        bins = params.calibration_bins
        half = LabelFigures(guessed.with_thresholds(HALF), bins=bins, with_ranking=False)
        chance = ChanceFigures(LabelFigures(guessed, bins=bins), np.bincount(guessed.groups))
        return Judged(guessed, {RAW: chance, AT_HALF: half}, {}, {})

    @override
    def baseline_figures(self, baseline: Judged) -> dict[str, float]:
        figures = self.merged({name: table() for name, table in baseline.tables.items()})
        return {name: float(value[0]) for name, value in figures.items() if value.ndim == 1}

    @override
    def baseline_words(self, baseline: Judged) -> str:
        return "taking each label for as probable as it is common"

    @override
    def undefined(self, name: str, rows: LabelRows, points: Figures, params: EvaluateParams) -> str | None:
        if name not in points:
            if name.endswith(UNWEIGHTED):
                return "each fold's network has weights of its own"
            return "no recordings to fit the temperature on"
        if np.isnan(points[name][0]):
            return "needs a label that some judged recordings have and others have not"
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
        rows: LabelRows = judged.rows
        return {
            "majority_label": most_prevalent(rows, manifest, self.labels),
            "confusion": confusion_facts(rows.vocabulary, said_of(rows), rows.y_true.sum(axis=0)),
            "threshold_rule": self.labels.threshold,
            "levels": self._levels(rows, points, resampled, params),
        }

    @override
    def class_facts(self, judged: Judged, index: int) -> Json:
        rows: LabelRows = judged.rows
        return {
            # Out of fold each fold has its own: their mean is shown.
            "threshold": float(rows.thresholds[:, index].mean()),
            "prevalence": float(rows.y_true[:, index].mean()),
            "chance": _chance(rows, index),
            "parent": self.labels.parents.get(rows.vocabulary[index]),
        }

    def said(
        self, rows: LabelRows, predictions: pd.DataFrame, manifest: pd.DataFrame, config: Config | None
    ) -> LabelRows:
        """The rows with the thresholds of their model; see `with_chosen_thresholds`."""
        validation = self._validation(rows, predictions, manifest)
        return with_chosen_thresholds(rows, validation, self.labels, config)

    def _validation(
        self, rows: LabelRows, predictions: pd.DataFrame, manifest: pd.DataFrame
    ) -> LabelRows | None:
        if rows.split == OUT_OF_FOLD:
            return rows
        if not (predictions["split"] == "validation").any():
            return None
        return label_rows(predictions, manifest, self.labels, split="validation", vocabulary=rows.vocabulary)

    def _levels(
        self, rows: LabelRows, points: Figures, resampled: Figures, params: EvaluateParams
    ) -> list[Json]:
        """Figures of the labels of each level of the hierarchy, the roots first; nothing where it is flat."""
        depth = np.array([len(lineage(label, self.labels.parents)) for label in rows.vocabulary])
        if depth.max() == 1:
            return []
        found = []
        for level in range(1, int(depth.max()) + 1):
            here = depth == level
            entry: Json = {
                "level": level,
                "name": self.labels.level_name(level),
                "labels": [label for label, yes in zip(rows.vocabulary, here, strict=True) if yes],
            }
            for name, of_class in LEVEL_FIGURES.items():
                value = float(mean_of_defined(points[of_class][here])[0])
                drawn = mean_of_defined(resampled[of_class][here])
                claim = rows.n_groups >= params.min_groups_for_claim
                interval = interval_of(of_class, drawn, value, params) if claim else None
                low, high = interval or (None, None)
                known = None if np.isnan(value) else value
                entry[name] = {"value": known, "low": low, "high": high}
            found.append(entry)
        return found


def _chance(rows: LabelRows, index: int) -> float | None:
    """The average precision of random rankings; None for a label that no judged recording has."""
    support = np.array([[rows.y_true[:, index].sum()]], dtype=np.float64)
    chance = float(chance_precision(support, np.array([len(rows)]))[0, 0])
    return None if np.isnan(chance) else chance
