"""What rendering has to know of a demo corpus, whatever it consists of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd

# Where the audio files lie in the folder of a corpus, and so in its metadata.
AUDIO_FOLDER = "audio"
# What the README of a corpus says where some of its files are broken.
BROKEN = "\nA few files are broken on purpose (empty, truncated, silent, ...); ingestion sets them aside.\n"


class CorpusFile(Protocol):
    """One file of a corpus; small and picklable, because child processes are handed it."""

    @property
    def defect(self) -> str | None:
        """What makes it unusable, by a key of `broken.DEFECTS`; None for a whole one."""

    @property
    def name(self) -> str:
        """Twelve hexadecimal digits and a suffix: a digest of all that the file depends on."""

    @property
    def about(self) -> str:
        """What it is of, for an error message."""

    def contents(self) -> bytes:
        """Its bytes, always the same."""


@dataclass(frozen=True)
class Corpus:
    """A demo corpus to be rendered.

    Attributes:
        settings: the parameters it follows from, as JSON types.
        files: all of them.
        table: makes what `metadata.csv` says of them.
        readme: text of the folder's README.txt.
        longest_s: of the recordings, in seconds.
    """

    settings: dict[str, Any]
    files: Sequence[CorpusFile]
    table: Callable[[], pd.DataFrame]
    readme: str
    longest_s: float
