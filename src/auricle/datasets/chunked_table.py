"""A Parquet file of any length that is written and read chunk by chunk."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from kedro.io import AbstractDataset
from pyarrow import parquet

from auricle.models.whole_file import whole_file


class ChunkedTable:
    """A Parquet file, of which some columns or some rows are held at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def chunks(self) -> Iterator[pd.DataFrame]:
        """All rows in their order, as many at a time as were written at a time."""
        with parquet.ParquetFile(self._path) as file:
            for group in range(file.num_row_groups):
                yield file.read_row_group(group).to_pandas()

    def read(self, columns: Sequence[str]) -> pd.DataFrame:
        """All rows of these columns."""
        return pd.read_parquet(self._path, columns=list(columns))


class ChunkedTableDataset(AbstractDataset[Iterable[pa.Table], ChunkedTable]):
    """Saves what tables of one schema yield, one after the other, and loads as what reads them so.

    The file appears by a rename, when it is whole.

    Example:
        >>> predict.results:
        >>>   type: auricle.datasets.chunked_table.ChunkedTableDataset
        >>>   filepath: data/07_model_output/predict/predictions.parquet
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(filepath)
        self.metadata = metadata

    def load(self) -> ChunkedTable:
        """What reads the file."""
        if not self._exists():
            raise FileNotFoundError(f"{self._path} is not there: run the pipeline that writes it")
        return ChunkedTable(self._path)

    def save(self, data: Iterable[pa.Table]) -> None:
        """Write the tables, at least one, each as a row group."""
        tables = iter(data)
        first = next(tables)
        with whole_file(self._path) as stream, parquet.ParquetWriter(stream, first.schema) as writer:
            writer.write_table(first)
            for table in tables:
                writer.write_table(table)

    def _exists(self) -> bool:
        return self._path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
