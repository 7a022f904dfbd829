"""One clip from its seed: who plays what, and how it sounds."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from auricle.audio.synthesis.artists import Artist, make_artist
from auricle.audio.synthesis.drums import render_drums
from auricle.audio.synthesis.instruments import SAMPLE_RATE, render_part
from auricle.audio.synthesis.mixing import mix_parts
from auricle.audio.synthesis.score import Score, compose, tags
from auricle.audio.synthesis.seeds import named_generator


@dataclass(frozen=True)
class Clip:
    """Which clip: everything about it follows from these five, whatever else is in the corpus."""

    seed: int
    genre: str
    artist_number: int
    take: int
    duration_s: float

    def generator(self, purpose: str) -> np.random.Generator:
        """The clip's own random generator for one purpose."""
        return named_generator(self.seed, "clip", self.genre, self.artist_number, self.take, purpose)


@dataclass(frozen=True)
class Performance:
    """A clip with its music."""

    clip: Clip
    artist: Artist
    score: Score

    @cached_property
    def tags(self) -> list[str]:
        """What is true of it besides its genre, in alphabetical order."""
        return tags(self.artist, self.score)

    def render(self) -> np.ndarray:
        """The sound, float32 ``(duration_s * 44100, 2)`` at 44,100 Hz, its peak in `PEAK_DBFS`."""
        n = int(self.clip.duration_s * SAMPLE_RATE)
        rng = self.clip.generator("sound")
        parts = {}
        if self.score.drums:
            parts["drums"] = render_drums(self.artist.style.drums.kit, self.score.drums, n, rng)
        for name in ("bass", "chords", "lead"):
            if notes := getattr(self.score, name):
                parts[name] = render_part(getattr(self.artist, name), notes, n, rng)
        kicks = np.array([hit.onset_s for hit in self.score.drums if hit.drum == "kick"])
        return mix_parts(parts, self.artist.mix, kicks, rng)


def perform(clip: Clip) -> Performance:
    """Compose a clip; cheap, so that facts about it can be had without its sound."""
    artist = make_artist(clip.seed, clip.genre, clip.artist_number)
    return Performance(clip, artist, compose(artist, clip.duration_s, clip.generator("score")))
