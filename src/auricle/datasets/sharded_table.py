"""A table that grows by whole Parquet shards: a long node saves as it goes, and loses one shard at most."""

from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from auricle.corpora.shards import add_shard, read_shards, shards_in


class ShardedTableDataset(AbstractDataset[pd.DataFrame, pd.DataFrame]):
    """A folder of Parquet shards that reads as one table; of several rows with one key the newest counts.

    Each save adds a shard under a temporary name and renames it, so that a reader never sees half of one.
    Use it for a generator node, and give the node what is there already through a second entry on the same
    folder with `missing_ok: true`, since a node cannot read and write one dataset.

    Example:
        >>> genre.files:
        >>>   type: auricle.datasets.sharded_table.ShardedTableDataset
        >>>   filepath: data/02_intermediate/genre/files.parquet
        >>>   key: path
    """

    def __init__(
        self,
        *,
        filepath: str,
        key: str | list[str],
        missing_ok: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._folder = Path(filepath)
        self._key = key
        self._missing_ok = missing_ok
        self.metadata = metadata

    def load(self) -> pd.DataFrame:
        """All rows, one per key; an empty table where nothing was saved and `missing_ok` is set."""
        if not self._missing_ok and not self._exists():
            raise FileNotFoundError(f"{self._folder} holds no shard: run the pipeline that fills it")
        return read_shards(self._folder, self._key)

    def save(self, data: pd.DataFrame) -> None:
        """Add one shard (an empty one is left out)."""
        add_shard(self._folder, data)

    def _exists(self) -> bool:
        return bool(shards_in(self._folder))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder), "key": self._key}

    def preview(self, nrows: int = 20) -> TablePreview:
        """The first rows."""
        return TablePreview(self.load().head(nrows).astype(str).to_dict(orient="split"))
