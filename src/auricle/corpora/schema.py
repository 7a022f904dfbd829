"""The contract of the manifest, checked whenever it is saved or loaded."""

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

from auricle.corpora.places import TEST, TRAIN, UNLABELLED, VALIDATION


class Manifest(pa.DataFrameModel):
    """One row per file of a corpus; columns `meta_*` are text, as the source spells it."""

    recording_id: Series[str] = pa.Field(
        nullable=True,
        str_matches=r"^[0-9a-f]{16}$",
        description="SHA-256 of the bytes; missing without a file.",
    )
    path: Series[str] = pa.Field(unique=True, description="Relative to the corpus folder, POSIX.")
    duration_s: Series[float] = pa.Field(nullable=True, gt=0, description="Seconds.")
    sample_rate: Series[pd.Int64Dtype] = pa.Field(nullable=True, gt=0, description="Hz.")
    channels: Series[pd.Int64Dtype] = pa.Field(nullable=True, gt=0)
    label: Series[str] = pa.Field(nullable=True, description="The primary class.")
    labels: Series[object] = pa.Field(description="All labels, the primary one first.")
    instrument: Series[str] = pa.Field(nullable=True)
    rating: Series[float] = pa.Field(nullable=True, ge=0, le=1)
    group: Series[str] = pa.Field(description="Never in two splits.")
    split: Series[str] = pa.Field(nullable=True, isin=[TRAIN, VALIDATION, TEST, UNLABELLED])
    fold: Series[np.int64] = pa.Field(ge=-1, description="-1 but under k-fold.")
    status: Series[str] = pa.Field(isin=["ok", "quarantined"])
    reason: Series[str] = pa.Field(nullable=True, description="Of the quarantine.")

    @pa.check("path", element_wise=True)
    @classmethod
    def path_stays_inside(cls, path: str) -> bool:
        """A path is relative and does not climb out of the corpus folder."""
        return not path.startswith("/") and "\\" not in path and ".." not in path.split("/")

    @pa.check("labels", element_wise=True)
    @classmethod
    def labels_are_lists(cls, labels: object) -> bool:
        """Labels are a list of text; after Parquet, an array of it."""
        return isinstance(labels, (list, np.ndarray)) and all(isinstance(label, str) for label in labels)

    @pa.dataframe_check
    @classmethod
    def usable_rows_are_complete(cls, rows: pd.DataFrame) -> "pd.Series[bool]":
        """A usable recording has all facts and a split; a quarantined one has a reason and no split."""
        facts = ["recording_id", "duration_s", "sample_rate", "channels", "split"]
        usable = rows["status"] == "ok"
        complete = rows[facts].notna().all(axis=1) & rows["reason"].isna()
        return complete.where(usable, rows["reason"].notna() & rows["split"].isna())

    @pa.dataframe_check
    @classmethod
    def usable_recordings_are_unique(cls, rows: pd.DataFrame) -> bool:
        """The same bytes count once."""
        return bool(rows.loc[rows["status"] == "ok", "recording_id"].is_unique)

    @pa.dataframe_check
    @classmethod
    def label_comes_first_in_labels(cls, rows: pd.DataFrame) -> "pd.Series[bool]":
        """A recording with a label has it among its labels, in front."""
        first = rows["labels"].map(lambda labels: labels[0] if len(labels) else None)
        return rows["label"].isna() | (first == rows["label"])

    @pa.dataframe_check
    @classmethod
    def no_group_is_in_two_splits(cls, rows: pd.DataFrame) -> bool:
        """The rule that everything rests on: a group is in one split, and in one fold."""
        learnt = rows[(rows["status"] == "ok") & (rows["split"] != UNLABELLED)]
        return len(learnt[["group", "split", "fold"]].drop_duplicates()) == learnt["group"].nunique()
