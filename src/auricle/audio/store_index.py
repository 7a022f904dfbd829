"""The index of a spectrogram store: an append-only file in which a chunk is there wholly or not at all.

One row of 96 bytes stands for one record. The rows of one `append` form a chunk; `pending` counts down to
0 in its last row, whose last four bytes are the CRC-32 of the chunk's other bytes. Whatever follows the
last good chunk was torn by a kill, is not read, and is cut off by the next writer.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_NAME = 32
ROW = np.dtype(
    [
        ("recording_id", f"S{MAX_NAME}"),
        ("variant", f"S{MAX_NAME}"),
        ("start", "<u8"),  # first frame of the record in the data file
        ("frames", "<u8"),
        ("data_crc", "<u4"),
        ("pending", "<u4"),  # rows of the chunk that still follow
        ("reserved", "<u4"),
        ("chunk_crc", "<u4"),  # of all bytes of the chunk before it; in the last row only
    ]
)
_CRC_BYTES = ROW["chunk_crc"].itemsize


@dataclass(frozen=True)
class Record:
    """Where one spectrogram lies.

    Attributes:
        recording_id: whose it is.
        variant: which of its versions, such as "original".
        start: its first frame in the data file.
        frames: its length.
        data_crc: CRC-32 of its bytes.
    """

    recording_id: str
    variant: str
    start: int
    frames: int
    data_crc: int


def check_name(kind: str, name: str) -> None:
    """Refuse what a row of the index cannot hold.

    Raises:
        ValueError: the name is empty, too long, not ASCII, or contains a zero byte.
    """
    if not (0 < len(name) <= MAX_NAME and name.isascii() and "\0" not in name):
        raise ValueError(
            f"{kind} {name!r} must have 1 to {MAX_NAME} ASCII characters to be a key of the store"
        )


def pack(records: Sequence[Record]) -> bytes:
    """The bytes of one chunk."""
    rows = np.zeros(len(records), dtype=ROW)
    for row, record in zip(rows, records, strict=True):
        row["recording_id"] = record.recording_id.encode("ascii")
        row["variant"] = record.variant.encode("ascii")
        row["start"], row["frames"], row["data_crc"] = record.start, record.frames, record.data_crc
    rows["pending"] = np.arange(len(records) - 1, -1, -1)
    body = rows.tobytes()[:-_CRC_BYTES]
    return body + zlib.crc32(body).to_bytes(_CRC_BYTES, "little")


def committed_rows(content: bytes, data_frames: int) -> NDArray[np.void]:
    """The rows of all good chunks from the start of the file up to the first that is not.

    Args:
        content: of the index file.
        data_frames: whole frames in the data file; a chunk that points beyond them is not good.

    Returns:
        Structured array of `ROW` [shape=(records,)], read-only.
    """
    rows = np.frombuffer(content, dtype=ROW, count=len(content) // ROW.itemsize)
    ends = rows["start"] + rows["frames"]
    view = memoryview(content)
    first = expected = 0
    for last in np.flatnonzero(rows["pending"] == 0).tolist():
        chunk = view[first * ROW.itemsize : (last + 1) * ROW.itemsize]
        crc = int.from_bytes(chunk[-_CRC_BYTES:], "little")
        if zlib.crc32(chunk[:-_CRC_BYTES]) != crc:
            break
        if int(rows["start"][first]) != expected or int(ends[last]) > data_frames:
            break
        first, expected = last + 1, int(ends[last])
    return rows[:first]
