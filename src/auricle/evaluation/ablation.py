"""Judges an ablation: each variant over its seeds, and against the baseline on the same recordings and seeds.

A figure is the mean over seeds. Its interval resamples whole groups and, with them, the seeds: what it says
holds for other recordings and for another training. Of five seeds the resampling sees four fifths of the
variance that seeds have; the figures of each seed stand beside it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd

from auricle.corpora.labels import SINGLE, LabelParams
from auricle.errors import CorpusError
from auricle.evaluation.bootstrap import bootstrap, interval_of
from auricle.evaluation.differences import difference_interval, verdict_on
from auricle.evaluation.kinds import RAW, Figures, Json
from auricle.evaluation.label_metrics import LabelFigures
from auricle.evaluation.label_rows import DOES_NOT_KNOW, LabelRows, label_rows
from auricle.evaluation.metrics import FigureTable, GroupFigures
from auricle.evaluation.one_class import OneClass
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.rows import KEY_COLUMNS, FloatArray
from auricle.evaluation.scored import Scored
from auricle.evaluation.several_labels import SeveralLabels

RUN = ("variant", "seed")
RANKED, NAMED = ("mean_average_precision", "roc_auc"), ("macro_f1", "accuracy")
Run = tuple[str, int]


def judge_ablation(
    predictions: pd.DataFrame,
    manifest: pd.DataFrame,
    params: EvaluateParams,
    labels: LabelParams,
    problem_types: Collection[str] = (),
) -> Json:
    """Every variant's figures over its seeds, and its differences from the first one.

    All are judged on the labels that every variant knows, one of which is taken to be named: the most
    probable one. Where a recording may have several of them, only figures of their ranking are given.

    Args:
        predictions: See `auricle.training.ablation.train_ablation`.
        manifest: The corpus.
        params: See `EvaluateParams`.
        labels: How the baseline reads labels; their hierarchy counts for all variants.
        problem_types: Of all variants; those of the baseline by default. Where all learn one class, a
            recording's class is what is true of it; else its class and all its labels.

    Returns:
        `experiments` (per variant its `name` and `figures`, each with `value`, `low`, `high` and `by_seed`),
        `differences` (from the first variant, with a verdict and `by_seed`), `baseline` (figures of guessing
        by how common the labels are), `compared` (the figures), `labels`, `seeds`, `split`, `recordings`,
        `groups`, `confidence`, `bootstrap_samples` and `warnings`.

    Raises:
        CorpusError: The variants share fewer than two labels, or no recording.
    """
    is_single = set(problem_types or [labels.problem_type]) == {SINGLE}
    if is_single:  # the levels above a class are no labels that anything learned
        labels = LabelParams()
    called = manifest.assign(labels=_true_labels(manifest, is_single=is_single))
    runs = _Runs.of(predictions, called, labels)
    tables = runs.tables(params)
    points = {key: {name: float(table()[name][0]) for name in runs.figures} for key, table in tables.items()}
    resampled = runs.over_seeds(tables, params)
    claimed = runs.any_rows.n_groups >= params.min_groups_for_claim

    def by_seed(variant: str, name: str) -> list[float]:
        return [points[variant, seed][name] for seed in runs.seeds]

    def figure(variant: str, name: str) -> Json:
        values = by_seed(variant, name)
        value = float(np.mean(values))
        interval = interval_of(name, resampled[variant][name], value, params) if claimed else None
        low, high = interval or (None, None)
        return {"value": value, "low": low, "high": high, "by_seed": values}

    def difference(variant: str, name: str) -> Json:
        first = runs.variants[0]
        values = np.subtract(by_seed(variant, name), by_seed(first, name))
        drawn = resampled[variant][name] - resampled[first][name]
        value = float(values.mean())
        interval = difference_interval(name, drawn, value, params.confidence) if claimed else None
        low, high = interval or (None, None)
        told = {"model": variant, "than": first, "figure": name, "value": value, "low": low, "high": high}
        return told | {"verdict": verdict_on(interval), "by_seed": values.tolist()}

    return {
        "experiments": [
            {"name": variant, "figures": {name: figure(variant, name) for name in runs.figures}}
            for variant in runs.variants
        ],
        "differences": [
            difference(variant, name) for variant in runs.variants[1:] for name in runs.figures[:2]
        ],
        "baseline": runs.baseline(called, params, labels),
        "compared": list(runs.figures),
        "labels": list(runs.any_rows.vocabulary),
        "seeds": len(runs.seeds),
        "split": runs.any_rows.split,
        "recordings": len(runs.any_rows),
        "groups": runs.any_rows.n_groups,
        "confidence": params.confidence,
        "bootstrap_samples": params.bootstrap_samples,
        # What not all variants know is not judged, and no fault of any.
        "warnings": [
            *(text for text in runs.any_rows.warnings if not text.startswith(DOES_NOT_KNOW)),
            *runs.warnings,
        ],
    }


@dataclass(frozen=True)
class _Runs:
    """The rows of every training, over the same labels and recordings, in the same order."""

    rows: Mapping[Run, LabelRows]
    variants: list[str]
    seeds: list[int]
    left_out: int

    @classmethod
    def of(cls, predictions: pd.DataFrame, called: pd.DataFrame, labels: LabelParams) -> "_Runs":
        shared = _shared_labels(predictions)
        common = _by_all(predictions)
        left_out = predictions["recording_id"].nunique() - len(common)
        predictions = predictions[predictions["recording_id"].isin(common)]
        rows = {}
        for run, table in predictions.groupby(list(RUN), sort=False):
            variant, seed = cast("Run", run)
            told = table[[*KEY_COLUMNS, *shared]].sort_values("recording_id", ignore_index=True)
            rows[variant, int(seed)] = label_rows(told, called, labels, vocabulary=shared)
        variants = list(dict.fromkeys(variant for variant, _ in rows))
        return cls(rows, variants, sorted({seed for _, seed in rows}), left_out)

    @property
    def warnings(self) -> list[str]:
        """What a reader must know of how these trainings were judged."""
        found = []
        if self.left_out:
            found.append(
                f"{self.left_out} recordings were not predicted by all variants, which read labels"
                " differently; they are left out."
            )
        if len(self.seeds) == 1:
            found.append(
                "Each variant was trained once: what another random seed would change is in no interval."
            )
        return found

    @property
    def any_rows(self) -> LabelRows:
        """Those of one training: recordings, groups and truth are the same for all."""
        return next(iter(self.rows.values()))

    @property
    def is_exclusive(self) -> bool:
        """Whether every recording has exactly one of the labels."""
        return bool((self.any_rows.y_true.sum(axis=1) == 1).all())

    @property
    def figures(self) -> tuple[str, ...]:
        """The figures that the recordings' labels allow, the one that is compared first."""
        return (*NAMED[:1], *RANKED, *NAMED[1:]) if self.is_exclusive else RANKED

    def tables(self, params: EvaluateParams) -> dict[Run, FigureTable]:
        """The figures of each training."""
        bins = params.calibration_bins
        return {
            key: _Both(
                LabelFigures(rows, bins=bins), GroupFigures(_one_of(rows)) if self.is_exclusive else None
            )
            for key, rows in self.rows.items()
        }

    def over_seeds(
        self, tables: Mapping[Run, FigureTable], params: EvaluateParams
    ) -> dict[str, dict[str, FloatArray]]:
        """Per variant and figure: means over resampled seeds under resampled groups, paired."""
        drawn = bootstrap(
            tables,
            samples=params.bootstrap_samples,
            seed=params.seed,
            rows=self.any_rows.cells,
        )
        generator = np.random.default_rng([params.seed, len(self.seeds)])
        picked = generator.integers(len(self.seeds), size=(len(self.seeds), params.bootstrap_samples))
        return {
            variant: {
                name: np.take_along_axis(
                    np.stack([drawn[variant, seed][name] for seed in self.seeds]), picked, axis=0
                ).mean(axis=0)
                for name in self.figures
            }
            for variant in self.variants
        }

    def baseline(self, called: pd.DataFrame, params: EvaluateParams, labels: LabelParams) -> dict[str, float]:
        """The figures of a model that has heard nothing."""
        figures: Figures = dict(SeveralLabels(labels).baseline(self.any_rows, called, params).tables[RAW]())
        if self.is_exclusive:
            of_class = OneClass().baseline(_one_of(self.any_rows), _one_label(called, self.any_rows), params)
            figures |= {name: of_class.tables[RAW]()[name] for name in NAMED}
        return {name: float(figures[name][0]) for name in self.figures}


class _Both:
    """Figures of labels, and of the most probable one where just one is true."""

    def __init__(self, of_labels: LabelFigures, of_class: GroupFigures | None) -> None:
        self.n_groups = of_labels.n_groups
        self._of_labels, self._of_class = of_labels, of_class

    def __call__(self, weights: Any = None) -> Figures:
        figures = {name: self._of_labels(weights)[name] for name in RANKED}
        if self._of_class is not None:
            of_class = self._of_class(weights)
            figures |= {name: of_class[name] for name in NAMED}
        return figures


def _shared_labels(predictions: pd.DataFrame) -> list[str]:
    columns = [name for name in predictions.columns if name not in (*RUN, *KEY_COLUMNS)]
    shared = [name for name in columns if predictions[name].notna().all()]
    if len(shared) < 2:
        raise CorpusError(
            f"The variants of the ablation have {len(shared)} of {len(columns)} labels in common, and a"
            " comparison needs two. Let them learn the same labels."
        )
    return shared


def _by_all(predictions: pd.DataFrame) -> pd.Index:
    """The recordings that every training predicted."""
    runs = predictions.groupby("recording_id")[list(RUN)].value_counts().groupby("recording_id").size()
    common = runs.index[runs == len(predictions[list(RUN)].drop_duplicates())]
    if common.empty:
        raise CorpusError(
            "No recording was predicted by all variants of the ablation, so there is nothing to compare them"
            " on. Let all of them learn one class a recording, or all of them several labels."
        )
    return common


def _true_labels(manifest: pd.DataFrame, *, is_single: bool) -> pd.Series:
    """The class of each recording, and all its labels where some variant learns them; each once."""
    return pd.Series(
        [
            list(dict.fromkeys([*([] if pd.isna(label) else [label]), *([] if is_single else labels)]))
            for label, labels in zip(manifest["label"], manifest["labels"], strict=True)
        ],
        index=manifest.index,
    )


def _one_label(manifest: pd.DataFrame, rows: LabelRows) -> pd.DataFrame:
    known = set(rows.vocabulary)
    labels = [next((label for label in several if label in known), None) for several in manifest["labels"]]
    return manifest.assign(label=pd.Series(labels, index=manifest.index, dtype="object"))


def _one_of(rows: LabelRows) -> Scored:
    """The rows as of one class each, the one that is true among their labels."""
    total = rows.probabilities.sum(axis=1, keepdims=True)
    return Scored(
        split=rows.split,
        vocabulary=rows.vocabulary,
        ids=rows.ids,
        probabilities=rows.probabilities / np.maximum(total, np.finfo(np.float32).tiny),
        groups=rows.groups,
        folds=rows.folds,
        y_true=rows.y_true.argmax(axis=1),
    )
