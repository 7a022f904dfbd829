"""What must not be in two splits: the keys by which recordings are linked into groups."""

import logging
import re
import unicodedata
from pathlib import PurePosixPath

import pandas as pd

from auricle.corpora.params import FILE_NAME_PATTERN, RECORDING, IngestParams
from auricle.errors import ConfigurationError

logger = logging.getLogger(__name__)


def group_keys(table: pd.DataFrame, params: IngestParams) -> pd.DataFrame:
    """The keys of each recording: recordings that share any key are in one group.

    A key reads `artist:nina simone`. The bytes themselves are always a key (`recording:<id>`), so exact
    duplicates share a group whatever their metadata say. Values are compared without regard to case, spacing
    and Unicode form, because a group too large costs a little balance, and a group torn in two is a leak.

    Args:
        table: `recording_id`, `path`, and the columns that `params.group_by` names.
        params: How to group.

    Returns:
        One text column per entry of `group_by` and, last, `recording`; missing where the source says nothing.

    Raises:
        ConfigurationError: A column that the corpus does not have, or a pattern that matches no file name.
    """
    entries = [entry for entry in params.group_by if entry != RECORDING]
    keys = {entry: _entry_keys(table, entry, params) for entry in entries}
    keys[RECORDING] = RECORDING + ":" + table["recording_id"].astype("str")
    return pd.DataFrame(keys, index=table.index, dtype="str")


def copy_keys(near_duplicates: pd.DataFrame | None) -> dict[str, list[str]]:
    """The `recording` key of each recording that has near-duplicates, and theirs.

    They are no column of keys, because the ledger keeps keys, and what counts as a copy may change.

    Args:
        near_duplicates: Pairs of `recording_id` and `other_id`, or None.
    """
    keys: dict[str, list[str]] = {}
    if near_duplicates is None:
        return keys
    for one, other in near_duplicates[["recording_id", "other_id"]].itertuples(index=False):
        keys.setdefault(f"{RECORDING}:{one}", []).append(f"{RECORDING}:{other}")
        keys.setdefault(f"{RECORDING}:{other}", []).append(f"{RECORDING}:{one}")
    return keys


def own_group(keys: pd.DataFrame) -> pd.Series:
    """The first key of each recording: the name of its group as long as nothing else links it."""
    first = keys.iloc[:, 0]
    for name in keys.columns[1:]:
        first = first.fillna(keys[name])
    return first


def _entry_keys(table: pd.DataFrame, entry: str, params: IngestParams) -> pd.Series:
    parts = [_part(table, name, params) for name in entry.split("+")]
    together = parts[0]
    for part in parts[1:]:
        together = together + "+" + part
    return f"{entry}:" + together


def _part(table: pd.DataFrame, name: str, params: IngestParams) -> pd.Series:
    if name == FILE_NAME_PATTERN:
        return _from_file_names(table["path"], params.group_pattern or "")
    # Where the instrument is what models are to find out, it stands among what else the source says.
    told = name == "instrument" and name in table and table[name].notna().any()
    column = name if told else f"meta_{name.removeprefix('meta_')}"
    if column not in table:
        known = sorted(str(found).removeprefix("meta_") for found in table if str(found).startswith("meta_"))
        raise ConfigurationError(
            f"group_by names {name!r}, which the corpus does not tell. It tells:"
            f" {', '.join(known) or 'nothing'}. Use one of these, {RECORDING!r}, or {FILE_NAME_PATTERN!r}"
            " with a group_pattern."
        )
    values = table[column].astype("str").map(normalized, na_action="ignore").astype("str")
    if values.isna().any():
        logger.info("%d recordings have no %s: each is a group of its own.", int(values.isna().sum()), name)
    return values.mask(values == "")


def _from_file_names(paths: pd.Series, pattern: str) -> pd.Series:
    compiled = re.compile(pattern)
    capture = "group" if "group" in compiled.groupindex else 1
    matches = [compiled.search(PurePosixPath(path).name) for path in paths]
    found = pd.Series([match and match.group(capture) for match in matches], index=paths.index, dtype="str")
    unmatched = found.isna()
    if unmatched.all() and len(paths):
        raise ConfigurationError(
            f"group_pattern {pattern!r} matches none of the {len(paths)} file names, such as"
            f" {PurePosixPath(paths.iloc[0]).name!r}. Mend the pattern, or group by something else."
        )
    if unmatched.any():
        logger.warning(
            "group_pattern matches %d of %d file names; each other one, such as %s, is a group of its own.",
            int((~unmatched).sum()),
            len(paths),
            paths[unmatched].iloc[0],
        )
    return found.map(normalized, na_action="ignore").astype("str")


def normalized(value: str) -> str:
    """A name without regard to case, spacing and Unicode form, by which artists are compared."""
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())
