"""Linking recordings into groups without ever joining two splits.

Union-find with one condition more: a recording whose keys lead to two different places is refused, and joins
nothing. Recordings are taken in an order in which the refused one is the newcomer, and of published lists,
never the test.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import DisjointSet

from auricle.corpora.places import TEST, TRAIN, TRAIN_OR_VALIDATION, VALIDATION, Places

LINKS_SPLITS = "links groups that are in different splits"
LISTS_DISAGREE = "the published lists tear its group apart"
# A published test set stays whole, so that its figures stay comparable; and no figure is flattered by
# training that goes without a recording.
_PUBLISHED_ORDER = {TEST: 1, VALIDATION: 2, TRAIN: 3, TRAIN_OR_VALIDATION: 3}
_UNPUBLISHED_ORDER = 4


@dataclass
class Links:
    """Groups as they grow: which keys belong together, and where each group is."""

    places: Places
    sets: DisjointSet = field(default_factory=DisjointSet)
    place_of_root: dict[str, str] = field(default_factory=dict)

    def remember(self, ledger: pd.DataFrame) -> None:
        """Take over what the ledger (rows of this protocol) knows."""
        columns = [ledger[name].tolist() for name in ("group", "split", "fold", "member_of")]
        for group, split, fold, member_of in zip(*columns, strict=True):
            self._join([group, member_of], self.places.place(split, fold))

    def add(
        self, keys: list[str], published: str | None, copies: Mapping[str, str] | None = None
    ) -> str | None:
        """Join a recording's keys.

        Args:
            keys: What it is called.
            published: Its published place.
            copies: Keys of other recordings that it sounds the same as, and what people call these.

        Returns:
            None, or the reason why the recording is refused because it links two places.
        """
        copies = copies or {}
        keys = [*keys, *copies]
        for key in keys:
            self.sets.add(key)
        said = {key: place for key in keys if (place := self.place_of_root.get(self.sets[key]))}
        try:
            place = self.places.settle({*said.values(), *([published] if published else [])})
        except ValueError:
            return _reason(said, published, copies)
        self._join(keys, place)
        return None

    def places_of(self, keys: pd.Series) -> pd.Series:
        """Where the groups of these keys are, as far as ledger and lists say."""
        return keys.map(lambda key: self.place_of_root.get(self.sets[key])).astype("str")

    def _join(self, keys: list[str], place: str | None) -> None:
        for key in keys:
            self.sets.add(key)
            self.sets.merge(keys[0], key)
        if place is not None:
            self.place_of_root[self.sets[keys[0]]] = place


def link(
    keys: pd.DataFrame,
    published: pd.Series,
    paths: pd.Series,
    ledger: pd.DataFrame,
    places: Places,
    *,
    copies: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Links, pd.Series]:
    """Link recordings into groups.

    Args:
        keys: What `group_keys` gives, one row per recording.
        published: Published place of each, or missing.
        paths: Path of each; decides where nothing else does, so that the order of the rows does not matter.
        ledger: Rows of this protocol.
        places: What groups are put in.
        copies: For a recording's key (`recording:<id>`) those of its near-duplicates.

    Returns:
        The groups, and for each recording the reason why it is refused, or missing.
    """
    links = Links(places)
    links.remember(ledger)
    known = keys["recording"].isin(ledger["group"])
    order = published.map(_PUBLISHED_ORDER).fillna(_UNPUBLISHED_ORDER).mask(known, 0)
    sequence = np.lexsort((np.array(paths.tolist(), dtype=str), order.to_numpy(dtype=float)))
    # What the ledger knows stays where it is, even if a list says otherwise that came later; and of several
    # copies the first one speaks.
    silent = known | keys["recording"].iloc[sequence].duplicated().reindex(keys.index)
    binding = [place if isinstance(place, str) else None for place in published.mask(silent).tolist()]
    columns = [keys[name].tolist() for name in keys]
    rows = [[key for key in row if isinstance(key, str)] for row in zip(*columns, strict=True)]
    reasons: list[str | None] = [None] * len(keys)
    own = keys["recording"].tolist()
    heard = dict.fromkeys(set(ledger["group"]) - set(own), "a recording of an earlier run")
    for position in sequence:
        # Of two copies the later one names the earlier, and so it is the newcomer that is refused.
        earlier = {key: heard[key] for key in (copies or {}).get(own[position], ()) if key in heard}
        reasons[position] = links.add(rows[position], binding[position], earlier)
        if reasons[position] is None:
            heard.setdefault(own[position], paths.iloc[position])
    return links, pd.Series(reasons, index=keys.index, dtype="str")


def _reason(said: dict[str, str], published: str | None, copies: Mapping[str, str]) -> str:
    groups = " and ".join(
        f"{f'its near-duplicate {copies[key]}' if key in copies else key} (in {place})"
        for key, place in said.items()
    )
    if len(set(said.values())) > 1:
        remedy = "Leave one of them out" if copies else "Correct its metadata, or leave it out"
        return f"{LINKS_SPLITS}: {groups}; using it would leak. {remedy}"
    return (
        f"{LISTS_DISAGREE}: published in {published}, but its group is elsewhere: {groups}; using it would"
        " leak. A published test set is kept whole, so training goes without"
    )
