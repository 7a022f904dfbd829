"""Distributing new groups over splits or folds so that every class, and then every label, gets its share.

Iterative stratification (Sechidis, Tsoumakas and Vlahavas, 2011, "On the Stratification of Multi-Label Data")
carried over to groups: the class with the fewest groups left is served first; its largest group goes to the
place that has none of the class or, where all have some, that lacks most recordings of it. Which of several
equal groups goes there, and which of several equal places it is, the further labels decide, and last the
seed.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from typing import NamedTuple

# Groups of one size with the same labels are alike; of so many kinds at most the best is looked for, which
# keeps the time linear in the number of groups even where no two have the same labels.
_CANDIDATES = 16
_PRECISION = 9


class Contents(NamedTuple):
    """What a group holds: recordings per class, and per further label."""

    classes: tuple[tuple[str, int], ...]
    labels: tuple[tuple[str, int], ...]


@dataclass
class Balance:
    """How many recordings of each class and label every place has.

    Attributes:
        shares: Share of each place.
        classes: Class to place to recordings.
        labels: The same for further labels.
    """

    shares: dict[str, float]
    classes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    labels: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    total: Counter[str] = field(default_factory=Counter)

    def add(self, contents: Contents, place: str) -> None:
        """Count a group as being in a place."""
        for name, recordings in contents.classes:
            self.classes[name][place] += recordings
            self.total[place] += recordings
        for name, recordings in contents.labels:
            self.labels[name][place] += recordings


def distribute(
    groups: dict[str, Contents], balance: Balance, allowed: tuple[str, ...], seed: int
) -> dict[str, str]:
    """Choose a place for each group, and count it there.

    Each group is put where its class is absent before anywhere else. So a class is in every place as soon as
    as many of its groups as there are places hold no other class, whatever the seed, and whether they come at
    once or one by one. Groups that hold several classes make that a matter of luck, which the search
    improves.

    Args:
        groups: Name to contents; the order does not matter.
        balance: What the places hold already; is updated.
        allowed: The places to choose from.
        seed: Decides between equals.

    Returns:
        Name to place.
    """
    search = _Search(groups, balance, allowed, seed)
    placed: dict[str, str] = {}
    while search.waiting:
        rarest = min(search.waiting, key=lambda name: (len(search.waiting[name]), name))
        search.place_class(rarest, placed)
    return placed


class _Search:
    """The state of one distribution: which groups wait, and what is still to come of each class and label."""

    def __init__(
        self, groups: dict[str, Contents], balance: Balance, allowed: tuple[str, ...], seed: int
    ) -> None:
        self.groups, self.balance, self.allowed = groups, balance, allowed
        share = sum(balance.shares[place] for place in allowed)
        self.shares = {place: balance.shares[place] / share for place in allowed}
        self.order = sorted(
            groups, key=lambda name: blake2b(f"{seed}:{name}".encode(), digest_size=8).digest()
        )
        self.waiting: dict[str, dict[str, None]] = defaultdict(dict)
        self.class_totals = self._totals(balance.classes)
        self.label_totals = self._totals(balance.labels)
        self.all_recordings = sum(balance.total[place] for place in allowed)
        for name in self.order:
            for label, recordings in groups[name].classes:
                self.waiting[label][name] = None
                self.class_totals[label] += recordings
                self.all_recordings += recordings
            for label, recordings in groups[name].labels:
                self.label_totals[label] += recordings

    def _totals(self, counts: dict[str, Counter[str]]) -> Counter[str]:
        return Counter(
            {name: sum(places[place] for place in self.allowed) for name, places in counts.items()}
        )

    def place_class(self, label: str, placed: dict[str, str]) -> None:
        """Place all waiting groups of a class, the largest first."""
        by_size: dict[int, dict[Contents, list[str]]] = defaultdict(dict)
        for name in reversed(self.waiting[label]):
            contents = self.groups[name]
            size = dict(contents.classes)[label]
            by_size[size].setdefault(contents, []).append(name)
        for size in sorted(by_size, reverse=True):
            kinds = by_size[size]
            while kinds:
                slots = self._shortest(label)
                contents, place = self._best(kinds, slots, label)
                name = kinds[contents].pop()
                if not kinds[contents]:
                    del kinds[contents]
                placed[name] = place
                self.balance.add(contents, place)
                for served, _ in contents.classes:
                    del self.waiting[served][name]
                    if not self.waiting[served]:
                        del self.waiting[served]

    def _shortest(self, label: str) -> list[str]:
        """The places most in want of a class: without any first, then by the recordings that are missing."""
        have, total = self.balance.classes[label], self.class_totals[label]
        want = {
            place: (have[place] == 0, round(share * total - have[place], _PRECISION))
            for place, share in self.shares.items()
        }
        most = max(want.values())
        return [place for place in self.allowed if want[place] == most]

    def _best(self, kinds: dict[Contents, list[str]], slots: list[str], label: str) -> tuple[Contents, str]:
        pairs = [(kind, slot) for kind in islice(kinds, _CANDIDATES) for slot in slots]
        if len(pairs) == 1:
            return pairs[0]
        return max(pairs, key=lambda pair: self._wanted(pair[0], pair[1], label))

    def _wanted(self, contents: Contents, place: str, label: str) -> tuple[float, float]:
        """How much a place lacks what else a group brings, and how much it lacks recordings at all."""
        share = self.shares[place]
        lack = 0.0
        for name, _ in contents.classes:
            if name != label:
                lack += _shortage(share * self.class_totals[name], self.balance.classes[name][place])
        for name, _ in contents.labels:
            lack += _shortage(share * self.label_totals[name], self.balance.labels[name][place])
        overall = _shortage(share * self.all_recordings, self.balance.total[place])
        return round(lack, _PRECISION), round(overall, _PRECISION)


def _shortage(target: float, have: int) -> float:
    return (target - have) / target
