"""What every layout shares: its shape, the columns it gives, and the names of splits in folders and lists."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from auricle.params import Params

# The keywords by which Hugging Face's `datasets` recognizes a split in a folder's name.
SPLIT_KEYWORDS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
    "eval": "test",
    "evaluation": "test",
}
LAYOUT_COLUMNS = ("path", "label", "labels", "published_split", "published_fold", "instrument", "rating")


@dataclass(frozen=True)
class Layout:
    """A layout of folders and tables that Auricle can read.

    Attributes:
        name: How parameters call it.
        options: The typed options that it takes.
        read: From the root folder and options to the table that `read_layout` describes.
    """

    name: str
    options: type[Params]
    read: Callable[[Path, Any], pd.DataFrame]


def split_of_folder(name: str) -> str | None:
    """The split that a folder's name says (`train`, `train-clean`, `test_2`), or None."""
    words = re.split(r"[-._ 0-9]+", name.lower())
    return next((SPLIT_KEYWORDS[word] for word in words if word in SPLIT_KEYWORDS), None)


def complete(table: pd.DataFrame) -> pd.DataFrame:
    """Add the columns of the contract that a layout has nothing to say about, and settle types and order.

    `labels` starts with `label`; a row without labels has an empty list. Labels are stripped of outer blanks.
    """
    given = {name: table.get(name) for name in LAYOUT_COLUMNS}
    text = {
        name: pd.Series(given[name], index=table.index, dtype="str")
        for name in ("path", "label", "published_split", "instrument")
    }
    label = text["label"].str.strip()
    label = label.mask(label == "")
    lists = pd.Series(given["labels"], index=table.index, dtype=object)
    labels = [_with_label(one, many) for one, many in zip(label, lists, strict=True)]
    fixed = pd.DataFrame(
        {
            "path": text["path"],
            "label": label,
            "labels": pd.Series(labels, index=table.index, dtype=object),
            "published_split": text["published_split"],
            "published_fold": pd.Series(given["published_fold"], index=table.index, dtype="Int64"),
            "instrument": text["instrument"],
            "rating": pd.Series(given["rating"], index=table.index, dtype="float64"),
        }
    )
    meta = table[[name for name in table if str(name).startswith("meta_")]]
    return pd.concat([fixed, meta], axis=1).sort_values("path", ignore_index=True)


def _with_label(label: object, labels: object) -> list[str]:
    several = [str(item).strip() for item in labels] if isinstance(labels, (list, tuple)) else []
    first = [label] if isinstance(label, str) else []
    return list(dict.fromkeys([*first, *(item for item in several if item)]))
