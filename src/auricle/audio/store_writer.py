"""The one writer of a spectrogram store: its lock, and appending in the order that survives a kill."""

import os
import zlib
from collections.abc import Mapping
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auricle.audio.store_index import Record, check_name, pack
from auricle.errors import ConfigurationError

VALUE_BYTES = 2

# POSIX locks do not see a second attempt by the process that holds them.
_locked_here: set[Path] = set()


class WriterLock:
    """One writer per folder; the operating system takes the lock from a dead owner.

    A POSIX record lock rather than `flock`, because children that fork from the writer do not inherit it: an
    orphaned worker then keeps nobody out.

    Raises:
        ConfigurationError: another writer is at work.
    """

    def __init__(self, folder: Path) -> None:
        import fcntl

        self._folder = folder.resolve()
        if self._folder in _locked_here:
            raise ConfigurationError(
                f"{folder} is already open for writing in this process: close that store first"
            )
        self._file = (folder / "writer.lock").open("a+", encoding="ascii")
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError) as error:
            self._file.seek(0)
            owner = self._file.read().strip() or "unknown"
            self._file.close()
            raise ConfigurationError(
                f"{folder} is being written by another process (id {owner}): wait for its end, or end it"
            ) from error
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()
        _locked_here.add(self._folder)

    def release(self) -> None:
        """Let others write; the file stays, because removing it would let two writers in."""
        _locked_here.discard(self._folder)
        self._file.close()


class StoreWriter:
    """Appends chunks to the data file and then to the index.

    Args:
        data_path: the file of frames.
        index_path: the file of rows.
        n_bands: values of a frame.
        data_frames: frames that the index vouches for.
        index_bytes: bytes of the index that are good.
    """

    def __init__(
        self, data_path: Path, index_path: Path, *, n_bands: int, data_frames: int, index_bytes: int
    ) -> None:
        self._n_bands = n_bands
        self._data_frames = data_frames
        self._index_bytes = index_bytes
        self._pid = os.getpid()
        # Unbuffered: after a failed write a buffer would try the same bytes again at the next seek.
        self._data = data_path.open("r+b", buffering=0)
        self._index = index_path.open("r+b", buffering=0)
        self._cut_torn_tail()

    def append(self, records: Mapping[str, NDArray[Any]], variant: str) -> list[Record]:
        """Write one chunk; when this returns, it is on the disk.

        Raises:
            ValueError: a name or an array that the store cannot hold; nothing is written.
            OSError: the disk is full or fails; the store is as before.
        """
        if os.getpid() != self._pid:
            raise RuntimeError(
                "this store was opened for writing by the parent process: only that may append"
            )
        check_name("variant", variant)
        for recording_id, spectrogram in records.items():
            check_name("recording_id", recording_id)
            _check_shape(recording_id, spectrogram, self._n_bands)
        try:
            committed = self._write(records, variant)
        except BaseException:
            self._cut_torn_tail()
            raise
        return committed

    def close(self) -> None:
        """Close both files."""
        self._data.close()
        self._index.close()

    def _write(self, records: Mapping[str, NDArray[Any]], variant: str) -> list[Record]:
        committed = []
        start = self._data_frames
        for recording_id, spectrogram in records.items():
            frames = _time_major(recording_id, spectrogram)
            _write_all(self._data, frames.data)
            committed.append(Record(recording_id, variant, start, len(frames), zlib.crc32(frames.data)))
            start += len(frames)
        # The frames must be on the disk before a row vouches for them: a power cut reorders the rest.
        os.fsync(self._data.fileno())
        rows = pack(committed)
        _write_all(self._index, rows)
        os.fsync(self._index.fileno())
        self._data_frames = start
        self._index_bytes += len(rows)
        return committed

    def _cut_torn_tail(self) -> None:
        """Back to what is committed: bytes after it could one day be taken for rows."""
        for file, size in (
            (self._index, self._index_bytes),
            (self._data, self._data_frames * self._n_bands * VALUE_BYTES),
        ):
            file.seek(size)
            file.truncate()


def _check_shape(recording_id: str, spectrogram: NDArray[Any], n_bands: int) -> None:
    if spectrogram.ndim != 2 or spectrogram.shape[0] != n_bands or spectrogram.shape[1] == 0:
        raise ValueError(
            f"the spectrogram of {recording_id} has shape {spectrogram.shape}, this store holds "
            f"({n_bands}, frames) with at least one frame"
        )


def _time_major(recording_id: str, spectrogram: NDArray[Any]) -> NDArray[np.float16]:
    with np.errstate(over="ignore"):
        frames = np.ascontiguousarray(spectrogram.T, dtype=np.float16)
    if not np.isfinite(frames).all():
        raise ValueError(
            f"the spectrogram of {recording_id} holds NaN, infinity or a value beyond the ±65504 of float16"
        )
    return frames


def _write_all(file: FileIO, content: bytes | memoryview) -> None:
    remaining = memoryview(content).cast("B")
    while len(remaining):
        remaining = remaining[file.write(remaining) :]
