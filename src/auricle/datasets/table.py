"""A Parquet table that Kedro-Viz can show whatever its columns hold."""

from kedro_datasets._typing import TablePreview
from kedro_datasets.pandas import ParquetDataset


class TableDataset(ParquetDataset):
    """`pandas.ParquetDataset` with a preview of plain text: Kedro-Viz cannot show columns of lists.

    Example:
        >>> genre.manifest:
        >>>   type: auricle.datasets.table.TableDataset
        >>>   filepath: data/02_intermediate/genre/manifest.parquet
    """

    def preview(self, nrows: int = 20) -> TablePreview:
        """The first rows."""
        return TablePreview(self.load().head(nrows).astype(str).to_dict(orient="split"))
