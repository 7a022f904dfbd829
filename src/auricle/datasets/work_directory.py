"""A folder that a long node works in, handed to it by the catalog since no node can read what it writes."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from auricle.datasets.fingerprint import fingerprint_of_path


class WorkDirectoryDataset(AbstractDataset[None, Path]):
    """Loads as the path of a folder that exists; the node keeps its checkpoints there.

    With `make: false` the folder is left to whoever has something to put into it. What a node scribbles there
    is no reason to run it again; `compared: true` says that it is more than that, something made to be kept.

    Example:
        >>> genre.cnn.work_directory:
        >>>   type: auricle.datasets.work_directory.WorkDirectoryDataset
        >>>   filepath: data/06_models/genre/cnn/work
    """

    def __init__(
        self,
        *,
        filepath: str,
        make: bool = True,
        compared: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._folder = Path(filepath)
        self._make = make
        self._compared = compared
        self.metadata = metadata

    def load(self) -> Path:
        """The folder, made where it is missing."""
        if self._make:
            self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder

    def save(self, data: None) -> None:
        """Refused: nodes write into the folder themselves.

        Raises:
            DatasetError: always.
        """
        raise NotImplementedError("a work directory is written by the node that loads it")

    def fingerprint(self) -> str | None:
        """None, or by the content where that is compared."""
        return fingerprint_of_path(self._folder) if self._compared else None

    def _exists(self) -> bool:
        return self._folder.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}
