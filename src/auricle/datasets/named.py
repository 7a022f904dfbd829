"""A dataset for each of many names, where the name is known only once a run is under way."""

import logging
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset
from kedro.io.core import parse_dataset_definition

logger = logging.getLogger(__name__)


class NamedDataset(AbstractDataset[tuple[str, Any], Callable[[str], Any]]):
    """Saves a name with its data; loads as what reads the data of a name.

    Wraps any dataset whose configuration has a `filepath`: the name is put before the file's name. It may
    have slashes. With `announce: true` each save is told, with its path.

    Example:
        >>> predict.summary:
        >>>   type: auricle.datasets.named.NamedDataset
        >>>   dataset:
        >>>     type: json.JSONDataset
        >>>     filepath: data/07_model_output/predict/summary.json
    """

    def __init__(
        self, *, dataset: dict[str, Any], announce: bool = False, metadata: dict[str, Any] | None = None
    ) -> None:
        self._config = dataset
        self._announce = announce
        self._template = Path(dataset["filepath"])
        self.metadata = metadata

    def load(self) -> Callable[[str], Any]:
        """A function from a name to its data."""
        return lambda name: self._of(name).load()

    def save(self, data: tuple[str, Any]) -> None:
        """Save the data of a name."""
        name, content = data
        self._of(name).save(content)
        if self._announce:
            logger.info("Written: %s", self._path(name))

    def _path(self, name: str) -> Path:
        return self._template.parent / name / self._template.name

    def _of(self, name: str) -> AbstractDataset[Any, Any]:
        config = deepcopy(self._config) | {"filepath": str(self._path(name))}
        dataset_class, arguments = parse_dataset_definition(config)
        return dataset_class(**arguments)

    def _exists(self) -> bool:
        return any(self._template.parent.rglob(self._template.name))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._template.parent / "<name>" / self._template.name)}
