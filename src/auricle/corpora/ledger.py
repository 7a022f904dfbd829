"""The ledger: an append-only table of everything that was ever put into a split, so that nothing moves again.

One row per group ever seen. The smallest group is a single recording, so recordings have rows too, with the
larger group that they are a `member_of`: that is how a recording stays where it is when its file is copied,
renamed, deleted and brought back, or when its metadata change.
"""

import pandas as pd

from auricle.corpora.places import Places
from auricle.errors import CorpusError

LEDGER_COLUMNS = ("group", "member_of", "split", "fold", "origin", "protocol")


def empty_ledger() -> pd.DataFrame:
    """A ledger that knows nothing."""
    text = dict.fromkeys(LEDGER_COLUMNS, "str")
    return pd.DataFrame({name: [] for name in LEDGER_COLUMNS}).astype({**text, "fold": "int64"})


def read_history(ledger: pd.DataFrame | None, places: Places) -> pd.DataFrame:
    """The rows of a ledger that concern one protocol; each protocol has a history of its own.

    Raises:
        CorpusError: The table is no ledger, or was altered so that a group is in two splits.
    """
    if ledger is None or ledger.empty:
        return empty_ledger()
    missing = [name for name in LEDGER_COLUMNS if name not in ledger]
    if missing:
        raise CorpusError(
            f"The ledger of splits lacks the columns {', '.join(missing)}: it was not written by this version"
            " of Auricle. Restore it, or delete it to split the corpus anew."
        )
    history = ledger[ledger["protocol"] == places.protocol]
    twice = history["group"][history["group"].duplicated()]
    if not twice.empty:
        raise CorpusError(
            f"The ledger of splits names {twice.nunique()} groups twice, first {twice.iloc[0]!r}: it was"
            " altered. Restore it from a copy, or delete it to split the corpus anew."
        )
    return history


def append(ledger: pd.DataFrame | None, rows: pd.DataFrame) -> pd.DataFrame:
    """The ledger with new rows below the old ones, which stay as they are."""
    old = empty_ledger() if ledger is None or ledger.empty else ledger
    if rows.empty:
        return old.reset_index(drop=True)
    new = rows.sort_values(["member_of", "group"])[list(LEDGER_COLUMNS)].astype({"fold": "int64"})
    return pd.concat([old, new], ignore_index=True) if len(old) else new.reset_index(drop=True)
