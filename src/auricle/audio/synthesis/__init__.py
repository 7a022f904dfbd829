"""The demo corpora, synthesized from a random seed: music by genre, and single notes by quality."""

from auricle.audio.synthesis.choice import AnyDemoParams, Demo
from auricle.audio.synthesis.notes import NotesDemoParams
from auricle.audio.synthesis.params import GENRES, DemoParams

__all__ = ["GENRES", "AnyDemoParams", "Demo", "DemoParams", "NotesDemoParams"]
