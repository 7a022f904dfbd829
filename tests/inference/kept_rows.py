"""Rows of bulk prediction, kept as the catalog keeps them."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from auricle.corpora.shards import ShardedRows, add_shard
from auricle.inference.bulk.files import LARGE


class KeptRows:
    """The ledger of a folder of recordings."""

    kept: Path

    @property
    def ledger(self) -> ShardedRows:
        return ShardedRows(self.kept, ["path", "retry"], LARGE)

    def keep(self, chunks: Iterable[pd.DataFrame]) -> None:
        for chunk in chunks:
            add_shard(self.kept, chunk)
