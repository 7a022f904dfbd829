"""Rows of a predictions table beside what the manifest says of their recordings."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.errors import CorpusError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

KEY_COLUMNS = ("recording_id", "split")
OUT_OF_FOLD = "out_of_fold"
EVALUATED_SPLITS = (OUT_OF_FOLD, "test")


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Judged rows: what a model says of recordings, and where these belong.

    Attributes:
        split: Where the rows come from: "test", "out_of_fold" or "validation".
        vocabulary: The classes, in the order of the columns of `probabilities`.
        ids: Recording of each row, object [shape=(n,)].
        probabilities: float64 [shape=(n, classes)].
        groups: Index of the group of each row, int64 [shape=(n,)], from 0 without gaps.
        folds: Fold of each row, or -1 under a hold-out protocol, int64 [shape=(n,)].
        warnings: What a reader must know about how these rows came about.
    """

    split: str
    vocabulary: tuple[str, ...]
    ids: npt.NDArray[np.object_]
    probabilities: FloatArray
    groups: IntArray
    folds: IntArray
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def n_groups(self) -> int:
        """How many distinct groups the rows come from."""
        return int(self.groups.max()) + 1 if len(self) else 0

    @property
    def cells(self) -> int:
        """How many numbers the figures of one resample take at a time; bounds the memory of resampling."""
        return self.probabilities.size

    def take(self, rows: BoolArray | IntArray) -> Self:
        """The same table with only these rows; groups are counted anew."""
        return replace(
            self,
            ids=self.ids[rows],
            probabilities=self.probabilities[rows],
            groups=np.unique(self.groups[rows], return_inverse=True)[1].astype(np.int64),
            folds=self.folds[rows],
        )

    def with_probabilities(self, probabilities: FloatArray) -> Self:
        """The same rows with other probabilities [shape=(n, classes)]."""
        return replace(self, probabilities=probabilities)

    def having(self, index: int) -> BoolArray:
        """Which rows are truly of a class, bool [shape=(n,)]."""
        raise NotImplementedError


def evaluated_split(predictions: pd.DataFrame) -> str:
    """Name the split that these predictions are judged on: out of fold where they are, else test."""
    present = set(predictions["split"].unique())
    for split in EVALUATED_SPLITS:
        if split in present:
            return split
    raise CorpusError(
        "The predictions hold no row of the test split and none out of fold "
        f"(splits present: {sorted(map(str, present))}), so nothing can be judged. "
        "Give the corpus a test split (test_share > 0) or use protocol: grouped_k_fold, and train again."
    )


def classes_of(predictions: pd.DataFrame) -> list[str]:
    """The classes that a table of predictions has a column for.

    Raises:
        CorpusError: Fewer than two classes, or a recording more than once.
    """
    classes = [str(column) for column in predictions.columns if column not in KEY_COLUMNS]
    if len(classes) < 2:
        raise CorpusError(
            f"A classifier's predictions need one probability column for each of at least two classes; found"
            f" {list(classes)}."
        )
    repeated = predictions.loc[predictions.duplicated(["recording_id", "split"]), "recording_id"]
    if not repeated.empty:
        raise CorpusError(
            f"{len(repeated)} recordings are predicted more than once (first: {repeated.iloc[0]}); a"
            " recording counts once. Make the predictions again."
        )
    return classes


def corpus_rows(manifest: pd.DataFrame, labelled: pd.Series, **columns: pd.Series) -> pd.DataFrame:
    """Usable, labelled recordings, their columns renamed so that no class name can collide with one.

    Args:
        manifest: The corpus.
        labelled: Which rows have what the study learns, bool with the index of the manifest.
        columns: What else is wanted of the manifest, by its name here.
    """
    chosen = (manifest["status"] == "ok") & labelled
    usable = manifest[chosen]
    fold = usable["fold"] if "fold" in usable else pd.Series(-1, index=usable.index)
    return pd.DataFrame(
        {
            "recording_id": usable["recording_id"],
            "manifest_group": usable["group"].astype(str),
            "manifest_split": usable["split"].astype(str),
            "manifest_fold": fold.fillna(-1).astype(np.int64),
        }
        | {name: values[chosen] for name, values in columns.items()}
    )


def joined_with(predictions: pd.DataFrame, corpus: pd.DataFrame, split: str) -> pd.DataFrame:
    """The predictions of a split beside what the corpus says of their recordings.

    Raises:
        CorpusError: No recording in common; predictions of another split than the manifest's (a leak, or
            predictions older than the corpus).
    """
    rows = predictions[predictions["split"] == split]
    joined = rows.merge(corpus, on="recording_id", how="inner")
    moved = joined[joined["manifest_split"] != split_in_manifest(split)]
    if not moved.empty:
        first = moved.iloc[0]
        raise CorpusError(
            f"{len(moved)} predictions say split '{split}' where the manifest says otherwise (first:"
            f" {first['recording_id']}, '{first['manifest_split']}'). They are older than the corpus: make"
            " the predictions again before anything is judged."
        )
    if joined.empty:
        raise CorpusError(
            f"None of the {len(rows)} predictions of split '{split}' belongs to a labelled, usable recording"
            " of the manifest. Run the pipelines again so that predictions and manifest come from one corpus."
        )
    return joined


def split_in_manifest(split: str) -> str:
    """What the manifest calls a split of predictions: out of fold, all are training recordings."""
    return "train" if split == OUT_OF_FOLD else split


def refuse_numbers(wrong: BoolArray, ids: "pd.Series[str]", values: FloatArray, expected: str) -> None:
    """Refuse predictions that are no probabilities.

    Args:
        wrong: Which rows are refused, bool [shape=(n,)].
        ids: Recording of each row.
        values: The probabilities [shape=(n, classes)].
        expected: What each row must be.

    Raises:
        CorpusError: Any row is refused.
    """
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise CorpusError(
            f"{int(wrong.sum())} predictions are no probabilities (first: {ids.iloc[first]}, sum"
            f" {values[first].sum():.4g}); each row must {expected}."
        )


def left_out(predictions: pd.DataFrame, joined: pd.DataFrame, corpus: pd.DataFrame, split: str) -> list[str]:
    """Sentences on recordings without a prediction, and on predictions without a recording."""
    found = []
    expected = corpus["manifest_split"] == split_in_manifest(split)
    silent = int((expected & ~corpus["recording_id"].isin(joined["recording_id"])).sum())
    if silent:
        found.append(f"{silent} of {int(expected.sum())} recordings of split '{split}' have no prediction.")
    unjudged = int((predictions["split"] == split).sum()) - len(joined)
    if unjudged:
        found.append(f"{unjudged} predictions have no labelled, usable recording in the manifest; left out.")
    return found


def known_names(vocabulary: Sequence[str] | None, classes: Sequence[str]) -> list[str]:
    """The wanted vocabulary, and what the model knows beyond it."""
    return list(dict.fromkeys([*(vocabulary or ()), *classes]))
