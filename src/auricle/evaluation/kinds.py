"""What evaluation and comparison have to know of a kind of study: its rows, its figures, its baseline."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from auricle.evaluation.metrics import FigureTable
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.permutation import PermutationTest
from auricle.evaluation.rows import FloatArray

Json = dict[str, Any]
Figures = dict[str, FloatArray]
Config = Mapping[str, Any]

RAW, CALIBRATED, UNWEIGHTED, AT_HALF = "raw", "calibrated", "unweighted", "at_half"


@dataclass(frozen=True)
class Judged:
    """One model's rows in all the ways that they are looked at.

    Attributes:
        rows: As they are; `Scored` or `LabelRows`, as the kind has it.
        tables: By name the figures of the rows as they are (`RAW`) and of their variants.
        calibration: How a temperature was fitted.
        reliability: The diagram `before` and `after` that, None where there is no after.
        calibrated: The rows at that temperature; None where there is none.
        validation: Rows at it that a threshold may be chosen on; out of fold the calibrated ones themselves.
    """

    rows: Any
    tables: Mapping[str, FigureTable]
    calibration: Json
    reliability: Json
    calibrated: Any = None
    validation: Any = None


class Kind(ABC):
    """How the models of one kind of study are judged: one class a recording, or several labels.

    Attributes:
        figures: Each figure over all classes, and whether more of it is better.
        class_figures: Each figure of a class, and its name among the figures of a table.
        variants: Per variant of the rows, the figures that are shown of it beside those of the rows as they
            are; named `<figure>_<variant>`.
        baseline_name: What the baseline is called.
        ranked_by: The figure that models are ranked by.
        compared: The figures whose differences are shown.
        against_baseline: The figures whose differences from the baseline are shown.
    """

    figures: ClassVar[Mapping[str, bool]]
    class_figures: ClassVar[Mapping[str, str]]
    variants: ClassVar[Mapping[str, Sequence[str]]]
    baseline_name: ClassVar[str]
    ranked_by: ClassVar[str]
    compared: ClassVar[tuple[str, ...]]
    against_baseline: ClassVar[tuple[str, ...]]

    @abstractmethod
    def rows(
        self,
        predictions: pd.DataFrame,
        manifest: pd.DataFrame,
        vocabulary: Sequence[str] | None = None,
        *,
        split: str | None = None,
    ) -> Any:
        """The judged rows of a model, over more classes than it knows where a vocabulary says so.

        Which split is judged is found as `evaluated_split` has it, unless one is named.
        """

    @abstractmethod
    def widened(self, rows: Any, vocabulary: tuple[str, ...]) -> Any:
        """The same rows over more classes, in another order."""

    @abstractmethod
    def judge(
        self,
        rows: Any,
        predictions: pd.DataFrame,
        manifest: pd.DataFrame,
        params: EvaluateParams,
        config: Config | None,
    ) -> Judged:
        """All ways to look at a model's rows.

        Args:
            rows: Of `rows`, or a part of them.
            predictions: All of the model, validation among them.
            manifest: The corpus.
            params: See `EvaluateParams`.
            config: `config.json` of the bundle, or None.
        """

    @abstractmethod
    def baseline(self, rows: Any, manifest: pd.DataFrame, params: EvaluateParams) -> Judged:
        """The rows as a model has it that has heard nothing and knows how common each class is."""

    @abstractmethod
    def baseline_figures(self, baseline: Judged) -> dict[str, float]:
        """Figures of the baseline, by name."""

    @abstractmethod
    def baseline_words(self, baseline: Judged) -> str:
        """What the baseline does, as it stands after "better than"."""

    def permutation_test(self, rows: Any, params: EvaluateParams) -> PermutationTest | None:
        """How often permuted labels do as well; None where the kind has no such test."""
        return None

    @abstractmethod
    def undefined(self, name: str, rows: Any, points: Figures, params: EvaluateParams) -> str | None:
        """Why a figure says nothing on these rows, or None where it does."""

    @abstractmethod
    def facts(
        self,
        judged: Judged,
        points: Figures,
        resampled: Figures,
        manifest: pd.DataFrame,
        params: EvaluateParams,
    ) -> Json:
        """What else goes into the metrics of a model: confusions, and what only this kind has."""

    @abstractmethod
    def class_facts(self, judged: Judged, index: int) -> Json:
        """What else is known of one class."""

    def merged(self, tables: Mapping[str, Figures]) -> Figures:
        """Figures of the rows and of their variants under one name each."""
        figures = dict(tables[RAW])
        for variant, names in self.variants.items():
            if variant in tables:
                figures |= {f"{name}_{variant}": tables[variant][name] for name in names}
        return figures
