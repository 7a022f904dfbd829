"""Tables of shards whose large columns stay on disk: whole rows are what one table of all would have."""

from pathlib import Path

import pandas as pd
import pytest

from auricle.corpora.shards import ShardedRows, add_shard, read_shards
from auricle.datasets.sharded_rows import ShardedRowsDataset


@pytest.fixture
def dataset(tmp_path: Path) -> ShardedRowsDataset:
    return ShardedRowsDataset(filepath=str(tmp_path / "rows"), key="path", large=["numbers"])


def rows(first: int, count: int, size: int) -> pd.DataFrame:
    places = range(first, first + count)
    return pd.DataFrame(
        {
            "path": [f"{place}.wav" for place in places],
            "size": size,
            "numbers": [[place, size] for place in places],
        }
    )


class TestShardedRows:
    def test_whole_rows_are_those_of_one_table(self, dataset: ShardedRowsDataset, tmp_path: Path) -> None:
        for first, size in (
            (0, 1),
            (3, 2),
            (8, 3),
        ):  # each replaces some of the one before
            dataset.save(rows(first, 5, size))
        kept, expected = dataset.load(), read_shards(tmp_path / "rows", "path")
        assert list(kept.table) == ["path", "size"]
        order = [12, 0, 4, 3, 3, 7]
        found = kept.whole(order)
        assert found["numbers"].map(list).tolist() == expected["numbers"].iloc[order].map(list).tolist()
        assert found["path"].tolist() == expected["path"].iloc[order].tolist()
        assert found["size"].tolist() == [3, 1, 2, 2, 2, 2]

    def test_the_newest_of_each_value_is_found(self, tmp_path: Path) -> None:
        add_shard(tmp_path, rows(0, 2, 1).assign(retry=False))
        add_shard(tmp_path, rows(1, 1, 2).assign(retry=True))
        kept = ShardedRows(tmp_path, ["path", "retry"], ["numbers"])
        assert kept.last_of("path").to_dict() == {"0.wav": 0, "1.wav": 2}
        assert kept.whole([2])["numbers"].map(list).tolist() == [[1, 2]]

    def test_a_column_that_old_shards_lack_is_missing_there(self, tmp_path: Path) -> None:
        add_shard(tmp_path, rows(0, 1, 1).drop(columns="numbers"))
        assert ShardedRows(tmp_path, "path", ["numbers"]).whole([0])["numbers"].isna().all()
        add_shard(tmp_path, rows(1, 1, 1))
        found = ShardedRows(tmp_path, "path", ["numbers"]).whole([0, 1])["numbers"]
        assert found.isna().tolist() == [True, False]

    def test_is_empty_where_nothing_was_saved(self, dataset: ShardedRowsDataset) -> None:
        assert not dataset.exists()
        kept = dataset.load()
        assert len(kept) == len(kept.last_of("path")) == 0
