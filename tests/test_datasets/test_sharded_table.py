"""Tables that grow by shards: what a later save supersedes, and what a kill leaves."""

from pathlib import Path

import pandas as pd
import pytest
from kedro.io import DatasetError

from auricle.datasets.sharded_table import ShardedTableDataset


def table(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns)


@pytest.fixture
def dataset(tmp_path: Path) -> ShardedTableDataset:
    return ShardedTableDataset(filepath=str(tmp_path / "files.parquet"), key="path")


class TestGrowth:
    def test_saves_add_up(self, dataset: ShardedTableDataset) -> None:
        dataset.save(table(path=["a"], size=[1]))
        dataset.save(table(path=["b"], size=[2]))
        assert dataset.load().to_dict("list") == {"path": ["a", "b"], "size": [1, 2]}

    def test_the_newest_row_of_a_key_counts(self, dataset: ShardedTableDataset) -> None:
        dataset.save(table(path=["a", "b"], size=[1, 2]))
        dataset.save(table(path=["a"], size=[3]))
        assert dataset.load().set_index("path")["size"].to_dict() == {"a": 3, "b": 2}

    def test_order_holds_beyond_ten_shards(self, dataset: ShardedTableDataset) -> None:
        for size in range(12):
            dataset.save(table(path=["a"], size=[size]))
        assert dataset.load()["size"].tolist() == [11]

    def test_an_empty_table_adds_nothing(self, dataset: ShardedTableDataset) -> None:
        dataset.save(pd.DataFrame())
        assert not dataset.exists()

    def test_a_half_written_shard_is_not_read(self, dataset: ShardedTableDataset, tmp_path: Path) -> None:
        dataset.save(table(path=["a"], size=[1]))
        (tmp_path / "files.parquet" / ".1234.tmp").write_bytes(b"PAR1 torn")
        assert dataset.load()["path"].tolist() == ["a"]


class TestMissing:
    def test_is_an_error_that_names_the_folder(self, dataset: ShardedTableDataset) -> None:
        with pytest.raises(DatasetError, match=r"files\.parquet holds no shard"):
            dataset.load()

    def test_is_an_empty_table_for_those_who_add_to_it(self, tmp_path: Path) -> None:
        tolerant = ShardedTableDataset(filepath=str(tmp_path / "x"), key="path", missing_ok=True)
        assert tolerant.load().empty

    def test_preview_shows_the_first_rows(self, dataset: ShardedTableDataset) -> None:
        dataset.save(table(path=[f"{i:02d}" for i in range(30)], size=list(range(30))))
        assert len(dataset.preview(nrows=5)["data"]) == 5


class TestCompositeKey:
    def test_rows_differ_by_all_of_it(self, tmp_path: Path) -> None:
        ledger = ShardedTableDataset(filepath=str(tmp_path / "splits"), key=["protocol", "group"])
        ledger.save(table(protocol=["holdout", "holdout"], group=["a", "b"], split=["train", "test"]))
        ledger.save(table(protocol=["grouped_k_fold/5"], group=["a"], split=["train"]))
        assert len(ledger.load()) == 3
