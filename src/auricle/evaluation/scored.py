"""Which rows of a predictions table are judged, against which labels, and which rows calibrate them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.errors import CorpusError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

KEY_COLUMNS = ("recording_id", "split")
EVALUATED_SPLITS = ("out_of_fold", "test")
PROBABILITY_SUM_TOLERANCE = 1e-2


@dataclass(frozen=True)
class Scored:
    """Rows with a label and a probability for each class.

    Attributes:
        split: Where the rows come from: "test", "out_of_fold" or "validation".
        vocabulary: The classes, in the order of the columns of `probabilities`.
        ids: Recording of each row, object [shape=(n,)].
        y_true: Index of the true class of each row, int64 [shape=(n,)].
        probabilities: Rows that sum to one, float64 [shape=(n, classes)].
        groups: Index of the group of each row, int64 [shape=(n,)], from 0 without gaps.
        folds: Fold of each row, or -1 under a hold-out protocol, int64 [shape=(n,)].
        warnings: What a reader must know about how these rows came about.
    """

    split: str
    vocabulary: tuple[str, ...]
    ids: npt.NDArray[np.object_]
    y_true: IntArray
    probabilities: FloatArray
    groups: IntArray
    folds: IntArray
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.y_true)

    @property
    def n_groups(self) -> int:
        """How many distinct groups the rows come from."""
        return int(self.groups.max()) + 1 if len(self) else 0

    def take(self, rows: npt.NDArray[np.bool_] | IntArray) -> "Scored":
        """The same table with only these rows; groups are counted anew."""
        return replace(
            self,
            ids=self.ids[rows],
            y_true=self.y_true[rows],
            probabilities=self.probabilities[rows],
            groups=np.unique(self.groups[rows], return_inverse=True)[1].astype(np.int64),
            folds=self.folds[rows],
        )

    def widened(self, vocabulary: tuple[str, ...]) -> "Scored":
        """The same rows over more classes, in another order; a class that is new has probability zero."""
        places = np.array([vocabulary.index(label) for label in self.vocabulary], dtype=np.int64)
        probabilities = np.zeros((len(self), len(vocabulary)))
        probabilities[:, places] = self.probabilities
        return replace(self, vocabulary=vocabulary, y_true=places[self.y_true], probabilities=probabilities)

    def with_probabilities(self, probabilities: FloatArray) -> "Scored":
        """The same rows with other probabilities [shape=(n, classes)]."""
        return replace(self, probabilities=probabilities)


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
        side);
            a class that the model does not know has probability zero.

    Raises:
        CorpusError: No labelled row to judge; predictions of another split than the manifest's (a leak, or
            predictions older than the corpus); probabilities that are none.
    """
    chosen = split or evaluated_split(predictions)
    classes = [str(column) for column in predictions.columns if column not in KEY_COLUMNS]
    _refuse_foreign(predictions, classes)
    rows = predictions[predictions["split"] == chosen]
    corpus = _labelled(manifest)
    joined = rows.merge(corpus, on="recording_id", how="inner")
    _refuse_stale(joined, chosen)
    if joined.empty:
        raise CorpusError(
            f"None of the {len(rows)} predictions of split '{chosen}' belongs to a labelled, usable recording"
            " of the manifest. Run the pipelines again so that predictions and manifest come from one corpus."
        )
    known = list(dict.fromkeys([*(vocabulary or ()), *classes]))
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
        warnings=tuple(_warnings(rows, joined, corpus, classes, chosen)),
    )


def calibration_rows(predictions: pd.DataFrame, manifest: pd.DataFrame, evaluated: Scored) -> Scored | None:
    """The rows that a temperature may be fitted on: validation, or the evaluated rows themselves out of fold.

    Returns:
        None where there is no validation row. Out of fold, the caller fits each fold on the others.
    """
    if evaluated.split == "out_of_fold":
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
    """Usable, labelled recordings, their columns renamed so that no class name can collide with one."""
    usable = manifest[(manifest["status"] == "ok") & manifest["label"].notna()]
    fold = usable["fold"] if "fold" in usable else pd.Series(-1, index=usable.index)
    return pd.DataFrame(
        {
            "recording_id": usable["recording_id"],
            "manifest_label": usable["label"].astype(str),
            "manifest_group": usable["group"].astype(str),
            "manifest_split": usable["split"].astype(str),
            "manifest_fold": fold.fillna(-1).astype(np.int64),
        }
    )


def _refuse_foreign(predictions: pd.DataFrame, classes: Sequence[str]) -> None:
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


def _refuse_stale(joined: pd.DataFrame, split: str) -> None:
    expected = "train" if split == "out_of_fold" else split
    moved = joined[joined["manifest_split"] != expected]
    if not moved.empty:
        first = moved.iloc[0]
        raise CorpusError(
            f"{len(moved)} predictions say split '{split}' where the manifest says otherwise (first:"
            f" {first['recording_id']}, '{first['manifest_split']}'). They are older than the corpus: make"
            " the predictions again before anything is judged."
        )


def _normalized(probabilities: FloatArray, ids: pd.Series) -> FloatArray:
    """Rows summing exactly to one; float32 models are allowed their rounding, nothing more."""
    totals = probabilities.sum(axis=1, keepdims=True)
    wrong = ~np.isfinite(probabilities).all(axis=1) | (probabilities < 0).any(axis=1)
    wrong |= np.abs(totals[:, 0] - 1) > PROBABILITY_SUM_TOLERANCE
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise CorpusError(
            f"{int(wrong.sum())} predictions are no probabilities (first: {ids.iloc[first]}, sum"
            f" {totals[first, 0]:.4g}); each row must be finite, not negative, and sum to 1."
        )
    return np.asarray(probabilities / totals, dtype=np.float64)


def _warnings(
    rows: pd.DataFrame, joined: pd.DataFrame, corpus: pd.DataFrame, classes: Sequence[str], split: str
) -> list[str]:
    found = []
    unknown = joined.loc[~joined["manifest_label"].isin(list(classes)), "manifest_label"].value_counts()
    for label, count in unknown.items():
        found.append(
            f"The model does not know the class '{label}' of {count} judged recordings; they count as wrong."
        )
    expected = corpus["manifest_split"] == ("train" if split == "out_of_fold" else split)
    silent = int((expected & ~corpus["recording_id"].isin(joined["recording_id"])).sum())
    if silent:
        found.append(f"{silent} of {int(expected.sum())} recordings of split '{split}' have no prediction.")
    unjudged = len(rows) - len(joined)
    if unjudged:
        found.append(f"{unjudged} predictions have no labelled, usable recording in the manifest; left out.")
    return found
