"""Passages joined from single notes: whose they are, and in which order they follow each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.errors import CorpusError
from auricle.models.note_sequence import log_of

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

HEARD, UNHEARD, TEST = "heard", "unheard", "test"
MANY = 1_000_000_007  # keeps seeds of different purposes apart


@dataclass(frozen=True)
class Notes:
    """Single notes, and what an analyzer makes of each.

    Attributes:
        ids: `recording_id` of each, object (n,).
        parts: object (n,): `heard` (the analyzer learned from it), `unheard` (it did not), or `test`.
        targets: int64 (n,), indices into `vocabulary`.
        groups: of the manifest, object (n,).
        players: int64 (n,), equal for notes that one player plays on one instrument.
        embeddings: by the analyzer, float32 (n, embedding_size).
        probabilities: by the analyzer, float32 (n, classes).
        vocabulary: the classes.
        strange: notes left out, because the analyzer does not know their class.
    """

    ids: npt.NDArray[np.object_]
    parts: npt.NDArray[np.object_]
    targets: IntArray
    groups: npt.NDArray[np.object_]
    players: IntArray
    embeddings: FloatArray
    probabilities: FloatArray
    vocabulary: tuple[str, ...]
    strange: int = 0

    @classmethod
    def of(cls, table: pd.DataFrame, vocabulary: tuple[str, ...]) -> "Notes":
        """The notes of a table.

        Args:
            table: `recording_id`, `part`, `label`, `group`, `instrument`, `embedding`, `probabilities`.
            vocabulary: of the analyzer.

        Raises:
            CorpusError: the analyzer knows the class of none of them.
        """
        known = table[table["label"].isin(vocabulary)].reset_index(drop=True)
        if known.empty:
            raise CorpusError(
                f"None of {len(table)} notes is of a class that the analyzer knows"
                f" ({', '.join(vocabulary[:5])}, ...). Train the analyzer again on this corpus."
            )
        instruments = known["instrument"].fillna("").astype(str)
        return cls(
            ids=known["recording_id"].to_numpy(dtype=object),
            parts=known["part"].to_numpy(dtype=object),
            targets=pd.Index(vocabulary).get_indexer(pd.Index(known["label"])).astype(np.int64),
            groups=known["group"].astype(str).to_numpy(dtype=object),
            players=_numbered(known["group"].astype(str), instruments),
            embeddings=np.stack(known["embedding"].to_list()).astype(np.float32),
            probabilities=np.stack(known["probabilities"].to_list()).astype(np.float32),
            vocabulary=vocabulary,
            strange=len(table) - len(known),
        )

    @cached_property
    def log_probabilities(self) -> FloatArray:
        """Logarithms of `probabilities`, float32 (n, classes)."""
        return log_of(self.probabilities)

    def rows(self, part: str) -> IntArray:
        """Places of the notes of a part."""
        return np.flatnonzero(self.parts == part)

    def passages(self, rows: IntArray, lengths: tuple[int, int], seed: tuple[int, ...]) -> list[IntArray]:
        """Passages in which each of these notes is once, in random order, each of one player.

        Args:
            rows: places of the notes.
            lengths: the fewest and the most notes; what is left of a player may be fewer.
            seed: equal seeds draw equal passages.
        """
        generator = np.random.default_rng(seed)
        return [
            passage
            for player in np.unique(self.players[rows])
            for passage in _cut(generator.permutation(rows[self.players[rows] == player]), lengths, generator)
        ]

    def dealt(self, rows: IntArray, folds: int, seed: int) -> IntArray:
        """A fold for each of these notes, int64 (n,), that no group crosses.

        Raises:
            CorpusError: fewer than three groups.
        """
        groups = np.unique(self.groups[rows])
        if len(groups) < 3:
            raise CorpusError(
                f"The sequence model learns from notes that the analyzer did not learn from, and they are of"
                f" {len(groups)} groups: to learn from some, choose epochs by others and judge by the rest"
                " takes 3. Give the corpus more groups, or raise validation_share."
            )
        order = np.random.default_rng((seed, MANY)).permutation(len(groups))
        fold_of = dict(zip(groups[order], np.arange(len(groups)) % folds, strict=True))
        return np.array([fold_of[group] for group in self.groups[rows]], dtype=np.int64)


def _numbered(groups: "pd.Series[str]", instruments: "pd.Series[str]") -> IntArray:
    """Equal numbers for notes of one group and one instrument."""
    numbers = pd.factorize(pd.MultiIndex.from_arrays([groups, instruments]), sort=True)[0]
    return numbers.astype(np.int64)


def _cut(notes: IntArray, lengths: tuple[int, int], generator: np.random.Generator) -> Iterator[IntArray]:
    while len(notes):
        length = int(generator.integers(lengths[0], lengths[1], endpoint=True))
        yield notes[:length]
        notes = notes[length:]
