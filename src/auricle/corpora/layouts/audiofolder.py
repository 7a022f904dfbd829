"""Layout `audiofolder`: the conventions of Hugging Face's AudioFolder.

Documented at https://huggingface.co/docs/datasets/audio_dataset#audiofolder. A `metadata.csv`, `.jsonl` or
`.parquet` names its recordings in `file_name` (or `<word>_file_name`), relative to its own folder, and may
lie in any folder. Folders such as `train` and `test` are published splits. Where nothing else gives labels,
folders do. Unlike there, a recording that no metadata name is kept, without a label, and splits are never
taken from file names.
"""

import logging
from pathlib import Path, PurePosixPath
from typing import Any, Literal, Self

import pandas as pd
from pydantic import Field, model_validator

from auricle.corpora.inspection import find_audio
from auricle.corpora.layouts.base import SPLIT_KEYWORDS, Layout, complete, split_of_folder
from auricle.corpora.layouts.listing import read_listing, require
from auricle.corpora.layouts.metadata import as_text, parse_labels, stacked
from auricle.errors import CorpusError
from auricle.params import Params

logger = logging.getLogger(__name__)


class AudioFolderOptions(Params):
    """Options of the layout `audiofolder`: which columns say what. A column named here must be there."""

    file_name_column: str | None = Field(
        None, description="Default: `file_name`, or the one `<word>_file_name`."
    )
    label_column: str | None = Field(
        None, description="The primary label. Default: `label`, where there is one."
    )
    labels_column: str | None = Field(
        None, description="All labels, a list. Default: `labels`, where there is one."
    )
    list_separator: Literal[";", "|", ","] | None = Field(
        None, description="Cuts a cell of labels that is neither a JSON array nor a Python list."
    )
    split_folders: bool = Field(
        True, description="Whether folders such as `train` and `test` are published splits."
    )
    split_column: str | None = Field(
        None, description="Column with the published split; goes before folders."
    )
    fold_column: str | None = Field(None, description="Column with the published fold, an integer.")
    rating_low: float = Field(0.0, description="Value of the column `rating` that becomes 0.")
    rating_high: float = Field(1.0, description="Value of the column `rating` that becomes 1.")

    @model_validator(mode="after")
    def _refuse_empty_range(self) -> Self:
        if self.rating_low >= self.rating_high:
            raise ValueError(f"rating_low {self.rating_low} must be below rating_high {self.rating_high}")
        return self


def read(root: Path, options: AudioFolderOptions) -> pd.DataFrame:
    """Read the metadata of all folders, and add the recordings that none of them names."""
    listed = read_listing(root, options.file_name_column)
    unlisted = sorted(set(find_audio(root)) - set(listed["path"]))
    table = stacked([listed, pd.DataFrame({"path": unlisted}, dtype=object)])
    if table.empty:
        return complete(table)
    label, labels = _label_columns(table, root, options)
    # An instrument that is to be found out is no input; groups may still be made by it, as `meta_instrument`.
    instrument = "instrument" if "instrument" in table and "instrument" not in (label, labels) else None
    ratings = _ratings(table, options)
    if label is None and labels is None and ratings.isna().all():
        primary = _labels_from_folders(table["path"], list(listed.columns), root)
    else:
        primary = as_text(table[label]) if label else [None] * len(table)
    lists: list[list[str]] = (
        _lists(table, labels, options.list_separator) if labels else [[] for _ in range(len(table))]
    )
    used = {options.split_column, options.fold_column, label, labels, "path", instrument, "rating"}
    if instrument is None:
        used.discard("instrument")
    columns: dict[str, Any] = {
        "path": table["path"],
        "label": primary,
        "labels": pd.Series(lists, index=table.index, dtype=object),
        "published_split": _published_splits(table, options),
        "published_fold": _numbers(table, options.fold_column, whole=True).astype("Int64"),
        "instrument": as_text(table[instrument]) if instrument else None,
        "rating": ratings,
    }
    return complete(
        pd.DataFrame(columns | {f"meta_{name}": as_text(table[name]) for name in table if name not in used})
    )


def _label_columns(
    table: pd.DataFrame, root: Path, options: AudioFolderOptions
) -> tuple[str | None, str | None]:
    columns, where = list(table.columns), f"the metadata below {root}"
    label = require(options.label_column, columns, where) if options.label_column else None
    labels = require(options.labels_column, columns, where) if options.labels_column else None
    return (
        label or ("label" if "label" in columns else None),
        labels or ("labels" if "labels" in columns else None),
    )


def _lists(table: pd.DataFrame, column: str, separator: str | None) -> list[list[str]]:
    lists = []
    for path, value in zip(table["path"], table[column], strict=True):
        try:
            lists.append(parse_labels(value, separator))
        except ValueError as error:
            raise CorpusError(
                f"Column {column!r} of {path!r} is no list of labels: {error}. Write a JSON array such as"
                ' ["rock", "live"], or name the separator with layout_options: {list_separator: ";"}.'
            ) from error
    return lists


def _labels_from_folders(paths: pd.Series, columns: list[str], root: Path) -> list[str | None]:
    """The parent folder of each recording, on AudioFolder's condition: one depth, more than one folder."""
    parents = [PurePosixPath(path).parent for path in paths]
    names = {parent.name for parent in parents}
    depths = {len(parent.parts) for parent in parents}
    if len(names) < 2 or len(depths) > 1 or any(name in SPLIT_KEYWORDS for name in names):
        found = f"columns of the metadata: {', '.join(columns)}" if len(columns) > 1 else "no metadata file"
        raise CorpusError(
            f"Nothing below {root} says what the labels are ({found}; the folders give none, because they do"
            " not name two or more classes at one depth). Add a column `label` or `labels` to metadata.csv,"
            " name another column with layout_options: {label_column: ...}, or put the recordings into one"
            " folder per class."
        )
    logger.info("No label column below %s: the %d folders are taken as labels.", root, len(names))
    return [parent.name for parent in parents]


def _published_splits(table: pd.DataFrame, options: AudioFolderOptions) -> list[str | None]:
    from_folders: list[str | None] = [None] * len(table)
    if options.split_folders:
        known = {
            folder: _split_of(folder) for folder in {PurePosixPath(path).parent for path in table["path"]}
        }
        from_folders = [known[PurePosixPath(path).parent] for path in table["path"]]
        if set(from_folders) <= {"train", None}:
            # A lone `train` is where tools put a dataset that nobody has split.
            from_folders = [None] * len(table)
    if options.split_column is None:
        return from_folders
    require(options.split_column, list(table.columns), "the metadata")
    return [
        _split_of_cell(value, options.split_column, path) or folder
        for value, path, folder in zip(table[options.split_column], table["path"], from_folders, strict=True)
    ]


def _split_of(folder: PurePosixPath) -> str | None:
    return next((split for part in folder.parts if (split := split_of_folder(part))), None)


def _split_of_cell(value: object, column: str, path: str) -> str | None:
    if value is None:
        return None
    split = SPLIT_KEYWORDS.get(str(value).lower())
    if split is None:
        raise CorpusError(
            f"Column {column!r} of {path!r} says {value!r}, which is no split. Known:"
            f" {', '.join(SPLIT_KEYWORDS)}."
        )
    return split


def _numbers(table: pd.DataFrame, column: str | None, *, whole: bool) -> "pd.Series[float]":
    if column is None:
        return pd.Series(float("nan"), index=table.index)
    require(column, list(table.columns), "the metadata")
    numbers = pd.to_numeric(table[column], errors="coerce").astype("float64")
    wrong = table[column].notna() & (numbers.isna() | (whole & (numbers % 1 != 0)))
    if wrong.any():
        first = table[wrong].iloc[0]
        raise CorpusError(
            f"Column {column!r} of {first['path']!r} says {first[column]!r}, which is no"
            f" {'whole number' if whole else 'number'}, for {int(wrong.sum())} recordings. Mend the"
            " column."
        )
    return numbers


def _ratings(table: pd.DataFrame, options: AudioFolderOptions) -> "pd.Series[float]":
    ratings = _numbers(table, "rating" if "rating" in table else None, whole=False)
    scaled = (ratings - options.rating_low) / (options.rating_high - options.rating_low)
    outside = (scaled < 0) | (scaled > 1)
    if outside.any():
        raise CorpusError(
            f"The rating of {table['path'][outside].iloc[0]!r} is {ratings[outside].iloc[0]:g}, outside of"
            f" {options.rating_low:g} to {options.rating_high:g}. State the scale with layout_options:"
            " {rating_low: ..., rating_high: ...}."
        )
    return scaled


LAYOUT = Layout("audiofolder", AudioFolderOptions, read)
