"""Composition: from an artist and a random generator to the music of one clip, and the tags true of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from auricle.audio.synthesis.artists import Artist
from auricle.audio.synthesis.drums import Hit
from auricle.audio.synthesis.instruments import Note
from auricle.audio.synthesis.parts import play_bass, play_chords, play_drums, play_lead
from auricle.audio.synthesis.theory import SCALES, Grid, progression

FAST_BPM = 132.0
SLOW_BPM = 84.0
SWING_SHARE = 0.58
# A note that begins later than this before the end is not heard.
_SHORTEST_S = 0.05
_KEYS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


@dataclass(frozen=True)
class Score:
    """The music of one clip.

    Attributes:
        grid: tempo, metre, swing.
        tonic: pitch class of the key, 0 is C.
        minor: whether the scale has a minor third.
        drums: strokes; empty without drums.
        bass, chords, lead: notes; empty where a part is silent.
    """

    grid: Grid
    tonic: int
    minor: bool
    drums: tuple[Hit, ...]
    bass: tuple[Note, ...]
    chords: tuple[Note, ...]
    lead: tuple[Note, ...]

    @property
    def key(self) -> str:
        """The key in words, for example ``"Eb minor"``."""
        return f"{_KEYS[self.tonic]} {'minor' if self.minor else 'major'}"


def compose(artist: Artist, duration_s: float, rng: np.random.Generator) -> Score:
    """A clip by an artist: a key, a progression, and every event that begins in time to be heard."""
    style = artist.style
    grid = Grid.draw(style.groove, artist.habits, duration_s, rng)
    minor = bool(rng.random() < style.harmony.minor_share)
    tonic = int(rng.integers(12))
    symbols = str(rng.choice(style.harmony.minor if minor else style.harmony.major))
    chords = progression(symbols, grid.bars, tonic)
    steps = SCALES[style.harmony.minor_scale if minor else style.harmony.major_scale]
    scale = [(tonic + step) % 12 for step in steps]
    end_s = duration_s - _SHORTEST_S
    parts = {
        "bass": play_bass(artist, grid, chords, rng),
        "chords": play_chords(artist, grid, chords, rng),
        "lead": play_lead(artist, grid, chords, scale=scale, rng=rng),
    }
    loose = {name: _loosened(notes, style.groove.looseness_s, rng) for name, notes in parts.items()}
    heard = {name: tuple(note for note in notes if note.onset_s < end_s) for name, notes in loose.items()}
    hits = tuple(hit for hit in play_drums(artist, grid, rng) if hit.onset_s < end_s)
    return Score(grid=grid, tonic=tonic, minor=minor, drums=hits, **heard)


def _loosened(notes: Sequence[Note], deviation_s: float, rng: np.random.Generator) -> list[Note]:
    """Onsets as people play them: early or late by a few milliseconds."""
    shifts = rng.normal(0.0, 1.0, len(notes)) * deviation_s
    return [
        replace(note, onset_s=max(0.0, note.onset_s + float(shift)))
        for note, shift in zip(notes, shifts, strict=True)
    ]


def tags(artist: Artist, score: Score) -> list[str]:
    """What can be heard in a clip besides its genre, in alphabetical order."""
    parts = ((artist.bass, score.bass), (artist.chords, score.chords), (artist.lead, score.lead))
    traits = [voice.traits for voice, notes in parts if notes]
    vocal = any("vocal" in each for each in traits)
    facts = {
        "acoustic": all("acoustic" in each for each in traits),
        "distorted": any("distorted" in each for each in traits),
        "drumless": not score.drums,
        "fast": score.grid.tempo_bpm >= FAST_BPM,
        "instrumental": not vocal,
        "minor": score.minor and _has_minor_third(score),
        "slow": score.grid.tempo_bpm <= SLOW_BPM,
        "swing": score.grid.swing >= SWING_SHARE and _off_beats(score) >= 4,
        "triple": score.grid.metre == 3,
        "vocal": vocal,
    }
    return sorted(tag for tag, true in facts.items() if true)


def _has_minor_third(score: Score) -> bool:
    """Whether the third that makes a key minor sounds: power chords alone leave it open."""
    notes = (*score.bass, *score.chords, *score.lead)
    return any((note.midi - score.tonic) % 12 == 3 for note in notes)


def _off_beats(score: Score) -> int:
    """How many events fall where swing is heard: without any, a swung clip sounds straight."""
    swung_s = score.grid.step_s * (2 if score.grid.swung_sixteenths else 4)
    notes = (*score.bass, *score.chords, *score.lead)
    onsets = np.array([hit.onset_s for hit in score.drums] + [note.onset_s for note in notes])
    return int(np.sum(np.abs(onsets / swung_s % 1 - score.grid.swing) < 0.04))
