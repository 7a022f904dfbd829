"""The waveform store: Arrow files of float16 samples, memory-mapped, that only ever grow by whole shards."""

import logging
import os
import shutil
from collections.abc import Iterator, KeysView
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from auricle.audio.recording_store import HalfArray, span_within
from auricle.audio.store_header import check_header, write_header
from auricle.audio.store_writer import WriterLock
from auricle.errors import CorpusError

logger = logging.getLogger(__name__)

ID_COLUMN = "recording_id"
# The name that speech encoders have for their input.
VALUES_COLUMN = "input_values"


class WaveformStore:
    """Waveforms of one front end, in `<root>/<front_end_digest>/`, keyed by recording.

    Each `shard-<number>.arrow` is a file of `datasets` (`Dataset.from_file` opens it) with the columns
    `recording_id` and `input_values`, a list of float16. It is made in the folder `making` and moved beside
    the others by a rename when it is whole: a writer that is killed leaves nothing that is read. What a shard
    holds of recordings that are gone from the corpus is not asked for.

    Why float16: on recordings of 16 bits it differs by a noise 73 dB below the recording, about that of the
    16 bits themselves; the mean of a base encoder's output moves by 2e-4 of its length, and by 6e-3 where it
    computes in bf16. It takes half the disk and half the page cache.

    A pickled store opens the folder again, read-only, where it arrives: data loader workers share the pages
    and copy nothing. Open one with `WaveformStore.open`.

    Example:
        >>> store = WaveformStore.open(root, front_end.digest)
        >>> store["5f0c64b1d1f3a9e2"]  # float16 (1, samples), a view of the file
    """

    content: ClassVar[str] = "waveform"
    n_bands = 1

    def __init__(self, root: Path, front_end_digest: str, mode: Literal["r", "a"]) -> None:
        self._root = root
        self.front_end_digest = front_end_digest
        self.folder = root / front_end_digest
        self._lock: WriterLock | None = None
        self._waveforms: dict[str, NDArray[np.float16]] = {}
        try:
            if mode == "a":
                self.folder.mkdir(parents=True, exist_ok=True)
                self._lock = WriterLock(self.folder)
                write_header(self.folder, self.n_bands, self.content)
                # What a killed writer was at; whoever holds the lock is alone here.
                shutil.rmtree(self.making, ignore_errors=True)
                self.making.mkdir()
            check_header(self.folder, self.n_bands, self.content)
            for shard in shards_in(self.folder):
                self._waveforms.update(_waveforms_of(shard))
        except BaseException:
            self.close()
            raise

    @classmethod
    def open(cls, root: Path, front_end_digest: str, *, mode: Literal["r", "a"] = "r") -> Self:
        """Open the store of a front end.

        Args:
            root: the folder of a corpus' stores.
            front_end_digest: of the front end; another front end has another store.
            mode: "r" to read; "a" to keep other writers out, making the store where it is missing.

        Raises:
            CorpusError: there is no store to read, or one of its shards is damaged.
            ConfigurationError: another process is writing it.
        """
        return cls(Path(root), front_end_digest, mode)

    @property
    def making(self) -> Path:
        """Where the shards of a writer lie until they are whole."""
        return self.folder / "making"

    def __contains__(self, recording_id: object) -> bool:
        return recording_id in self._waveforms

    def __len__(self) -> int:
        return len(self._waveforms)

    def __iter__(self) -> Iterator[str]:
        return iter(self._waveforms)

    def ids(self) -> KeysView[str]:
        """The recordings, in the order they came."""
        return self._waveforms.keys()

    def __getitem__(self, recording_id: str) -> HalfArray:
        return self._waveform(recording_id)[np.newaxis]

    def frames(self, recording_id: str) -> int:
        """The length of a waveform in samples."""
        return len(self._waveform(recording_id))

    def crop(self, recording_id: str, start: int, length: int) -> HalfArray:
        """`length` samples from `start`: a read-only float16 view [shape=(1, length)].

        Raises:
            KeyError: the store does not have the recording.
            ValueError: the crop reaches beyond the recording.
        """
        samples = self._waveform(recording_id)
        return samples[np.newaxis, span_within(len(samples), start, length, recording_id)]

    def close(self) -> None:
        """Give up the lock; views handed out stay valid."""
        if self._lock is not None:
            shutil.rmtree(self.making, ignore_errors=True)
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return WaveformStore, (self._root, self.front_end_digest, "r")

    def _waveform(self, recording_id: str) -> NDArray[np.float16]:
        try:
            return self._waveforms[recording_id]
        except KeyError:
            raise KeyError(f"{recording_id} is not in the store {self.folder}") from None


def shards_in(folder: Path) -> list[Path]:
    """The shards of a store that are whole, the oldest first."""
    return sorted(folder.glob("shard-*.arrow"))


def commit(made: Path, folder: Path) -> Path:
    """Move a shard that is whole to those of its store; from then on it counts.

    Args:
        made: the file, on the same file system.
        folder: of the store.

    Returns:
        Where it is now.
    """
    last = max((int(shard.stem.partition("-")[2]) for shard in shards_in(folder)), default=-1)
    place = folder / f"shard-{last + 1:06d}.arrow"
    _to_disk(made)
    made.replace(place)
    _to_disk(folder)
    return place


def _to_disk(path: Path) -> None:
    """A power cut reorders what is not on the disk: a name must not come before what it names."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _waveforms_of(shard: Path) -> Iterator[tuple[str, NDArray[np.float16]]]:
    """The recordings of a shard and their samples, views of the mapped file.

    Raises:
        CorpusError: the file is not what `datasets` has written.
    """
    import pyarrow as pa

    try:
        with pa.ipc.open_stream(pa.memory_map(str(shard), "r")) as batches:
            for batch in batches:
                column = batch.column(VALUES_COLUMN)
                offsets = column.offsets.to_numpy()
                samples = column.values.to_numpy(zero_copy_only=True)
                names = batch.column(ID_COLUMN).to_pylist()
                for name, start, stop in zip(names, offsets[:-1], offsets[1:], strict=True):
                    yield name, samples[start:stop]
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise CorpusError(f"{shard} is damaged ({error}): delete this file and cache again") from error
