"""The waveform store as a catalog entry: a node yields shards of waveforms, readers get the folder."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from auricle.audio.waveform_shards import WaveformShard
from auricle.audio.waveform_store import commit, shards_in
from auricle.datasets.fingerprint import MISSING, digest


class WaveformStoreDataset(AbstractDataset[WaveformShard, Path]):
    """The folder of waveform stores of a corpus, one store per front end.

    Example:
        >>> genre.waveforms:
        >>>   type: auricle.datasets.waveforms.WaveformStoreDataset
        >>>   filepath: data/04_feature/genre/waveforms
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._root = Path(filepath)
        self.metadata = metadata

    def load(self) -> Path:
        """The folder; open a store in it with `WaveformStore.open(folder, front_end.digest)`."""
        return self._root

    def save(self, data: WaveformShard) -> None:
        """Let a shard count, which the node has made while it kept other writers out."""
        commit(data.path, self._root / data.front_end_digest)

    def fingerprint(self) -> str:
        """By the shards of every store, which are never written to again."""
        stores = sorted(folder for folder in self._root.glob("*") if folder.is_dir())
        shards = [shard for folder in stores for shard in shards_in(folder)]
        found = (f"{shard.relative_to(self._root)}={shard.stat().st_size}" for shard in shards)
        return digest(found) if shards else MISSING

    def _exists(self) -> bool:
        return self._root.is_dir() and any(self._root.iterdir())

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._root)}
