"""What a child process does with one file: hash it, and let the front end hear what is not known yet."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from auricle.audio.decode import decode
from auricle.audio.extractor import Extractor
from auricle.audio.joint_extractor import HeardByEach, JointExtractor
from auricle.audio.limits import AudioLimits
from auricle.corpora.verdict import hash_file
from auricle.errors import AudioError


@dataclass(frozen=True)
class Item:
    """A file, and who plays in it: the parts of its identity."""

    path: str
    instrument: str


@dataclass(frozen=True)
class Sound:
    """What came of a file.

    Attributes:
        recording_id: the hash of its bytes, "" where it cannot be read.
        heard: what the front end makes of it, float32, or those of each member of an ensemble, or why one
            hears nothing; why the file cannot be used; None where its bytes are known.
        duration_s: of what was heard, in seconds.
    """

    recording_id: str
    heard: NDArray[np.float32] | HeardByEach | AudioError | None
    duration_s: float = float("nan")

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        parts = self.heard if isinstance(self.heard, tuple) else (self.heard,)
        return sum(part.nbytes for part in parts if isinstance(part, np.ndarray))


def hear_file(
    item: Item, extractor: Extractor | JointExtractor, limits: AudioLimits, known: frozenset[tuple[str, str]]
) -> Sound:
    """Hash a file, and decode and extract it unless its bytes are known.

    Args:
        item: the file.
        extractor: of the model, or of all members.
        limits: what a recording may be.
        known: recordings, with the instrument, of which the model has spoken already.
    """
    path = Path(item.path)
    recording_id = hash_file(path, limits)
    if (recording_id, item.instrument) in known:
        return Sound(recording_id, None)
    try:
        samples = decode(path, limits, extractor.sample_rate).samples
        return Sound(recording_id, extractor(samples), len(samples) / extractor.sample_rate)
    except AudioError as error:
        return Sound(recording_id, error)
