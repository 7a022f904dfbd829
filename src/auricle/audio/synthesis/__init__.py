"""The demo corpus: music synthesized from a random seed, with artists, tags and broken files."""

from auricle.audio.synthesis.params import GENRES, DemoParams

__all__ = ["GENRES", "DemoParams"]
