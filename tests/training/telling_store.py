"""The tiny corpus with a store that writes down which crops each process of a training draws."""

import os
from pathlib import Path
from typing import Any

from tiny_corpus import TinyCorpus

from auricle.audio.recording_store import HalfArray
from auricle.audio.store import ORIGINAL, SpectrogramStore

FOLDER = "AURICLE_TEST_DRAWN"  # where it is written, while it is set: the processes of a training inherit it


class TellingStore(SpectrogramStore):
    """Appends each crop to a file of this process, by its rank."""

    def crop(self, recording_id: str, start: int, length: int, variant: str = ORIGINAL) -> HalfArray:
        """As every store does."""
        if folder := os.environ.get(FOLDER):
            with (Path(folder) / os.environ.get("RANK", "alone")).open("a") as file:
                file.write(f"{recording_id} {start} {length}\n")
        return super().crop(recording_id, start, length, variant)

    def __reduce__(self) -> tuple[Any, ...]:
        return TellingStore, super().__reduce__()[1]


class TellingCorpus(TinyCorpus):
    """A corpus with such a store."""

    @property
    def store(self) -> TellingStore:
        return TellingStore(self.folder, self.front_end.digest, self.front_end.n_bands, "r")

    def drawn(self, folder: Path, process: str) -> list[str]:
        """The crops of training recordings that a process drew, in their order."""
        learned = set(self.manifest.query("split == 'train'")["recording_id"])
        lines = (folder / process).read_text().splitlines()
        return [line for line in lines if line.split()[0] in learned]
