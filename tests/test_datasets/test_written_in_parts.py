"""Files of any length that are written part by part: whole, or as they were before."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from kedro.io import DatasetError

from auricle.datasets.chunked_table import ChunkedTableDataset
from auricle.datasets.text_parts import TextPartsDataset


def tables(count: int, *, broken: bool = False) -> Iterator[pa.Table]:
    for number in range(count):
        yield pa.table({"path": [f"{number}.wav"] * 2, "size": [number, number + 1]})
    if broken:
        raise OSError("gone")


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    dataset = ChunkedTableDataset(filepath=str(tmp_path / "new/table.parquet"))
    dataset.save(tables(3))
    assert [chunk["size"].tolist() for chunk in dataset.load().chunks()] == [[0, 1], [1, 2], [2, 3]]
    read = dataset.load().read(["size"])
    assert (list(read), read["size"].tolist()) == (["size"], [0, 1, 1, 2, 2, 3])
    assert len(pd.read_parquet(tmp_path / "new/table.parquet")) == 6


def test_what_fails_half_way_leaves_the_file_before(tmp_path: Path) -> None:
    table = ChunkedTableDataset(filepath=str(tmp_path / "table.parquet"))
    text = TextPartsDataset(filepath=str(tmp_path / "text.jsonl"))
    table.save(tables(1))
    text.save(["ä\n", "b\n"])
    for dataset, parts in (
        (table, tables(2, broken=True)),
        (text, (str(part) for part in tables(2, broken=True))),
    ):
        with pytest.raises(DatasetError, match="gone"):
            dataset.save(parts)
    assert table.load().read(["size"])["size"].tolist() == [0, 1]
    assert text.load() == "ä\nb\n"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["table.parquet", "text.jsonl"]


def test_a_table_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"table\.parquet is not there: run the pipeline"):
        ChunkedTableDataset(filepath=str(tmp_path / "table.parquet")).load()
