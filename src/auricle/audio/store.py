"""The spectrogram store: float16, memory-mapped, ragged in time, append-only, and whole after any kill."""

import logging
import zlib
from collections.abc import Iterator, KeysView, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from auricle.audio.recording_store import HalfArray, span_within
from auricle.audio.store_header import check_header, write_header
from auricle.audio.store_index import committed_rows
from auricle.audio.store_writer import VALUE_BYTES, StoreWriter, WriterLock
from auricle.errors import CorpusError

logger = logging.getLogger(__name__)

ORIGINAL = "original"


class SpectrogramStore:
    """Spectrograms of one front end, in `<root>/<front_end_digest>/`, keyed by recording and variant.

    Three files: `store.json` says what it is, `frames.f16` holds the frames one after another (each
    `n_bands` values, so that a crop in time is one contiguous read), and `index.bin` the committed records.
    A chunk counts once its rows are in the index, which happens after its frames are on the disk: a writer
    that is killed loses at most the chunk in flight, and nobody reads a torn record.

    A pickled store opens the folder again, read-only, where it arrives: data loader workers share the pages
    and copy nothing. Open one with `SpectrogramStore.open`.

    Example:
        >>> with SpectrogramStore.open(root, front_end.digest, front_end.n_bands, mode="a") as store:
        ...     store.append({"5f0c64b1d1f3a9e2": spectrogram})
        >>> store = SpectrogramStore.open(root, front_end.digest, front_end.n_bands)
        >>> store["5f0c64b1d1f3a9e2"]  # float16 (n_bands, frames), a view of the file
    """

    content: ClassVar[str] = "spectrogram"

    def __init__(self, root: Path, front_end_digest: str, n_bands: int, mode: Literal["r", "a"]) -> None:
        self._root = root
        self.front_end_digest = front_end_digest
        self.n_bands = n_bands
        self._folder = root / front_end_digest
        self._data_path = self._folder / "frames.f16"
        self._index_path = self._folder / "index.bin"
        self._lock: WriterLock | None = None
        self._writer: StoreWriter | None = None
        self._mapped: HalfArray | None = None
        try:
            if mode == "a":
                self._folder.mkdir(parents=True, exist_ok=True)
                self._lock = WriterLock(self._folder)
                self._data_path.touch()
                self._index_path.touch()
                write_header(self._folder, n_bands, self.content)
            check_header(self._folder, n_bands, self.content)
            self._read_index()
        except BaseException:
            self.close()
            raise

    @classmethod
    def open(
        cls, root: Path, front_end_digest: str, n_bands: int, *, mode: Literal["r", "a"] = "r"
    ) -> "SpectrogramStore":
        """Open the store of a front end.

        Args:
            root: the folder of a corpus' stores.
            front_end_digest: of the front end; another front end has another store.
            n_bands: rows of each spectrogram.
            mode: "r" to read; "a" to append and read, making the store where it is missing.

        Raises:
            CorpusError: there is no store to read, or it is not whole.
            ConfigurationError: another process is writing it, or it has other bands.
        """
        return cls(Path(root), front_end_digest, n_bands, mode)

    def append(self, records: Mapping[str, NDArray[Any]], variant: str = ORIGINAL) -> None:
        """Add a chunk of spectrograms, all of them or none.

        Args:
            records: by `recording_id`, each [shape=(n_bands, frames)], any floating dtype.
            variant: which version of the recordings they are.

        Raises:
            ValueError: a key that is there already, or a shape or value that the store cannot hold.
            OSError: the disk is full or fails; the store is as before.
        """
        if self._writer is None:
            raise ValueError(f"{self._folder} is not open for writing: open it with mode='a'")
        known = self._records.get(variant, {})
        if repeated := [key for key in records if key in known]:
            raise ValueError(
                f"{repeated[0]} ({variant}) is in the store already: it only grows, append what is missing"
            )
        if not records:
            return
        known = self._records.setdefault(variant, known)
        for record in self._writer.append(records, variant):
            known[record.recording_id] = (record.start, record.frames, record.data_crc)
            self._end = record.start + record.frames

    def __contains__(self, recording_id: object) -> bool:
        return recording_id in self._records[ORIGINAL]

    def __len__(self) -> int:
        return sum(map(len, self._records.values()))

    def ids(self, variant: str = ORIGINAL) -> KeysView[str]:
        """The recordings that have this variant, in the order they came; a set with quick membership."""
        return self._records.get(variant, {}).keys()

    def variants(self, recording_id: str) -> tuple[str, ...]:
        """The variants of a recording that are there."""
        return tuple(variant for variant, records in self._records.items() if recording_id in records)

    @property
    def all_variants(self) -> tuple[str, ...]:
        """The variants of which the store may hold any recording."""
        return tuple(self._records)

    def __getitem__(self, recording_id: str) -> HalfArray:
        return self.get(recording_id)

    def get(self, recording_id: str, variant: str = ORIGINAL) -> HalfArray:
        """A whole spectrogram: a read-only float16 view of the file [shape=(n_bands, frames)].

        Raises:
            KeyError: the store does not have it.
        """
        start, frames, _ = self._locate(recording_id, variant)
        return self._frames()[start : start + frames].T

    def frames(self, recording_id: str, variant: str = ORIGINAL) -> int:
        """The length of a spectrogram in frames."""
        return self._locate(recording_id, variant)[1]

    def crop(self, recording_id: str, start: int, length: int, variant: str = ORIGINAL) -> HalfArray:
        """`length` frames from `start`: a read-only float16 view [shape=(n_bands, length)].

        Raises:
            KeyError: the store does not have the recording.
            ValueError: the crop reaches beyond the recording.
        """
        first, frames, _ = self._locate(recording_id, variant)
        span = span_within(frames, start, length, recording_id)
        return self._frames()[first + span.start : first + span.stop].T

    def verify(self) -> list[tuple[str, str]]:
        """Hold every record against its checksum; returns (recording_id, variant) of the damaged ones."""
        return [
            (recording_id, variant)
            for variant, records in self._records.items()
            for recording_id, (start, frames, crc) in records.items()
            if zlib.crc32(self._frames()[start : start + frames].data) != crc
        ]

    def close(self) -> None:
        """Stop writing and give up the lock; views handed out stay valid."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        self._mapped = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids())

    def __reduce__(self) -> tuple[Any, ...]:
        return SpectrogramStore, (self._root, self.front_end_digest, self.n_bands, "r")

    def _read_index(self) -> None:
        frame_bytes = self.n_bands * VALUE_BYTES
        try:
            content = self._index_path.read_bytes()
            data_frames = self._data_path.stat().st_size // frame_bytes
        except FileNotFoundError as error:
            raise CorpusError(
                f"{error.filename} is missing: delete {self._folder} and cache again"
            ) from error
        rows = committed_rows(content, data_frames)
        self._records = _by_variant(rows)
        self._end = int(rows["start"][-1] + rows["frames"][-1]) if len(rows) else 0
        if self._lock is not None:
            if torn := len(content) - rows.nbytes:
                logger.warning(
                    "%s: %d bytes of a chunk that was not finished are cut off", self._index_path, torn
                )
            self._writer = StoreWriter(
                self._data_path,
                self._index_path,
                n_bands=self.n_bands,
                data_frames=self._end,
                index_bytes=rows.nbytes,
            )

    def _locate(self, recording_id: str, variant: str) -> tuple[int, int, int]:
        try:
            return self._records[variant][recording_id]
        except KeyError:
            raise KeyError(f"{recording_id} ({variant}) is not in the store {self._folder}") from None

    def _frames(self) -> HalfArray:
        """All committed frames [shape=(frames, n_bands)], mapped when first read and after the store grew."""
        if self._mapped is None or len(self._mapped) < self._end:
            mapped = np.memmap(self._data_path, np.float16, mode="r", shape=(self._end, self.n_bands))
            # A plain array: slicing a memmap costs ten times as much.
            self._mapped = mapped.view(np.ndarray)
        return self._mapped


def _by_variant(rows: NDArray[np.void]) -> dict[str, dict[str, tuple[int, int, int]]]:
    """(start, frames, checksum) by variant and recording."""
    records: dict[str, dict[str, tuple[int, int, int]]] = {ORIGINAL: {}}
    for recording_id, variant, *where in zip(
        rows["recording_id"].astype(str).tolist(),
        rows["variant"].astype(str).tolist(),
        rows["start"].tolist(),
        rows["frames"].tolist(),
        rows["data_crc"].tolist(),
        strict=True,
    ):
        records.setdefault(variant, {})[recording_id] = (where[0], where[1], where[2])
    return records
