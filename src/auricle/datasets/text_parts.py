"""A text file of any length that is written part by part."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from auricle.models.whole_file import whole_file


class TextPartsDataset(AbstractDataset[Iterable[str], str]):
    """Saves parts of a text, such as its lines, one after the other, in UTF-8; loads as the whole text.

    The file appears by a rename, when it is whole.

    Example:
        >>> predict.json_lines:
        >>>   type: auricle.datasets.text_parts.TextPartsDataset
        >>>   filepath: data/07_model_output/predict/predictions.jsonl
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(filepath)
        self.metadata = metadata

    def load(self) -> str:
        """The text."""
        return self._path.read_text(encoding="utf-8")

    def save(self, data: Iterable[str]) -> None:
        """Write the parts, which bring their own line breaks."""
        with whole_file(self._path) as stream:
            stream.writelines(part.encode() for part in data)

    def _exists(self) -> bool:
        return self._path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
