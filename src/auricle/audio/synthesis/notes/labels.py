"""What a synthesized note can be called: names of Good-sounds, as its database spells them.

The corpus is described in Romani Picas et al., "A real-time system for measuring sound goodness in
instrumental sounds", AES Convention 138, 2015. What a name means there was judged by ear; what it means here
is said in `faults.py`. Which implies which is in `auricle/corpora/hierarchies/good_sounds.yml`.
"""

from typing import Literal, get_args

Label = Literal[
    "good-sound",
    "bad-pitch-stability",
    "bad-dynamics-stability",
    "bad-richness",
    "bad-timbre-stability",
    "bad-attack",
    "air-inside",
    "bad-attack-air",
    "bad-pitch-stability-errors",
    "bad-dynamics-stability-crescendo",
    "bad-dynamics-stability-decrescendo",
    "bad-attack-too-strong",
    "bad-pitch-stability-vibrato",
    "bad-dynamics-stability-errors",
    "bad-timbre-stability-errors",
    "bad-dynamics-stability-tremolo",
    "air-outside",
    "good-attack-accent",
    "bad-attack-multiphonic",
    "bad-attack-tongue-block",
    "bad-richness-gaita",
    "bad-richness-pato",
    "bad-attack-gallo",
]
# The commonest first: the long tail goes by this order.
LABELS: tuple[Label, ...] = get_args(Label)
GOOD: Label = "good-sound"

# What only a player who blows can do, and what only a reed does.
_BLOWN = frozenset[Label](
    {"air-inside", "air-outside", "bad-attack-air", "bad-attack-multiphonic", "bad-attack-tongue-block"}
)
_REED = frozenset[Label]({"bad-richness-gaita", "bad-richness-pato"})
_CRACKED: Label = "bad-attack-gallo"

Family = Literal["flute", "reed", "brass", "string"]


def labels_of(family: Family) -> tuple[Label, ...]:
    """The labels that notes of a family of instruments can have, the commonest first."""
    excluded: set[Label] = set()
    if family == "string":
        excluded |= _BLOWN
    if family != "reed":
        excluded |= _REED
    if family not in {"reed", "brass"}:
        excluded.add(_CRACKED)
    return tuple(label for label in LABELS if label not in excluded)
