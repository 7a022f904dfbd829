"""A network in ONNX as a file."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from auricle.models.whole_file import write_whole


class OnnxDataset(AbstractDataset[bytes, bytes]):
    """An ONNX file, taken and given as its bytes, which ONNX Runtime opens as they are.

    Saving replaces the file by a rename: whoever reads sees the old one or the new one.

    Example:
        >>> genre.cnn.onnx:
        >>>   type: auricle.datasets.onnx.OnnxDataset
        >>>   filepath: data/06_models/genre/cnn/onnx/model.onnx
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(filepath)
        self.metadata = metadata

    def load(self) -> bytes:
        """The file's bytes."""
        return self._path.read_bytes()

    def save(self, data: bytes) -> None:
        """Write the file."""
        write_whole(self._path, data)

    def _exists(self) -> bool:
        return self._path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
