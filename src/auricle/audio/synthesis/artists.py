"""Artists: each has the traits of a genre, some borrowed from its neighbours, in a voice of its own."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from auricle.audio.synthesis.genres import STYLES
from auricle.audio.synthesis.seeds import named_generator
from auricle.audio.synthesis.style import TRAITS, Style
from auricle.audio.synthesis.voices import VOICES, Voice

# How many of its seven traits an artist borrows, dealt in turn: the spread decides how well any classifier
# can do, and dealing instead of drawing keeps that the same from seed to seed.
BORROWED = (1, 2, 0, 2, 1, 2)


@dataclass(frozen=True)
class Artist:
    """One artist: a style mixed from genres, fixed sounds, and fixed habits.

    Attributes:
        genre: the artist's own genre, which is the label.
        number: from 0 within the genre.
        style: the traits, borrowed ones included.
        influences: trait to the genre it was borrowed from.
        bass, chords, lead: the voices the artist plays.
        mix: value of each field of the style's mix, drawn from its range.
        habits: numbers from 0 to 1 that fix what varies inside a trait (swing, tempo, favourite pattern).
    """

    genre: str
    number: int
    style: Style
    influences: dict[str, str]
    bass: Voice
    chords: Voice
    lead: Voice
    mix: dict[str, float]
    habits: dict[str, float]

    @property
    def name(self) -> str:
        """The artist's name, unique in the corpus: the group of its recordings."""
        return f"{self.genre}-{self.number + 1:02d}"


def make_artist(seed: int, genre: str, number: int) -> Artist:
    """The artist of that number in a genre; it depends on these three alone."""
    rng = named_generator(seed, "artist", genre, number)
    influences = _influences(seed, genre, number, rng)
    style = STYLES[genre]
    style = replace(style, **{trait: getattr(STYLES[source], trait) for trait, source in influences.items()})
    return Artist(
        genre=genre,
        number=number,
        style=style,
        influences=influences,
        bass=_own_sound(style.bass.voices, rng),
        chords=_own_sound(style.chords.voices, rng),
        lead=_own_sound(style.lead.voices, rng),
        mix={field.name: rng.uniform(*getattr(style.mix, field.name)) for field in fields(style.mix)},
        habits={name: rng.random() for name in ("tempo", "swing", "drums", "bass", "chords", "kit", "lead")},
    )


def _influences(seed: int, genre: str, number: int, rng: np.random.Generator) -> dict[str, str]:
    turn = int(named_generator(seed, "turn", genre).integers(len(BORROWED)))
    count = BORROWED[(number + turn) % len(BORROWED)]
    traits = rng.permutation(TRAITS)[:count]
    return {str(trait): str(rng.choice(STYLES[genre].neighbours)) for trait in sorted(traits)}


def _own_sound(names: tuple[str, ...], rng: np.random.Generator) -> Voice:
    """One of the voices, with a brightness, attack and decay that are the artist's own."""
    voice = VOICES[str(rng.choice(names))]
    changed: dict[str, Any] = {
        "slope": voice.slope * rng.uniform(0.85, 1.18),
        "cutoff_hz": voice.cutoff_hz * 2.0 ** rng.uniform(-0.45, 0.45),
        "attack_s": voice.attack_s * 2.0 ** rng.uniform(-0.5, 0.5),
        "decay_s": voice.decay_s * 2.0 ** rng.uniform(-0.5, 0.5),
        "vibrato_cents": voice.vibrato_cents * rng.uniform(0.6, 1.4),
        "breath": voice.breath * rng.uniform(0.5, 1.6),
        "drive": voice.drive * 2.0 ** rng.uniform(-0.5, 0.5),
    }
    return replace(voice, **changed)
