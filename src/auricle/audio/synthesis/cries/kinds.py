"""What sets the kinds of cries apart, and what all cries share.

What listeners and spectrograms say of cries (Wasz-Höckert et al. 1968; LaGasse, Neal & Lester 2005): a cry is
a row of expirations of half a second to two, whose pitch rises and falls around 400 Hz, with a breath between
them. Pain is high, long and rough; hunger is rhythmical; fatigue falls, in breathy whimpers. How far real
kinds can be told apart is in dispute. Here they differ as the table says, by about a deviation of what cries
of one kind differ among each other, in three or four traits each.
"""

from dataclasses import dataclass, fields
from typing import Literal, get_args

import numpy as np

KindName = Literal["hungry", "belly_pain", "burping", "discomfort", "tired"]
KIND_NAMES: tuple[KindName, ...] = get_args(KindName)


@dataclass(frozen=True)
class Traits:
    """The traits of a cry, or how far something differs from it in them.

    Attributes:
        shift: of the pitch from the infant's own, in semitones.
        rise: from the beginning of an expiration to its highest pitch, in semitones.
        fall: from there to its end, in semitones.
        peak: where the highest pitch is, as the log odds of its place: 0 is the middle.
        flutter: of the pitch, in semitones to either side.
        burst: the usual length of an expiration, in octaves above a second.
        pause: the usual length of what is between two, in octaves above a second.
        unevenness: deviation of these lengths within the cry, in octaves.
        attack: how fast an expiration sets in, in octaves above a second.
        breath: level of the breath beside the tone, in dB.
        roughness: how much of an expiration is rough; a share once it is between 0 and 1.
        tension: how bright the voice is, in dB per octave.
    """

    shift: float = 0.0
    rise: float = 0.0
    fall: float = 0.0
    peak: float = 0.0
    flutter: float = 0.0
    burst: float = 0.0
    pause: float = 0.0
    unevenness: float = 0.0
    attack: float = 0.0
    breath: float = 0.0
    roughness: float = 0.0
    tension: float = 0.0

    def plus(self, other: "Traits", factor: float = 1.0) -> "Traits":
        """These, and so many times the others."""
        mine, others = vars(self), vars(other)
        return Traits(**{name: mine[name] + factor * others[name] for name in mine})

    def times(self, other: "Traits") -> "Traits":
        """These, each as many times as the others say."""
        mine, others = vars(self), vars(other)
        return Traits(**{name: mine[name] * others[name] for name in mine})


TRAITS = tuple(field.name for field in fields(Traits))

# What a cry is like on average, whatever it is for.
USUAL = Traits(
    rise=4.0,
    fall=5.5,
    flutter=0.25,
    burst=float(np.log2(0.8)),
    pause=float(np.log2(0.4)),
    unevenness=0.3,
    attack=float(np.log2(0.06)),
    breath=-24.0,
    roughness=0.2,
)
# By so much cries of one kind and one infant differ, as a standard deviation.
SPREAD = Traits(
    shift=1.3,
    rise=1.3,
    fall=1.5,
    peak=0.5,
    flutter=0.1,
    burst=0.3,
    pause=0.35,
    unevenness=0.1,
    attack=0.4,
    breath=3.0,
    roughness=0.12,
    tension=0.8,
)
# How kinds differ from the usual, in these deviations.
KINDS: dict[KindName, Traits] = {
    "hungry": Traits(rise=1.2, peak=0.6, pause=-0.9, unevenness=-1.4, breath=-0.5),
    "belly_pain": Traits(shift=1.3, burst=1.8, pause=0.3, roughness=1.4, tension=1.1, breath=-0.4),
    "burping": Traits(burst=-1.7, pause=-0.3, attack=-1.4, roughness=0.5, fall=-0.9, tension=0.2),
    "discomfort": Traits(rise=-1.4, fall=-0.9, flutter=1.0, burst=-0.3, unevenness=1.6, tension=-0.2),
    "tired": Traits(shift=-1.2, fall=1.6, peak=-1.0, pause=1.1, attack=1.2, breath=1.6, tension=-1.1),
}


def draw(rng: np.random.Generator, factor: float = 1.0) -> Traits:
    """How far something differs from the usual by chance, in the unit of each trait."""
    drawn = dict(zip(TRAITS, rng.normal(0.0, factor, len(TRAITS)).clip(-2.2, 2.2), strict=True))
    return Traits(**{name: float(value) for name, value in drawn.items()}).times(SPREAD)
