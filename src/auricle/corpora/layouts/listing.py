"""Finding the metadata files of an AudioFolder and the recordings that their rows name."""

from pathlib import Path, PurePosixPath

import pandas as pd

from auricle.corpora.inspection import walk
from auricle.corpora.layouts.metadata import METADATA_NAMES, as_text, read_table, stacked
from auricle.errors import ConfigurationError, CorpusError


def read_listing(root: Path, file_name_column: str | None) -> pd.DataFrame:
    """Read all metadata below a folder into one table.

    Returns:
        Their columns, with the one that names the recording replaced by `path` (relative to `root`, POSIX);
        cells are text, lists, or None. No row and only `path` where there is no metadata file.

    Raises:
        CorpusError: A file that cannot be read, rows that contradict each other, or a path that leaves the
        folder.
        ConfigurationError: A column that is not there.
    """
    files = [root / path for path in walk(root, METADATA_NAMES.__contains__)]
    if len({file.suffix for file in files}) > 1:
        raise CorpusError(
            f"{root} holds metadata of several kinds ({', '.join(sorted({file.name for file in files}))}): it"
            " is not clear which one counts. Keep one kind."
        )
    tables = [_one_table(file, root, file_name_column) for file in files]
    if not tables:
        return pd.DataFrame({"path": []}, dtype=object)
    listed = stacked(tables)
    texts = pd.DataFrame({name: as_text(listed[name]) for name in listed})
    listed = listed[~texts.duplicated()]
    twice = listed["path"][listed["path"].duplicated()]
    if not twice.empty:
        raise CorpusError(
            f"The metadata below {root} name {twice.nunique()} recordings more than once and contradict"
            f" themselves, first {twice.iloc[0]!r}. Keep one row for each recording."
        )
    return listed


def _one_table(file: Path, root: Path, file_name_column: str | None) -> pd.DataFrame:
    table = read_table(file)
    column = _file_name_column(list(table.columns), file, file_name_column)
    if table[column].isna().any():
        row = int(table[column].isna().to_numpy().argmax())
        raise CorpusError(f"{file}: row {row + 1} has no {column}. Name the recording, or remove the row.")
    below = file.parent.relative_to(root).as_posix()
    paths = [_relative(below, str(name), file) for name in table[column]]
    # A column of theirs that is called `path` is kept, under a name that is free.
    return table.drop(columns=column).rename(columns={"path": "source_path"}).assign(path=paths)


def _file_name_column(columns: list[str], file: Path, asked: str | None) -> str:
    if asked is not None:
        return require(asked, columns, f"the metadata {file}")
    if "file_name" in columns:
        return "file_name"
    found = [name for name in columns if name.endswith("_file_name")]
    if len(found) == 1:
        return found[0]
    problem = f"several columns that name files ({', '.join(found)})" if found else "no column file_name"
    raise CorpusError(
        f"{file} has {problem}; its columns: {', '.join(columns)}. Name the column with"
        " layout_options: {file_name_column: ...}."
    )


def _relative(below: str, name: str, file: Path) -> str:
    parts: list[str] = [] if below == "." else below.split("/")
    given = name.replace("\\", "/")
    for part in PurePosixPath(given).parts:
        if part == "..":
            if not parts:
                break
            parts.pop()
        else:
            parts.append(part)
    else:
        if not given.startswith("/"):
            return "/".join(parts)
    raise CorpusError(
        f"{file} names {name!r}, which is outside of the corpus folder. Paths must be relative to the"
        " metadata's folder and stay inside the corpus."
    )


def require(name: str, columns: list[str], where: str) -> str:
    """The name of a column that options ask for.

    Raises:
        ConfigurationError: There is no such column.
    """
    if name not in columns:
        raise ConfigurationError(
            f"layout_options names the column {name!r}, but {where} has only: {', '.join(columns)}."
        )
    return name
