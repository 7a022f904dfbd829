"""Rows of one class each: which are judged, against which labels, and which rows calibrate them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd

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

PROBABILITY_SUM_TOLERANCE = 1e-2


@dataclass(frozen=True, kw_only=True)
class Scored(Rows):
    """Rows with one label and a probability for each class; probabilities sum to one.

    Attributes:
        y_true: Index of the true class of each row, int64 [shape=(n,)].
    """

    y_true: IntArray

    def take(self, rows: BoolArray | IntArray) -> Self:
        """The same table with only these rows; groups are counted anew."""
        return replace(super().take(rows), y_true=self.y_true[rows])

    def having(self, index: int) -> BoolArray:
        """Which rows are truly of a class, bool [shape=(n,)]."""
        return np.asarray(self.y_true == index)

    def widened(self, vocabulary: tuple[str, ...]) -> Self:
        """The same rows over more classes, in another order; a class that is new has probability zero."""
        places = np.array([vocabulary.index(label) for label in self.vocabulary], dtype=np.int64)
        probabilities = np.zeros((len(self), len(vocabulary)))
        probabilities[:, places] = self.probabilities
        return replace(self, vocabulary=vocabulary, y_true=places[self.y_true], probabilities=probabilities)


def scored_rows(
    predictions: pd.DataFrame,
    manifest: pd.DataFrame,
    *,
    split: str | None = None,
    vocabulary: Sequence[str] | None = None,
) -> Scored:
    """Join predictions with the labels and groups of the manifest.

    Args:
        predictions: `recording_id`, `split` and one probability column per class.
        manifest: The corpus; `label`, `group`, `split`, `fold` and `status` are read.
        split: Rows to take; by default those that are judged, see `evaluated_split`.
        vocabulary: Classes to score over where they are more than the model knows (several models side by
            side); a class that the model does not know has probability zero.

    Raises:
        CorpusError: No labelled row to judge; predictions of another split than the manifest's (a leak, or
            predictions older than the corpus); probabilities that are none.
    """
    chosen = split or evaluated_split(predictions)
    classes = classes_of(predictions)
    corpus = _labelled(manifest)
    joined = joined_with(predictions, corpus, chosen)
    known = known_names(vocabulary, classes)
    names = known + sorted(set(joined["manifest_label"]) - set(known))
    probabilities = joined.reindex(columns=names, fill_value=0.0).to_numpy(np.float64)
    return Scored(
        split=chosen,
        vocabulary=tuple(names),
        ids=joined["recording_id"].to_numpy(object),
        y_true=pd.Index(names).get_indexer(pd.Index(joined["manifest_label"])).astype(np.int64),
        probabilities=_normalized(probabilities, joined["recording_id"]),
        groups=pd.factorize(joined["manifest_group"], sort=True)[0].astype(np.int64),
        folds=joined["manifest_fold"].to_numpy(np.int64),
        warnings=(*_unknown(joined, classes), *left_out(predictions, joined, corpus, chosen)),
    )


def calibration_rows(predictions: pd.DataFrame, manifest: pd.DataFrame, evaluated: Scored) -> Scored | None:
    """The rows that a temperature may be fitted on: validation, or the evaluated rows themselves out of fold.

    Returns:
        None where there is no validation row. Out of fold, the caller fits each fold on the others.
    """
    if evaluated.split == OUT_OF_FOLD:
        return evaluated
    if not (predictions["split"] == "validation").any():
        return None
    return scored_rows(predictions, manifest, split="validation", vocabulary=evaluated.vocabulary)


def training_labels(manifest: pd.DataFrame) -> pd.DataFrame:
    """Labels (`label`) and folds (`fold`) of the recordings that models were trained on."""
    labelled = _labelled(manifest)
    rows = labelled[labelled["manifest_split"] == "train"]
    return pd.DataFrame({"label": rows["manifest_label"], "fold": rows["manifest_fold"]})


def _labelled(manifest: pd.DataFrame) -> pd.DataFrame:
    labels = manifest["label"]
    return corpus_rows(manifest, labels.notna(), manifest_label=labels.astype("str"))


def _normalized(probabilities: FloatArray, ids: pd.Series) -> FloatArray:
    """Rows summing exactly to one; float32 models are allowed their rounding, nothing more."""
    totals = probabilities.sum(axis=1, keepdims=True)
    wrong = ~np.isfinite(probabilities).all(axis=1) | (probabilities < 0).any(axis=1)
    wrong |= np.abs(totals[:, 0] - 1) > PROBABILITY_SUM_TOLERANCE
    refuse_numbers(wrong, ids, probabilities, "be finite, not negative, and sum to 1")
    return np.asarray(probabilities / totals, dtype=np.float64)


def _unknown(joined: pd.DataFrame, classes: Sequence[str]) -> list[str]:
    unknown = joined.loc[~joined["manifest_label"].isin(list(classes)), "manifest_label"].value_counts()
    return [
        f"The model does not know the class '{label}' of {count} judged recordings; they count as wrong."
        for label, count in unknown.items()
    ]
