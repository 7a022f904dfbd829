"""The parts of a clip: what drums, bass, chords and lead play over a grid and a progression."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from auricle.audio.synthesis.artists import Artist
from auricle.audio.synthesis.drums import Hit
from auricle.audio.synthesis.instruments import Note
from auricle.audio.synthesis.theory import Chord, Grid

_LEVELS = {"X": 1.0, "x": 0.72, "o": 0.4}
_BASS_INTERVALS = {"r": 0, "5": 7, "6": 9, "8": 12}
T = TypeVar("T")


def favourite(choices: Sequence[T], habit: float, rng: np.random.Generator) -> T:
    """An artist's favourite three times in four, anything of its style otherwise."""
    at = int(habit * len(choices)) if rng.random() < 0.75 else int(rng.integers(len(choices)))
    return choices[at]


def play_drums(artist: Artist, grid: Grid, rng: np.random.Generator) -> list[Hit]:
    """Strokes of the drums, with a fill at the end of every fourth bar; none where the song has no drums."""
    drums = artist.style.drums
    if rng.random() >= drums.presence:
        return []
    hits = []
    for drum, pattern in sorted(favourite(drums.patterns, artist.habits["drums"], rng).items()):
        for bar, step, letter, _ in grid.strokes(pattern):
            if rng.random() < (0.35 if letter == "o" else 0.03):
                continue
            hits.append(Hit(grid.time(bar, step), drum, _LEVELS[letter] * rng.uniform(0.85, 1.0)))
    fill = str(rng.choice(drums.fills))
    for bar in range(3, grid.bars, 4):
        for step in range(grid.steps - 4, grid.steps):
            if rng.random() < 0.7:
                hits.append(Hit(grid.time(bar, step), fill, rng.uniform(0.45, 0.85)))
    return hits


def play_bass(artist: Artist, grid: Grid, chords: Sequence[Chord], rng: np.random.Generator) -> list[Note]:
    """The bass line: a pattern of the chord's tones, or a walk from root to root."""
    bass = artist.style.bass
    if rng.random() >= bass.presence:
        return []
    notes = []
    for bar, step, letter, held in grid.strokes(favourite(bass.patterns, artist.habits["bass"], rng)):
        chord = chords[bar]
        root = bass.lowest_midi + (chord.root - bass.lowest_midi) % 12
        if letter == "w":
            following = chords[(bar + 1) % len(chords)]
            midi = root + _walk(chord, following, step, last=step == grid.steps - 4, rng=rng)
        else:
            midi = root + (chord.intervals[1] if letter == "3" else _BASS_INTERVALS[letter])
        velocity = rng.uniform(0.85, 1.0) if step == 0 else rng.uniform(0.65, 0.9)
        notes.append(Note(grid.time(bar, step), held * grid.step_s * 0.92, midi, velocity))
    return notes


def _walk(chord: Chord, following: Chord, step: int, *, last: bool, rng: np.random.Generator) -> int:
    """Semitones above the root: root, tones of the chord, and a last beat next to the following root."""
    if step == 0:
        return 0
    if last:
        return (following.root - chord.root + 5) % 12 - 5 + int(rng.choice((-1, 1)))
    return int(rng.choice(chord.intervals[1:]))


def play_chords(artist: Artist, grid: Grid, chords: Sequence[Chord], rng: np.random.Generator) -> list[Note]:
    """The accompaniment: whole chords (capitals and `x`) or single tones of them (`a` to `d`)."""
    style = artist.style.chords
    notes = []
    for bar, step, letter, held in grid.strokes(favourite(style.patterns, artist.habits["chords"], rng)):
        voicing = _voicing(chords[bar], style.centre_midi)
        onset, duration = grid.time(bar, step), held * grid.step_s * 0.95
        velocity = _LEVELS.get(letter, 0.85) * rng.uniform(0.85, 1.0)
        if letter in _LEVELS:
            strum = rng.uniform(0.003, 0.012)
            notes += [
                Note(onset + i * strum, duration, midi, 0.6 * velocity) for i, midi in enumerate(voicing)
            ]
        else:
            index = "abcd".index(letter)
            midi = voicing[index % len(voicing)] + 12 * (index // len(voicing))
            notes.append(Note(onset, 1.8 * duration, midi, velocity))
    return notes


def _voicing(chord: Chord, centre_midi: int) -> list[int]:
    """The chord's tones in close position around a centre; a power chord stays root, fifth, octave."""
    if 12 in chord.intervals:
        root = centre_midi - 6 + (chord.root - centre_midi + 6) % 12
        return [root + interval for interval in chord.intervals]
    return sorted(centre_midi - 6 + (tone - centre_midi + 6) % 12 for tone in chord.pitch_classes)


def play_lead(
    artist: Artist, grid: Grid, chords: Sequence[Chord], *, scale: Sequence[int], rng: np.random.Generator
) -> list[Note]:
    """A melody in the pitch classes of a scale: a motif of two bars, returning, chord tones on the beats."""
    lead = artist.style.lead
    if rng.random() >= lead.presence:
        return []
    motif = _motif(artist, grid, rng)
    pitches = _pitches(scale)
    centre = int(np.searchsorted(pitches, lead.centre_midi))
    notes = []
    degree = 0.0
    for bar, chord in enumerate(chords):
        tones = _pitches(chord.pitch_classes)
        for step, held, leap in motif[bar % 2]:
            degree = 0.92 * float(np.clip(degree + leap, -6, 6))
            midi = int(pitches[centre + round(degree)])
            if step % 4 == 0:
                midi = int(tones[np.abs(tones - midi).argmin()])
            duration = held * grid.step_s * lead.sustain
            notes.append(Note(grid.time(bar, step), duration, midi, rng.uniform(0.7, 1.0)))
    return notes


def _pitches(pitch_classes: Sequence[int]) -> np.ndarray:
    """The MIDI pitches of some pitch classes in all octaves, ascending."""
    return np.sort((12 * np.arange(11)[:, None] + np.asarray(pitch_classes)).ravel())


def _motif(artist: Artist, grid: Grid, rng: np.random.Generator) -> list[list[tuple[int, int, float]]]:
    """Two bars of ``(step, held steps, leap in scale degrees)``; the second ends in a rest."""
    lead = artist.style.lead
    density = lead.density[0] + (lead.density[1] - lead.density[0]) * artist.habits["lead"]
    unit = 4 // lead.steps
    motif = []
    for bar in range(2):
        end = grid.steps if bar == 0 else grid.steps - 4
        onsets = [s for s in range(0, end, unit) if rng.random() < density * (1.3 if s % 4 == 0 else 0.85)]
        ends = [*onsets[1:], end]
        motif.append(
            [(s, min(e - s, 8), float(rng.normal(0, lead.leap))) for s, e in zip(onsets, ends, strict=False)]
        )
    return motif
