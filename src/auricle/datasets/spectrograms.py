"""The spectrogram store as a catalog entry: a node yields chunks of spectrograms, readers get the folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from kedro.io import AbstractDataset

from auricle.audio.store import ORIGINAL, SpectrogramStore
from auricle.datasets.fingerprint import MISSING, digest, fingerprint_of_path


@dataclass(frozen=True)
class SpectrogramChunk:
    """Spectrograms of one front end, to be appended together.

    Attributes:
        front_end_digest: names the store.
        n_bands: rows of every spectrogram.
        records: by `recording_id`, each [shape=(n_bands, frames)].
        variant: which version of the recordings they are.
    """

    front_end_digest: str
    n_bands: int
    records: Mapping[str, np.ndarray]
    variant: str = ORIGINAL


class SpectrogramStoreDataset(AbstractDataset[SpectrogramChunk, Path]):
    """The folder of spectrogram stores of a corpus, one store per front end.

    Example:
        >>> genre.spectrograms:
        >>>   type: auricle.datasets.spectrograms.SpectrogramStoreDataset
        >>>   filepath: data/04_feature/genre/spectrograms
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._root = Path(filepath)
        self.metadata = metadata

    def load(self) -> Path:
        """The folder; open a store in it with `SpectrogramStore.open(folder, front_end.digest, n_bands)`."""
        return self._root

    def save(self, data: SpectrogramChunk) -> None:
        """Append a chunk. Nothing stays open between chunks, so that whoever comes next can write."""
        with SpectrogramStore.open(self._root, data.front_end_digest, data.n_bands, mode="a") as store:
            store.append(data.records, data.variant)

    def fingerprint(self) -> str:
        """By the index of every store, which has a checksum of every record: frames need not be read.

        The times of the files tell nothing: whoever looks for what is missing opens them for writing.
        """
        stores = [folder for folder in sorted(self._root.glob("*")) if (folder / "frames.f16").is_file()]
        found = (f"{folder.name}={fingerprint_of_path(folder / 'index.bin')}" for folder in stores)
        return digest(found) if stores else MISSING

    def _exists(self) -> bool:
        return self._root.is_dir() and any(self._root.iterdir())

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._root)}
