"""A table of shards whose large columns are read for a few rows at a time."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io import AbstractDataset

from auricle.corpora.shards import ShardedRows, add_shard, shards_in


class ShardedRowsDataset(AbstractDataset[pd.DataFrame, ShardedRows]):
    """A folder of Parquet shards, as `ShardedTableDataset` keeps one, that is not held in memory as a whole.

    Each save adds a shard. What is loaded holds all rows but for their large columns, and nothing where
    nothing was saved.

    Example:
        >>> predict.ledger:
        >>>   type: auricle.datasets.sharded_rows.ShardedRowsDataset
        >>>   filepath: data/07_model_output/predict/files.parquet
        >>>   key: path
        >>>   large: [probabilities]
    """

    def __init__(
        self,
        *,
        filepath: str,
        key: str | list[str],
        large: Sequence[str],
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._folder, self._key, self._large = Path(filepath), key, large
        self.metadata = metadata

    def load(self) -> ShardedRows:
        """One row per key, the newest."""
        return ShardedRows(self._folder, self._key, self._large)

    def save(self, data: pd.DataFrame) -> None:
        """Add one shard (an empty one is left out)."""
        add_shard(self._folder, data)

    def _exists(self) -> bool:
        return bool(shards_in(self._folder))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder), "key": self._key, "large": list(self._large)}
