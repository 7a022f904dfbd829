"""Layout `split_lists`: `train.csv`, `validation.csv` and `test.csv`, with the columns `path` and `label`.

So scripts for speech models have it, and so ingestion writes what it has split. Further columns are kept as
`meta_*`; `labels`, where it is there, is a list.
"""

from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import Field

from auricle.corpora.inspection import find_audio
from auricle.corpora.layouts.base import SPLIT_KEYWORDS, Layout, complete
from auricle.corpora.layouts.metadata import parse_labels
from auricle.corpora.layouts.tables import read_columns, with_unlisted
from auricle.errors import CorpusError
from auricle.params import Params


class SplitListsOptions(Params):
    """Options of the layout `split_lists`."""

    lists: str = Field(".", description="The folder of the lists, below the corpus folder or absolute.")
    path_column: str = Field("path", description="A file, below the corpus folder, or absolute and in it.")
    label_column: str = Field("label", description="The label; others are, for example, emotion or reason.")
    separator: Literal[",", ";", "\t"] = Field(",", description="Between the columns.")


def read(root: Path, options: SplitListsOptions) -> pd.DataFrame:
    """Read the lists, whatever splits are called (`valid.csv`, `dev.csv`); other files have no label."""
    found = find_audio(root)
    if not found:
        return complete(pd.DataFrame({"path": []}))
    folder = root / options.lists
    files = {file: SPLIT_KEYWORDS[file.stem.lower()] for file in sorted(folder.glob("*.csv"))
             if file.stem.lower() in SPLIT_KEYWORDS}  # fmt: skip
    if "train" not in files.values():
        raise CorpusError(
            f"{folder} holds no train.csv: this layout reads labels and splits from train.csv, validation.csv"
            " and test.csv. Put the lists there, or name their folder with layout_options: {lists: ...}."
        )
    table = pd.concat([_list(file, split, root, options) for file, split in files.items()], ignore_index=True)
    twice = table["path"][table["path"].duplicated()]
    if not twice.empty:
        raise CorpusError(
            f"{twice.iloc[0]} is named twice by the lists in {folder} ({twice.nunique()} are). Keep one"
            " row for each recording, in one list."
        )
    return with_unlisted(table, found)


def _list(file: Path, split: str, root: Path, options: SplitListsOptions) -> pd.DataFrame:
    named = read_columns(file, (options.path_column, options.label_column), options.separator)
    table = read_columns(file, None, options.separator)
    labels = table.get("labels", pd.Series(None, index=table.index, dtype=object))
    meta = table.drop(columns=[*named, "labels"], errors="ignore").add_prefix("meta_")
    return meta.assign(
        path=[_inside(path, root, file) for path in named[options.path_column]],
        label=named[options.label_column],
        labels=pd.Series([_labels(cell, file) for cell in labels], index=table.index, dtype=object),
        published_split=split,
    )


def _labels(cell: object, file: Path) -> list[str]:
    try:
        return parse_labels(cell, None) if isinstance(cell, str) else []
    except ValueError as error:
        raise CorpusError(
            f'{file}, column labels: {error}. Write a JSON array such as ["tired", "hungry"].'
        ) from error


def _inside(name: object, root: Path, file: Path) -> str:
    """A path below the corpus folder, whether it is given so or absolute."""
    path = (root / name).absolute() if isinstance(name, str) else None
    if path is not None and path.is_relative_to(root.absolute()) and ".." not in path.parts:
        return path.relative_to(root.absolute()).as_posix()
    raise CorpusError(
        f"{file} names {name!r}, which is no file below the corpus folder {root}. Paths must be below it,"
        " either relative to it or absolute."
    )


LAYOUT = Layout("split_lists", SplitListsOptions, read)
