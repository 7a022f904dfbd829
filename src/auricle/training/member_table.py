"""What the members of an ensemble say of the recordings of a corpus, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.errors import ConfigurationError, CorpusError
from auricle.models.ensemble import FloatArray

KEYS = ("recording_id", "split")


@dataclass(frozen=True)
class MemberTable:
    """Probabilities of all members for every recording that any of them knows.

    Attributes:
        names: The members.
        vocabulary: The classes, in the order of the first member's.
        recording_ids: object (n,), sorted.
        splits: object (n,), as predictions name them.
        probabilities: float64 (members, n, classes), NaN where a member lacks a recording.
    """

    names: tuple[str, ...]
    vocabulary: tuple[str, ...]
    recording_ids: npt.NDArray[np.object_]
    splits: npt.NDArray[np.object_]
    probabilities: FloatArray

    def without(self, name: str) -> Self:
        """The same without one member, and without what it alone knows."""
        kept = [index for index, other in enumerate(self.names) if other != name]
        probabilities = self.probabilities[kept]
        known = ~np.isnan(probabilities).any(axis=2).all(axis=0)
        return replace(
            self,
            names=tuple(self.names[index] for index in kept),
            recording_ids=self.recording_ids[known],
            splits=self.splits[known],
            probabilities=probabilities[:, known],
        )

    def lacking(self) -> dict[str, dict[str, int]]:
        """How many recordings of each split a member lacks that another knows, where there are any."""
        lacks = np.asarray(np.isnan(self.probabilities).any(axis=2))
        return {
            name: {
                str(split): int((self.splits[row] == split).sum()) for split in np.unique(self.splits[row])
            }
            for name, row in zip(self.names, lacks, strict=True)
        }

    def table(self, rows: npt.NDArray[np.int64], probabilities: FloatArray) -> pd.DataFrame:
        """Predictions by the contract for some of the recordings."""
        found = pd.DataFrame(probabilities.astype(np.float32), columns=list(self.vocabulary))
        found.insert(0, "recording_id", self.recording_ids[rows])
        found.insert(1, "split", self.splits[rows])
        return found


def read_members(predictions: Mapping[str, pd.DataFrame]) -> MemberTable:
    """Put tables of predictions side by side.

    Args:
        predictions: by member, as the contract has them.

    Raises:
        ConfigurationError: a member of another vocabulary.
        CorpusError: members that disagree on the split of a recording.
    """
    names = tuple(predictions)
    first = predictions[names[0]]
    vocabulary = tuple(str(column) for column in first.columns if column not in KEYS)
    for name, table in predictions.items():
        check_vocabulary(names[0], vocabulary, name, [c for c in table.columns if c not in KEYS])
    splits = _splits(predictions)
    probabilities = np.stack(
        [
            table.set_index("recording_id")[list(vocabulary)].reindex(splits.index).to_numpy(np.float64)
            for table in predictions.values()
        ]
    )
    return MemberTable(
        names, vocabulary, splits.index.to_numpy(dtype=object), splits.to_numpy(dtype=object), probabilities
    )


def check_vocabulary(first: str, known: Sequence[str], name: str, classes: Sequence[str]) -> None:
    """Refuse a member that knows other classes than the first.

    Raises:
        ConfigurationError: which names the classes.
    """
    if set(classes) == set(known):
        return
    differing = sorted(set(classes) ^ set(known))
    raise ConfigurationError(
        f"The members {first} and {name} know different classes ({len(known)} and {len(classes)}; they differ"
        f" in {', '.join(differing[:5])}{', ...' if len(differing) > 5 else ''}), so that their probabilities"
        " cannot be combined. Train them again on one corpus, or leave one out of ensemble.members."
    )


def _splits(predictions: Mapping[str, pd.DataFrame]) -> "pd.Series[str]":
    """The split of each recording, by its id, sorted."""
    rows = pd.concat(
        [table[list(KEYS)].assign(member=name) for name, table in predictions.items()], ignore_index=True
    )
    differing = rows.groupby("recording_id")["split"].nunique() > 1
    if differing.any():
        first = rows[rows["recording_id"] == differing[differing].index[0]]
        told = ", ".join(f"{row.member}: {row.split}" for row in first.itertuples())
        raise CorpusError(
            f"The members disagree on the split of {int(differing.sum())} recordings (first:"
            f" {first['recording_id'].iloc[0]}; {told}): they were trained on other splits or by another"
            " protocol. Train them again on the corpus as it is."
        )
    return rows.drop_duplicates("recording_id").set_index("recording_id")["split"].sort_index()
