"""The demo corpora, synthesized from a random seed: music by genre, notes by quality, cries, ratings."""

from auricle.audio.synthesis.choice import AnyDemoParams, Demo
from auricle.audio.synthesis.cries import CryDemoParams
from auricle.audio.synthesis.notes import NotesDemoParams
from auricle.audio.synthesis.params import GENRES, DemoParams
from auricle.audio.synthesis.ratings import RatedDemoParams

__all__ = [
    "GENRES",
    "AnyDemoParams",
    "CryDemoParams",
    "Demo",
    "DemoParams",
    "NotesDemoParams",
    "RatedDemoParams",
]
