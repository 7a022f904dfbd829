"""Reading the tables of public corpora: columns by name, cells as text, and messages that name the file."""

import logging
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pandas as pd

from auricle.corpora.layouts.base import complete
from auricle.errors import CorpusError

logger = logging.getLogger(__name__)


def read_columns(file: Path, columns: Sequence[str] | None, separator: str = ",") -> pd.DataFrame:
    """Some columns of a table, or all of them, as text, empty cells missing.

    Raises:
        CorpusError: the file is not there, cannot be read, or lacks a column.
    """
    table = _read(file, sep=separator)
    if columns is None:
        return table
    missing = [name for name in columns if name not in table]
    if missing:
        raise CorpusError(
            f"{file} has no column {', '.join(missing)}; its columns: {', '.join(map(str, table))}. It is not"
            " the table that this layout knows, or was changed."
        )
    return table[list(columns)]


def read_two_headers(file: Path, columns: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """The same of a table whose columns have two names, one below the other; the first column is the index.

    Raises:
        CorpusError: the file is not there, cannot be read, or lacks a column.
    """
    table = _read(file, header=[0, 1], index_col=0)
    missing = [name for name in columns if name not in table]
    if missing:
        raise CorpusError(
            f"{file} has no column {missing[0]} (two header rows). It is not the table that this layout"
            " knows, or was changed."
        )
    return table[list(columns)]


def matched(table: pd.DataFrame, found: Sequence[str], name: str) -> pd.DataFrame:
    """The rows of `table` whose files, by its column `path`, are there, and the files that have none.

    Public tables name all of a corpus, of which one has a part more often than not: what they name is a
    property of the files that are there, not a promise of files. The others are counted in the log.
    """
    there = table["path"].isin(found)
    joined = with_unlisted(table[there], found)
    logger.info(
        "%s names %d recordings; %d of them are here, %d files are not in it.",
        name, len(table), int(there.sum()), len(joined) - int(there.sum()),
    )  # fmt: skip
    return joined


def with_unlisted(table: pd.DataFrame, found: Sequence[str]) -> pd.DataFrame:
    """The table by the layouts' contract, with a row without a label for each file that it does not name."""
    unlisted = pd.DataFrame({"path": sorted(set(found) - set(table["path"]))}, dtype="str")
    return complete(pd.concat([table, unlisted], ignore_index=True))


def by_stem(found: Sequence[str]) -> pd.Series:
    """Paths by their file names without extension.

    Raises:
        CorpusError: two files of one name.
    """
    stems = pd.Series(found, index=[PurePosixPath(path).stem for path in found], dtype="str")
    twice = stems[stems.index.duplicated()]
    if not twice.empty:
        raise CorpusError(
            f"{twice.iloc[0]} has the name of another file, so it is not clear which of them the table means."
            " Keep one."
        )
    return stems


def _read(file: Path, **options: object) -> pd.DataFrame:
    if not file.is_file():
        raise CorpusError(
            f"{file} is not there: this layout reads labels from it. Put the corpus's metadata there."
        )
    try:
        table = pd.read_csv(file, dtype=str, keep_default_na=False, na_values=[""], **options)  # type: ignore[call-overload]
    except (ValueError, OSError) as error:
        raise CorpusError(f"{file} cannot be read as a table: {error}. Get it again.") from error
    return pd.DataFrame(table)
