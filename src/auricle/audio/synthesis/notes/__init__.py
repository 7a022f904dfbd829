"""The notes demo: single notes of twelve instruments with faults of known kind and strength."""

from auricle.audio.synthesis.notes.labels import LABELS, Label
from auricle.audio.synthesis.notes.params import INSTRUMENT_NAMES, NotesDemoParams

__all__ = ["INSTRUMENT_NAMES", "LABELS", "Label", "NotesDemoParams"]
