"""All bundles of a model that were ever trained, with what each said of the recordings."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io import AbstractDataset

from auricle.datasets.fingerprint import digest, fingerprint_of_path
from auricle.errors import BundleError
from auricle.models.bundle import CHECKSUMS, PastBundle, open_bundle

logger = logging.getLogger(__name__)


class HistoryDataset(AbstractDataset[None, list[PastBundle]]):
    """Loads every version of a bundle, the oldest first; those that nothing was predicted by are left out.

    Challengers are among them where their folder is named.

    Example:
        >>> genre.cnn.history:
        >>>   type: auricle.datasets.history.HistoryDataset
        >>>   bundles: {filepath: data/06_models/genre/cnn/bundle}
        >>>   predictions: {filepath: data/07_model_output/genre/cnn/predictions.parquet}
    """

    def __init__(
        self,
        *,
        bundles: dict[str, str],
        predictions: dict[str, str],
        challengers: dict[str, str] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        # By the name `filepath` Kedro knows what is relative to the project.
        self._bundles, self._predictions = Path(bundles["filepath"]), Path(predictions["filepath"])
        self._places = [self._bundles, *([Path(challengers["filepath"])] if challengers else [])]
        self.metadata = metadata

    def load(self) -> list[PastBundle]:
        """The past bundles; a damaged one is left out with a warning."""
        found = []
        for _, folder, table in self._versions():
            if not table.is_file():
                logger.warning("%s is left out: it has no predictions, its training was cut short.", folder)
                continue
            try:
                past = PastBundle(open_bundle(folder, verify=False), pd.read_parquet(table))
                assert past.bundle.training is not None  # read, so that it is known to be whole
            except (BundleError, OSError, ValueError) as error:
                logger.warning("%s is left out: %s", folder, error)
            else:
                found.append(past)
        return found

    def _versions(self) -> Iterator[tuple[str, Path, Path]]:
        """Name, bundle and table of predictions of every version."""
        there = [
            (folder.parent.name, folder) for place in self._places for folder in place.glob(f"*/{place.name}")
        ]
        for version, folder in sorted(there):
            yield version, folder, self._predictions.parent / version / self._predictions.name

    def save(self, data: None) -> None:
        """Refused: trainings make history.

        Raises:
            DatasetError: always.
        """
        raise NotImplementedError("the history of a model is made by its trainings")

    def fingerprint(self) -> str:
        """By the checksums and the predictions of every version."""
        return digest(
            f"{version}={fingerprint_of_path(folder / CHECKSUMS)}:{fingerprint_of_path(table)}"
            for version, folder, table in self._versions()
        )

    def _exists(self) -> bool:
        return any(self._versions())

    def _describe(self) -> dict[str, Any]:
        return {"bundles": str(self._bundles), "predictions": str(self._predictions)}
