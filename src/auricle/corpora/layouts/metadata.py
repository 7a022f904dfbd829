"""Reading tables of metadata (CSV, JSON lines, Parquet) as text and lists, without guessing at types.

Every value stays the text that the source spells: a length of `025` must not become 25, nor an artist called
`NA` a missing value.
"""

import ast
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from auricle.errors import CorpusError

METADATA_NAMES = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
# What numpy prints for an array of texts; read as a Python list, its items would run together into one label.
_ITEMS_WITHOUT_COMMA = re.compile(r"""['"]\s+['"]""")


def read_table(file: Path) -> pd.DataFrame:
    """Read a table of metadata; cells are text, lists, or None.

    Raises:
        CorpusError: The file cannot be parsed; the message names file and place.
    """
    try:
        if file.suffix == ".csv":
            # utf-8-sig: spreadsheets put a byte-order mark before the first column's name.
            table = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig")
            if not isinstance(table.index, pd.RangeIndex):  # pandas took the first column for an index
                raise ValueError(
                    "its rows have more fields than its header: put quotes around cells with commas, and"
                    " remove commas at the ends of rows"
                )
        elif file.suffix == ".jsonl":
            table = pd.DataFrame(_json_lines(file), dtype=object)
        else:
            table = pd.read_parquet(file)
    except (ValueError, OSError) as error:
        raise CorpusError(
            f"{file} cannot be read as a table: {error}. Mend the file, saved as UTF-8."
        ) from error
    table.columns = [str(name).strip() for name in table.columns]
    return pd.DataFrame({name: [_cell(value) for value in table[name]] for name in table}, dtype=object)


def stacked(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Tables one below the other; a cell of a column that its table does not have is None."""
    below = pd.concat(tables, ignore_index=True)
    return below.where(below.notna(), None)


def as_text(values: Iterable[Any]) -> list[str | None]:
    """Cells as text; what is no text is spelled as JSON."""
    return [
        value
        if value is None or isinstance(value, str)
        else json.dumps(value, ensure_ascii=False, default=str)
        for value in values
    ]


def parse_labels(value: Any, separator: str | None) -> list[str]:
    """The labels in one cell: a list, a JSON array, a Python list, or text cut at `separator`.

    Raises:
        ValueError: The cell starts like a list and is none.
    """
    if value is None:
        return []
    if isinstance(value, list):
        return [str(item) for item in value if item is not None]
    text = str(value).strip()
    if text.startswith("["):
        return _parse_list(text)
    parts = text.split(separator) if separator else [text]
    return [part.strip() for part in parts if part.strip()]


def _parse_list(text: str) -> list[str]:
    try:
        parsed = json.loads(text)
    except json.JSONDecodeError:
        if _ITEMS_WITHOUT_COMMA.search(text):
            raise ValueError(f"{text!r} is a printed numpy array: write commas between the labels") from None
        try:
            parsed = ast.literal_eval(text)
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            raise ValueError(f"{text!r} is neither a JSON array nor a Python list") from None
    if not isinstance(parsed, list) or any(isinstance(item, (list, dict, tuple, set)) for item in parsed):
        raise ValueError(f"{text!r} is not a flat list of labels")
    return [str(item) for item in parsed if item is not None]


def _json_lines(file: Path) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(file.read_text(encoding="utf-8-sig").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise ValueError(f"line {number} is no JSON ({error})") from error
        if not isinstance(row, dict):
            raise ValueError(f"line {number} is no JSON object: {line[:80]!r}")
        rows.append(row)
    return rows


def _cell(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, (list, dict)):
        return value
    return None if pd.isna(value) else str(value)
