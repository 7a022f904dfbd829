"""From the lists of a user to the table that ingestion reads: checked before any file is opened."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from auricle.corpora.inspection import is_storable
from auricle.corpora.labels import LabelParams, label_lists
from auricle.corpora.layouts.base import complete
from auricle.errors import ConfigurationError, CorpusError

SHOWN = 5
Labels = Sequence[str] | Sequence[Sequence[str]]


@dataclass(frozen=True)
class Listed:
    """Recordings as they were listed.

    Attributes:
        root: the nearest folder that holds all of them.
        table: as `read_layout` gives it, with `meta_group`; paths are relative to `root`.
        several: whether a recording may have several labels.
        grouped: whether somebody said what belongs together.
    """

    root: Path
    table: pd.DataFrame
    several: bool
    grouped: bool


def read_lists(
    files: Iterable[str | Path],
    labels: Iterable[Any],
    groups: Iterable[Any] | None = None,
    instruments: Iterable[Any] | None = None,
) -> Listed:
    """Put lists side by side.

    Args:
        files: paths of recordings.
        labels: of each its label, or a list of its labels: the same for all.
        groups: of each what it belongs to, such as its artist; None where it stands alone.
        instruments: of each who plays, for models that may be told; None where it is not known.

    Raises:
        ConfigurationError: lists of different lengths, or of something else.
        CorpusError: files that do not exist or are listed twice, or recordings without a label.
    """
    paths = _paths(files)
    called = _listed(labels, "labels", len(paths))
    several = _several(paths, called)
    columns = {
        name: [None] * len(paths) if given is None else _texts(_listed(given, name, len(paths)), name)
        for name, given in (("groups", groups), ("instruments", instruments))
    }
    root = Path(os.path.commonpath([path.parent for path in paths]))
    table = pd.DataFrame(
        {
            "path": [path.relative_to(root).as_posix() for path in paths],
            "label": [None] * len(paths) if several else called,
            "labels": [list(names) for names in called] if several else [[] for _ in paths],
            "instrument": columns["instruments"],
            "meta_group": pd.Series(columns["groups"], dtype="str"),
        }
    )
    return Listed(root, complete(table), several, groups is not None)


def check_enough(table: pd.DataFrame, labels: LabelParams, least: int, *, of: str) -> None:
    """Refuse a label that cannot be learned, chosen by and judged on, each by other groups.

    Args:
        table: `label`, `labels` and `group`.
        labels: how labels are read; of several labels, those that are too rare to be learned have no part.
        least: groups that a label must be heard in.
        of: what is counted, for the message.

    Raises:
        CorpusError: which names the labels.
    """
    if labels.is_multi:
        called = table.assign(name=label_lists(table["labels"], labels.parents)).explode("name")
    else:
        called = table.assign(name=table["label"])
    found = called.dropna(subset=["name"]).groupby("name")["group"].agg(["size", "nunique"])
    found = found[found["size"] >= labels.min_recordings]
    few = found[found["nunique"] < least]
    if few.empty:
        return
    told = [
        f"{name!r} ({row['size']} recordings, {row['nunique']} groups)"
        for name, row in few.head(SHOWN).iterrows()
    ]
    more = f" and {len(few) - SHOWN} more" if len(few) > SHOWN else ""
    raise CorpusError(
        f"Too few examples of {', '.join(told)}{more} among the {of}. A label must be heard in {least} groups"
        " at the least, to learn from one, choose by another and judge on a third; without groups= each file"
        " is a group. Add recordings, or leave the label out"
        + (", or raise min_recordings." if labels.is_multi else ".")
    )


def _paths(files: Iterable[str | Path]) -> list[Path]:
    if isinstance(files, str | Path):
        raise ConfigurationError(f"files is {str(files)!r}: give a list of paths, one for each recording.")
    given = list(files)
    if wrong := [file for file in given if not isinstance(file, str | os.PathLike)]:
        raise ConfigurationError(f"files has {wrong[0]!r}, which is no path.")
    paths = [Path(os.path.normpath(Path(file).expanduser().absolute())) for file in given]
    if not paths:
        raise CorpusError("files is empty: there is nothing to learn from.")
    if missing := [path for path in paths if not path.is_file()]:
        raise CorpusError(
            f"{len(missing)} of {len(paths)} files do not exist, the first is {missing[0]}. Mend the paths,"
            " or leave them out together with their labels."
        )
    twice = [path for path, count in Counter(paths).items() if count > 1]
    if twice:
        raise CorpusError(
            f"{len(twice)} files are listed more than once, the first is {twice[0]}. List each once; where a"
            " recording has several labels, give a list of labels for each file."
        )
    if unnamed := [path for path in paths if not is_storable(str(path))]:
        raise CorpusError(f"{unnamed[0]} has a name that no table can hold. Rename it.")
    return paths


def _listed(given: Iterable[Any], name: str, expected: int) -> list[Any]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ConfigurationError(f"{name} is {given!r}: give a list, one entry for each file.")
    found = list(given)
    if len(found) != expected:
        raise ConfigurationError(f"There are {expected} files and {len(found)} {name}: each file needs one.")
    return found


def _several(paths: Sequence[Path], called: Sequence[Any]) -> bool:
    """Whether labels are lists; whatever is no label is refused, with its file."""
    several = isinstance(called[0], Iterable) and not isinstance(called[0], str)
    kind = "a list of names" if several else "a name"
    for path, label in zip(paths, called, strict=True):
        names = list(label) if several and _is_collection(label) else [label]
        right = _is_collection(label) == several and all(isinstance(n, str) and n.strip() for n in names)
        if not right or not names:
            raise CorpusError(
                f"{path} has the label {label!r}, which is not {kind} as the others have it. Labels are text:"
                " one for each file, or a list with one or more for each. Leave out what has none."
            )
    return several


def _is_collection(label: object) -> bool:
    return isinstance(label, Iterable) and isinstance(label, Sized) and not isinstance(label, str)


def _texts(given: Sequence[Any], name: str) -> list[str | None]:
    return [None if pd.isna(entry) else str(entry) for entry in given]
