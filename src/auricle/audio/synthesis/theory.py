"""Chords, scales and musical time."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from auricle.audio.synthesis.style import Groove

QUALITIES: dict[str, tuple[int, ...]] = {
    "M": (0, 4, 7), "m": (0, 3, 7), "7": (0, 4, 7, 10), "M7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10), "d7": (0, 3, 6, 10), "5": (0, 7, 12),
}  # fmt: skip
SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic_minor": (0, 2, 3, 5, 7, 8, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "major_pentatonic": (0, 2, 4, 7, 9),
    "minor_pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "bebop": (0, 2, 4, 5, 7, 8, 9, 11),
}
STEPS_PER_BEAT = 4


@dataclass(frozen=True)
class Chord:
    """A chord for one bar: pitch class of the root, and the intervals above it in semitones."""

    root: int
    intervals: tuple[int, ...]

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """The chord's tones as pitch classes."""
        return tuple((self.root + interval) % 12 for interval in self.intervals)


def progression(symbols: str, bars: int, tonic: int) -> list[Chord]:
    """One chord for each bar, from symbols like ``"0:m 8:M"``, repeated as long as the clip lasts."""
    parsed = [symbol.split(":") for symbol in symbols.split()]
    loop = [Chord((tonic + int(root)) % 12, QUALITIES[quality]) for root, quality in parsed]
    return [loop[bar % len(loop)] for bar in range(bars)]


@dataclass(frozen=True)
class Grid:
    """Musical time: bars of sixteenth steps, and the second at which each sounds."""

    tempo_bpm: float
    metre: int
    bars: int
    swing: float
    swung_sixteenths: bool

    @classmethod
    def draw(
        cls, groove: Groove, habits: dict[str, float], duration_s: float, rng: np.random.Generator
    ) -> "Grid":
        """Tempo and metre of one clip; its bars fill the duration."""
        slow, fast = groove.tempo_bpm
        # Partly the artist's taste and partly the song's: two songs of an artist differ in tempo.
        tempo = slow + (fast - slow) * (0.6 * habits["tempo"] + 0.4 * rng.random())
        metre = int(rng.choice(groove.metres))
        swing = groove.swing[0] + (groove.swing[1] - groove.swing[0]) * habits["swing"]
        bars = int(np.ceil(duration_s * tempo / 60.0 / metre))
        return cls(tempo, metre, bars, swing, groove.swung_sixteenths)

    @property
    def step_s(self) -> float:
        """Duration of a sixteenth in seconds."""
        return 60.0 / self.tempo_bpm / STEPS_PER_BEAT

    @property
    def steps(self) -> int:
        """Sixteenths in a bar."""
        return self.metre * STEPS_PER_BEAT

    def time(self, bar: int, step: int) -> float:
        """Onset of a step in seconds, swing included."""
        unit = 2 if self.swung_sixteenths else 4
        whole, within = divmod(step, unit)
        share = within / unit
        late = 2 * share * self.swing if share <= 0.5 else self.swing + (2 * share - 1) * (1 - self.swing)
        return (bar * self.steps + (whole + late) * unit) * self.step_s

    def strokes(self, pattern: str) -> Iterator[tuple[int, int, str, int]]:
        """``(bar, step, letter, held steps)`` in every bar; a shorter bar takes the pattern's beginning."""
        pattern = pattern[: self.steps]
        for bar in range(self.bars):
            for step, letter in enumerate(pattern):
                if letter in ".-":
                    continue
                held = len(pattern[step + 1 :]) - len(pattern[step + 1 :].lstrip("-"))
                yield bar, step, letter, held + 1
