"""A table as a folder of Parquet shards: whoever fills it saves as it goes, and loses one shard at most."""

import uuid
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet


def shards_in(folder: Path) -> list[Path]:
    """The shards of a table, the oldest first; none where the folder does not exist."""
    return sorted(folder.glob("part-*.parquet"))


def read_shards(folder: Path, key: str | Sequence[str]) -> pd.DataFrame:
    """All rows of a table; of several with one key the newest. An empty table where nothing was saved."""
    shards = shards_in(folder)
    if not shards:
        return pd.DataFrame()
    table = pd.concat([pd.read_parquet(shard) for shard in shards], ignore_index=True)
    return table.drop_duplicates(key, keep="last").reset_index(drop=True)


class ShardedRows:
    """Rows of a table of shards, of which large columns stay on disk until some rows are wanted whole.

    Args:
        folder: of the shards.
        key: of several rows with one key the newest counts.
        large: columns that are not held in memory; a shard may lack some.

    Attributes:
        table: the rows in the order in which they were saved, without the large columns.
    """

    def __init__(self, folder: Path, key: str | Sequence[str], large: Sequence[str]) -> None:
        self._shards, self._large = shards_in(folder), list(large)
        parts = []
        for number, shard in enumerate(self._shards):
            held = [name for name in parquet.read_schema(shard).names if name not in large]
            part = pd.read_parquet(shard, columns=held)
            parts.append(part.assign(_shard=number, _line=np.arange(len(part))))
        rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["_shard", "_line"])
        rows = rows.drop_duplicates(key, keep="last").reset_index(drop=True) if parts else rows
        self._places = rows[["_shard", "_line"]].to_numpy(dtype=np.int64)
        self.table = rows.drop(columns=["_shard", "_line"])
        self._last: tuple[int, pa.Table] | None = None

    def __len__(self) -> int:
        return len(self.table)

    def last_of(self, column: str) -> pd.Series:
        """The place in the table of the newest row of each value of a column, by the value."""
        if not len(self):
            return pd.Series(dtype="int64")
        newest = self.table[column].drop_duplicates(keep="last")
        return pd.Series(newest.index, index=newest)

    def whole(self, places: Sequence[int] | pd.Series) -> pd.DataFrame:
        """The rows at these places of the table, in this order, with all columns.

        Shard by shard is read, each once; what is asked for in the order of the table is near together.
        """
        wanted = np.asarray(places, dtype=np.int64)
        shards, lines = self._places[wanted].T
        parts = [pd.DataFrame(columns=self._large)]
        for number in np.unique(shards):
            of_it = np.flatnonzero(shards == number)
            part = self._part(int(number))
            columns = {name: part[name].take(lines[of_it]).to_pandas().array for name in part.column_names}
            parts.append(pd.DataFrame(columns, index=of_it))
        large = pd.concat(parts[1:] or parts).sort_index().reindex(columns=self._large)
        return self.table.iloc[wanted].reset_index(drop=True).join(large)

    def _part(self, number: int) -> pa.Table:
        """The large columns of a shard; the last is kept, since the rows asked for next are often its own."""
        if self._last is None or self._last[0] != number:
            names = parquet.read_schema(self._shards[number]).names
            there = [name for name in self._large if name in names]
            self._last = (number, parquet.read_table(self._shards[number], columns=there))
        return self._last[1]


def add_shard(folder: Path, rows: pd.DataFrame) -> None:
    """Add rows by a rename, so that a reader never sees half of a shard; an empty one is left out."""
    if rows.empty:
        return
    folder.mkdir(parents=True, exist_ok=True)
    last = max((int(shard.stem.split("-")[1]) for shard in shards_in(folder)), default=-1)
    temporary = folder / f".{uuid.uuid4().hex}.tmp"
    rows.to_parquet(temporary, index=False)
    temporary.replace(folder / f"part-{last + 1:06d}.parquet")
