"""Passages joined from synthesized notes whose onsets are known."""

from collections.abc import Sequence

import numpy as np

from auricle.audio.synthesis.notes.curves import SAMPLE_RATE
from auricle.audio.synthesis.notes.note import Note, play
from auricle.audio.synthesis.notes.params import NotesDemoParams
from auricle.audio.synthesis.notes.plan import plan_notes


def some_notes(instrument: str, count: int, *, seed: int = 6, good: bool = False) -> list[Note]:
    """Notes of an instrument, of 0.25 to 2 s; good ones only, or with faults as the demo corpus has them."""
    params = NotesDemoParams(
        seed=seed,
        instruments=(instrument,),  # type: ignore[arg-type]
        notes_per_instrument=4 * count,
        players_per_instrument=2,
        duration_s=(0.25, 2.0),
        broken_files=False,
    )
    notes = [file.note for file in plan_notes(params) if not good or file.note.label == "good-sound"]
    return notes[:count]


def joined(notes: Sequence[Note], gaps_s: tuple[float, float]) -> tuple[np.ndarray, list[float]]:
    """The notes one after the other, float32 (n,), and where each begins to sound, in seconds.

    Args:
        notes: in their order.
        gaps_s: the shortest and the longest time from the end of a note's file to the next; below 0, they
            overlap.
    """
    rng = np.random.default_rng(0)
    passage, onsets, at = np.zeros(0, dtype=np.float32), [], 0
    for note in notes:
        played = play(note)
        sound = played.render()
        onsets.append(at / SAMPLE_RATE + played.gesture.start_s)
        passage = np.pad(passage, (0, max(0, at + len(sound) - len(passage))))
        passage[at : at + len(sound)] += sound
        at += len(sound) + round(rng.uniform(*gaps_s) * SAMPLE_RATE)
    return passage, onsets
