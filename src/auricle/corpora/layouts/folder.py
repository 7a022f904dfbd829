"""Layout `folder_per_class`: the first folder below the root is the class."""

from pathlib import Path, PurePosixPath

import pandas as pd
from pydantic import Field

from auricle.corpora.inspection import find_audio
from auricle.corpora.layouts.base import Layout, complete, split_of_folder
from auricle.params import Params


class FolderOptions(Params):
    """Options of the layout `folder_per_class`."""

    split_folders: bool = Field(
        False,
        description="Whether the classes lie below `train`, `validation` and `test`.",
    )
    levels: tuple[str, ...] = Field(
        (),
        description="Names of the levels below the class, such as [artist, album]: they become meta_*.",
    )
    unlabelled_folders: tuple[str, ...] = Field(
        ("unlabelled", "unlabeled"), description="Class folders whose recordings have no label."
    )


def read(root: Path, options: FolderOptions) -> pd.DataFrame:
    """Read `<class>/**/<recording>`; a recording that lies outside all class folders has no label."""
    paths = find_audio(root)
    rows = [_row(PurePosixPath(path), options) for path in paths]
    return complete(pd.DataFrame(rows, columns=list(_columns(options))))


def _columns(options: FolderOptions) -> tuple[str, ...]:
    return ("path", "label", "published_split", *(f"meta_{level}" for level in options.levels))


def _row(path: PurePosixPath, options: FolderOptions) -> dict[str, str | None]:
    folders = list(path.parts[:-1])
    split = split_of_folder(folders[0]) if options.split_folders and folders else None
    if split is not None:
        folders = folders[1:]
    label = folders[0] if folders and folders[0] not in options.unlabelled_folders else None
    row: dict[str, str | None] = {"path": str(path), "label": label, "published_split": split}
    for level, name in zip(options.levels, folders[1:], strict=False):
        row[f"meta_{level}"] = name
    return row


LAYOUT = Layout("folder_per_class", FolderOptions, read)
