"""Notes that an analyzer is unsure of, whose neighbours tell more of them, or nothing."""

import numpy as np
import pandas as pd

from auricle.training.passages import Notes

VOCABULARY = ("bad", "good", "worse")
COLUMNS = ["recording_id", "part", "label", "group", "instrument", "embedding", "probabilities"]


def note_rows(
    *, telling: bool, groups: int = 24, notes: int = 12, test: bool = True, seed: int = 0
) -> pd.DataFrame:
    """A table as `auricle.training.note_table.note_table` makes it.

    Args:
        telling: each player plays all notes in one way; else every note has a class of its own.
        groups: of validation; half as many again of test.
        notes: of each.
        test: whether there are any.
        seed: of all draws.
    """
    generator = np.random.default_rng(seed)
    rows = []
    for number in range(groups + (groups // 2 if test else 0)):
        own = generator.integers(3)
        for note in range(notes):
            target = own if telling else generator.integers(3)
            # Evidence of unit variance either way: probabilities that are right as often as they say.
            logits = generator.normal(1.5 * np.eye(3)[target], 1.22)
            powers = np.exp(logits - logits.max())
            rows.append(
                (
                    f"{number:08d}{note:08d}",
                    "unheard" if number < groups else "test",
                    VOCABULARY[target],
                    f"player-{number}",
                    ("flute", "cello", None)[number % 3],
                    generator.normal(size=6).astype(np.float32),
                    (powers / powers.sum()).astype(np.float32),
                )
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def some_notes(**options: bool | int) -> Notes:
    """The same as `Notes`."""
    return Notes.of(note_rows(**options), VOCABULARY)  # type: ignore[arg-type]
