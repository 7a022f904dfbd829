"""Tables of records in JSON or in an SQLite database: columns by name, cells as text, nothing guessed."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd

from auricle.errors import CorpusError


def read_json_records(file: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Some columns of the rows in a JSON object, `{"1": {"id": 1, ...}, ...}`, or in a list of rows.

    Returns:
        Cells are text as the source spells them, or None.

    Raises:
        CorpusError: the file is not there, is no such JSON, lacks a column, or has a row under another's key.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CorpusError(
            f"{file} is not there: this layout reads labels from it. Put the corpus's metadata there."
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise CorpusError(f"{file} cannot be read as JSON: {error}. Get it again.") from error
    rows = list(content.values()) if isinstance(content, dict) else content
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CorpusError(f"{file} holds no table of rows: expected a JSON object of objects. Get it again.")
    if isinstance(content, dict):
        _check_keys(file, content)
    for row in rows:
        _check_columns(file, row, columns)
    return _table(([row[name] for name in columns] for row in rows), columns)


def read_sqlite_records(file: Path, table: str, columns: Sequence[str]) -> pd.DataFrame:
    """The same of a table in an SQLite database, which is opened read-only.

    Raises:
        CorpusError: the file is not there, is no such database, or lacks the table or a column.
    """
    if not file.is_file():
        raise CorpusError(
            f"{file} is not there: this layout reads labels from it. Put the corpus's metadata there."
        )
    # Immutable: a folder of recordings may be read-only, where SQLite could not make its lock files.
    address = f"{file.resolve().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as database:
            known = [row[1] for row in database.execute(f'PRAGMA table_info("{table}")')]
            _check_columns(f"{file}, table {table},", known, columns)
            names = ", ".join(f'"{name}"' for name in columns)
            return _table(database.execute(f'SELECT {names} FROM "{table}"'), columns)  # noqa: S608
    except sqlite3.Error as error:
        raise CorpusError(f"{file} cannot be read as an SQLite database: {error}. Get it again.") from error


def _check_keys(file: Path, content: dict[str, dict[str, Any]]) -> None:
    for key, row in content.items():
        if "id" in row and _text(row["id"]) != key:
            raise CorpusError(
                f"{file} has the row of id {row['id']!r} under the key {key!r}: one of the two is wrong. Get"
                " it again."
            )


def _check_columns(where: object, known: Iterable[str], columns: Sequence[str]) -> None:
    there = list(known)
    missing = [name for name in columns if name not in there]
    if missing:
        raise CorpusError(
            f"{where} has no {', '.join(missing)}; there is {', '.join(there) or 'nothing'}. It is not the"
            " table that this layout knows, or was changed."
        )


def _table(rows: Iterable[Iterable[Any]], columns: Sequence[str]) -> pd.DataFrame:
    cells = [[_text(value) for value in row] for row in rows]
    return pd.DataFrame(cells, columns=list(columns), dtype=object)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # SQLite gives 12.0 for the 12 in a column of real numbers
    return str(value).strip() or None
