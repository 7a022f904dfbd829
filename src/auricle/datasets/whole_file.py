"""A model in one file: ONNX, safetensors."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from auricle.models.whole_file import write_whole


class WholeFileDataset(AbstractDataset[bytes, bytes]):
    """A file, taken and given as its bytes, which the library of its format opens as they are.

    Saving replaces the file by a rename: whoever reads sees the old one or the new one.

    Example:
        >>> genre.cnn.onnx:
        >>>   type: auricle.datasets.whole_file.WholeFileDataset
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
