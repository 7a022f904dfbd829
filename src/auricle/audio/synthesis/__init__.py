"""The demo corpora, synthesized from a random seed: music by genre, single notes by quality, and cries."""

from auricle.audio.synthesis.choice import AnyDemoParams, Demo
from auricle.audio.synthesis.cries import CryDemoParams
from auricle.audio.synthesis.notes import NotesDemoParams
from auricle.audio.synthesis.params import GENRES, DemoParams

__all__ = ["GENRES", "AnyDemoParams", "CryDemoParams", "Demo", "DemoParams", "NotesDemoParams"]
