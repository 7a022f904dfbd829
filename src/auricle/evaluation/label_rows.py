"""Rows with any number of labels each: which are judged, against which labels, by which thresholds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd

from auricle.corpora.labels import LabelParams, indicators, label_lists
from auricle.errors import CorpusError
from auricle.evaluation.calibration import calibration_folds
from auricle.evaluation.rows import (
    OUT_OF_FOLD,
    BoolArray,
    FloatArray,
    IntArray,
    Rows,
    classes_of,
    corpus_rows,
    evaluated_split,
    joined_with,
    known_names,
    left_out,
    refuse_numbers,
)
from auricle.models.bundle import vocabulary_of
from auricle.models.thresholds import HALF, choose_thresholds

NAMED = 8
CELLS_PER_LABEL = 20  # about as many bins of the calibration error
DOES_NOT_KNOW = "The model does not know"


@dataclass(frozen=True, kw_only=True)
class LabelRows(Rows):
    """Rows with a probability for each label, each by itself, and from where the label is said.

    Attributes:
        y_true: Which labels each row has, bool [shape=(n, classes)].
        thresholds: From which probability on a label is said of a row, float64 [shape=(n, classes)].
    """

    y_true: BoolArray
    thresholds: FloatArray

    @property
    def said(self) -> BoolArray:
        """Which labels are said of each row, bool [shape=(n, classes)]."""
        return np.asarray(self.probabilities >= self.thresholds)

    @property
    def cells(self) -> int:
        """How many numbers the figures of one resample take at a time; see `auricle.evaluation.ranking`."""
        positives = int(self.y_true.sum())
        return max(2 * positives, len(self), CELLS_PER_LABEL * len(self.vocabulary))

    def take(self, rows: BoolArray | IntArray) -> Self:
        """The same table with only these rows; groups are counted anew."""
        return replace(super().take(rows), y_true=self.y_true[rows], thresholds=self.thresholds[rows])

    def having(self, index: int) -> BoolArray:
        """Which rows truly have a label, bool [shape=(n,)]."""
        return self.y_true[:, index]

    def reordered(self, order: Sequence[int]) -> Self:
        """The same rows with their labels in another order."""
        return replace(
            self,
            vocabulary=tuple(self.vocabulary[index] for index in order),
            probabilities=self.probabilities[:, order],
            y_true=self.y_true[:, order],
            thresholds=self.thresholds[:, order],
        )

    def with_thresholds(self, thresholds: FloatArray | float) -> Self:
        """The same rows with other thresholds, broadcast to [shape=(n, classes)]."""
        return replace(self, thresholds=np.broadcast_to(thresholds, self.probabilities.shape))


def label_rows(
    predictions: pd.DataFrame,
    manifest: pd.DataFrame,
    labels: LabelParams,
    *,
    split: str | None = None,
    vocabulary: Sequence[str] | None = None,
) -> LabelRows:
    """Join predictions with all labels of the manifest; every threshold is 0.5.

    Args:
        predictions: `recording_id`, `split` and one probability column per class.
        manifest: The corpus; `labels`, `group`, `split`, `fold` and `status` are read.
        labels: How labels are read.
        split: Rows to take; by default those that are judged, see `evaluated_split`.
        vocabulary: Labels to score over where they are more than the model knows (several models side by
            side); a label that the model does not know has probability zero.

    Raises:
        CorpusError: As `scored_rows`.
    """
    chosen = split or evaluated_split(predictions)
    corpus = labelled_with_any(manifest)
    classes = classes_of(predictions)
    joined = joined_with(predictions, corpus, chosen)
    names = known_names(vocabulary, classes)
    probabilities = joined.reindex(columns=names, fill_value=0.0).to_numpy(np.float64)
    wrong = np.asarray(~((probabilities >= 0) & (probabilities <= 1)).all(axis=1), dtype=np.bool_)
    refuse_numbers(wrong, joined["recording_id"], probabilities, "be finite, and each number from 0 to 1")
    lists = label_lists(joined["manifest_labels"], labels.parents)
    truth = indicators(lists, names) > 0
    if not truth.any():
        raise CorpusError(
            f"None of the {len(joined)} recordings of split '{chosen}' has a label that the model knows, such"
            f" as {names[0]!r}. Train it again on the corpus as it is."
        )
    return LabelRows(
        split=chosen,
        vocabulary=tuple(names),
        ids=joined["recording_id"].to_numpy(object),
        y_true=truth,
        probabilities=probabilities,
        thresholds=np.broadcast_to(HALF, probabilities.shape),
        groups=pd.factorize(joined["manifest_group"], sort=True)[0].astype(np.int64),
        folds=joined["manifest_fold"].to_numpy(np.int64),
        warnings=(*_unknown(lists, names), *left_out(predictions, joined, corpus, chosen)),
    )


def with_chosen_thresholds(
    rows: LabelRows, validation: LabelRows | None, labels: LabelParams, config: Mapping[str, Any] | None
) -> LabelRows:
    """The rows with the thresholds that the model says its labels by.

    Those of the bundle, which were chosen on validation; for a model without a bundle the same rule on
    `validation`; 0.5 where there is neither. Out of fold each fold's are chosen on the other folds, so that
    no recording has a say in its own.

    Args:
        rows: The judged rows.
        validation: Rows of the split "validation" over the same vocabulary, or None.
        labels: The rule.
        config: `config.json` of the bundle.
    """
    if rows.split == OUT_OF_FOLD:
        return _cross_fitted(rows, labels)
    if (config or {}).get("thresholds") is not None:
        return with_kept_thresholds(rows, config or {})
    if validation is None:
        return rows
    return rows.with_thresholds(choose_thresholds(validation.probabilities, validation.y_true, labels))


def with_kept_thresholds(rows: LabelRows, config: Mapping[str, Any]) -> LabelRows:
    """The rows with the thresholds of a bundle, by its `config.json`."""
    of_model = dict(zip(vocabulary_of(config), config["thresholds"], strict=True))
    return rows.with_thresholds(np.array([of_model.get(name, HALF) for name in rows.vocabulary]))


def training_indicators(
    manifest: pd.DataFrame, labels: LabelParams, vocabulary: Sequence[str]
) -> tuple[BoolArray, IntArray]:
    """Labels bool [shape=(n, classes)] and folds int64 [shape=(n,)] of what models were trained on."""
    corpus = labelled_with_any(manifest)
    rows = corpus[corpus["manifest_split"] == "train"]
    lists = label_lists(rows["manifest_labels"], labels.parents)
    return indicators(lists, vocabulary) > 0, rows["manifest_fold"].to_numpy(np.int64)


def labelled_with_any(manifest: pd.DataFrame) -> pd.DataFrame:
    """Usable recordings with at least one label, and all of these as `manifest_labels`."""
    return corpus_rows(manifest, manifest["labels"].map(len) > 0, manifest_labels=manifest["labels"])


def _cross_fitted(rows: LabelRows, labels: LabelParams) -> LabelRows:
    folds = calibration_folds(rows)
    if len(np.unique(folds)) < 2:
        return rows
    thresholds = np.full(rows.probabilities.shape, HALF)
    for fold in np.unique(folds):
        others = rows.take(folds != fold)
        thresholds[folds == fold] = choose_thresholds(others.probabilities, others.y_true, labels)
    return rows.with_thresholds(thresholds)


def _unknown(lists: pd.Series, names: Sequence[str]) -> list[str]:
    found = lists.explode().dropna()
    unknown = found[~found.isin(list(names))].value_counts()
    if unknown.empty:
        return []
    told = ", ".join(f"{label} ({count})" for label, count in unknown.head(NAMED).items())
    more = f" and {len(unknown) - NAMED} more" if len(unknown) > NAMED else ""
    return [
        f"{DOES_NOT_KNOW} {len(unknown)} labels of the judged recordings, which are too rare in"
        f" training or new: {told}{more}. They are passed by."
    ]
