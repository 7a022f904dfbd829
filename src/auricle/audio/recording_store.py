"""What caches of spectrograms and of waveforms have in common for those who only read them."""

from collections.abc import Set as AbstractSet
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

HalfArray = NDArray[np.float16]


class RecordingStore(Protocol):
    """What networks hear of each recording, made once by one front end; time is the last axis.

    Opened for reading, a store is passed to other processes by its place, and maps its files there.

    Attributes:
        content: what is stored, in the singular; the pipeline `cache_<content>s` makes it.
        front_end_digest: of the front end.
        n_bands: rows of each recording; 1 of waveforms.
    """

    content: ClassVar[str]
    front_end_digest: str
    n_bands: int

    def __contains__(self, recording_id: object, /) -> bool:
        """Whether the recording is stored."""

    def __len__(self) -> int:
        """How much is stored."""

    def ids(self) -> AbstractSet[str]:
        """The recordings, in the order they came."""

    def __getitem__(self, recording_id: str, /) -> HalfArray:
        """All of a recording: a read-only view [shape=(n_bands, frames)].

        Raises:
            KeyError: the store does not have it.
        """

    def frames(self, recording_id: str) -> int:
        """The length of a recording in frames; of a waveform, in samples."""

    def crop(self, recording_id: str, start: int, length: int) -> HalfArray:
        """`length` frames from `start`: a read-only view [shape=(n_bands, length)].

        Raises:
            KeyError: the store does not have the recording.
            ValueError: the crop reaches beyond the recording.
        """


def span_within(frames: int, start: int, length: int, recording_id: str) -> slice:
    """The frames of a crop.

    Raises:
        ValueError: it reaches beyond the recording.
    """
    if start < 0 or length < 0 or start + length > frames:
        raise ValueError(f"crop of {length} frames from {start} of {recording_id}, which has {frames}")
    return slice(start, start + length)
