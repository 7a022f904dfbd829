"""A table as a folder of Parquet shards: whoever fills it saves as it goes, and loses one shard at most."""

import uuid
from collections.abc import Sequence
from pathlib import Path

import pandas as pd


def shards_in(folder: Path) -> list[Path]:
    """The shards of a table, the oldest first; none where the folder does not exist."""
    return sorted(folder.glob("part-*.parquet"))


def read_shards(folder: Path, key: str | Sequence[str]) -> pd.DataFrame:
    """All rows of a table; of several with one key the newest. An empty table where nothing was saved."""
    shards = shards_in(folder)
    if not shards:
        return pd.DataFrame()
    table = pd.concat([pd.read_parquet(shard) for shard in shards], ignore_index=True)
    keys = [key] if isinstance(key, str) else list(key)
    return table.drop_duplicates(keys, keep="last").reset_index(drop=True)


def add_shard(folder: Path, rows: pd.DataFrame) -> None:
    """Add rows by a rename, so that a reader never sees half of a shard; an empty one is left out."""
    if rows.empty:
        return
    folder.mkdir(parents=True, exist_ok=True)
    last = max((int(shard.stem.split("-")[1]) for shard in shards_in(folder)), default=-1)
    temporary = folder / f".{uuid.uuid4().hex}.tmp"
    rows.to_parquet(temporary, index=False)
    temporary.replace(folder / f"part-{last + 1:06d}.parquet")
