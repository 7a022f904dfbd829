"""Layout `ratings`: what a listener thinks of recordings, from a table or from the files' own tags.

Whatever lies in the folder is part of the corpus: what has no rating is there to be recommended. Of several
listeners, one is named, or a recording has the mean of what they say.
"""

import logging
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from auricle.corpora.inspection import find_audio
from auricle.corpora.layouts.base import Layout, complete
from auricle.corpora.layouts.listing import require
from auricle.corpora.layouts.metadata import as_text, read_table
from auricle.corpora.layouts.rating_tags import Scale, read_rating_tags, scaled
from auricle.errors import ConfigurationError, CorpusError
from auricle.params import Params

logger = logging.getLogger(__name__)


class RatingsOptions(Params):
    """Options of the layout `ratings`."""

    source: Literal["table", "tags"] = Field(
        "table", description="Where ratings stand: in a table, or in the files' own tags (extra `tags`)."
    )
    table: str = Field(
        "ratings.csv", min_length=1, description="CSV, JSON lines or Parquet, below the folder of recordings."
    )
    path_column: str = Field("path", description="Column with the path, relative to the folder.")
    rating_column: str = Field("rating", description="Column with the rating; an empty cell is unrated.")
    user_column: str = Field("user", description="Column with the listener, where there is one.")
    user: str | None = Field(
        None, description="The listener whose ratings count; null: the mean of all who rated a recording."
    )
    scale: Scale = Field(
        "stars", description="stars: 0 to 5; hundred: 0 to 100; unit: 0 to 1. Of tags: that of Vorbis RATING."
    )
    zero: Literal["unrated", "terrible"] = Field(
        "unrated", description="What a rating of 0 means: not rated yet, or the worst there is."
    )
    predicted: Literal["unrated", "rated"] = Field(
        "unrated",
        description="Of tags: what a rating is that Auricle itself has predicted and written. As long as the"
        " listener leaves it, it teaches nothing new.",
    )


def read(root: Path, options: RatingsOptions) -> pd.DataFrame:
    """Read the ratings of all recordings; one without is kept, unrated.

    Raises:
        CorpusError: the table is missing or contradicts itself, or a rating is outside of the scale.
        ConfigurationError: a column or a listener that is not there.
        MissingPackageError: mutagen is not installed, and tags are to be read.
    """
    found = find_audio(root)
    if not found:
        return complete(pd.DataFrame({"path": []}))
    if options.source == "tags":
        if options.user is not None:
            raise ConfigurationError(
                f"user is {options.user!r}, and ratings come from tags, which do not all say whose they are."
                " Leave user out, or read a table."
            )
        with_predicted = options.predicted == "rated"
        table = read_rating_tags(root, found, options.scale, with_predicted=with_predicted)
    else:
        table = _read_table(root, options)
    table = _zero(table, options)
    unlisted = sorted(set(found) - set(table["path"]))
    table = pd.concat([table, pd.DataFrame({"path": unlisted}, dtype="str")], ignore_index=True)
    rated = table["rating"].notna()
    logger.info("%d of %d recordings are rated.", int(rated.sum()), len(table))
    if len(table) and not rated.any():
        raise CorpusError(
            f"None of the {len(table)} recordings below {root} is rated (a rating of 0 means {options.zero})."
            " Check rating_column and zero in layout_options, or rate some recordings."
        )
    return complete(table)


def _read_table(root: Path, options: RatingsOptions) -> pd.DataFrame:
    file = root / options.table
    if not file.is_file():
        raise CorpusError(
            f"{file} is not there: this layout reads ratings from it. Put it there, name another with"
            " layout_options: {table: ...}, or read the files' tags with {source: tags}."
        )
    rows = read_table(file)
    columns = list(rows.columns)
    where = f"the table {file}"
    path, rating = (require(name, columns, where) for name in (options.path_column, options.rating_column))
    if options.user is not None:
        rows = _of_user(rows, require(options.user_column, columns, where), options.user, file)
    paths = pd.Series([_path(value, row, file) for row, value in enumerate(rows[path], 1)], dtype="str")
    numbers = _numbers(rows[rating], paths, options.rating_column, file)
    # Zero that means unrated says nothing, and must not draw down the mean of several listeners.
    numbers = numbers.mask(numbers == 0) if options.zero == "unrated" else numbers
    table = pd.DataFrame({"path": paths, "rating": scaled(numbers, options.scale, paths, file)})
    for name in columns:
        if name not in (path, rating):
            table[f"meta_{name}"] = pd.Series(as_text(rows[name]), dtype="str")
    return _one_row_each(table, options, file)


def _of_user(rows: pd.DataFrame, column: str, user: str, file: Path) -> pd.DataFrame:
    chosen = rows[rows[column] == user]
    if chosen.empty:
        known = ", ".join(map(str, rows[column].dropna().unique()[:8])) or "nobody"
        raise ConfigurationError(
            f"layout_options names the user {user!r}, who has rated nothing in {file}. It has: {known}."
        )
    return chosen.reset_index(drop=True)


def _path(value: Any, row: int, file: Path) -> str:
    if value is None:
        raise CorpusError(f"{file}: row {row} names no recording. Fill in the path, or remove the row.")
    path = PurePosixPath(str(value).replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts:
        raise CorpusError(
            f"{file} names {value!r}, which is outside of the corpus folder. Give paths relative to it."
        )
    return path.as_posix()


def _numbers(values: pd.Series, paths: pd.Series, column: str, file: Path) -> "pd.Series[float]":
    given = values.reset_index(drop=True)
    numbers = pd.to_numeric(given, errors="coerce").astype("float64")
    strange = numbers.isna() & given.notna() & (given.astype("str").str.strip() != "")
    if strange.any():
        first = int(np.flatnonzero(strange)[0])
        raise CorpusError(
            f"{file}: column {column!r} of {paths[first]!r} says {given[first]!r}, which is no number. Write"
            " one, or leave the cell empty."
        )
    return numbers


def _one_row_each(table: pd.DataFrame, options: RatingsOptions, file: Path) -> pd.DataFrame:
    """One row a recording; of several listeners the mean, and otherwise what the first row says."""
    user = f"meta_{options.user_column}"
    several = table["path"].duplicated(keep=False)
    if not several.any():
        return table
    if user not in table or table.loc[several, ["path", user]].duplicated().any():
        raise CorpusError(
            f"{file} rates {table['path'][several].iloc[0]!r} more than once, and not by different listeners"
            f" (column {options.user_column!r}). Keep one row for each."
        )
    means = table.groupby("path")["rating"].mean()
    first = table.drop_duplicates("path").set_index("path")
    return first.assign(rating=means).drop(columns=user).reset_index()


def _zero(table: pd.DataFrame, options: RatingsOptions) -> pd.DataFrame:
    if options.zero == "terrible":
        return table
    return table.assign(rating=table["rating"].mask(table["rating"] == 0))


LAYOUT = Layout("ratings", RatingsOptions, read)
