"""What `metadata.csv` says of each note."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from auricle.audio.synthesis.corpus import AUDIO_FOLDER
from auricle.audio.synthesis.notes.note import play
from auricle.audio.synthesis.notes.params import NotesDemoParams
from auricle.audio.synthesis.notes.plan import NoteFile
from auricle.audio.synthesis.seeds import named_generator

# What goes with the label where labels are dealt out anew.
_OF_LABEL = ["label", "fault_strength", "fault_unit"]


def metadata(files: Sequence[NoteFile], params: NotesDemoParams) -> pd.DataFrame:
    """The table of an AudioFolder, in the order of the file names.

    Columns: `file_name` (relative, POSIX), `label`, `instrument`, `player` (the group), `session`, `note`,
    `octave` (C4 is middle C), `dynamic` (pp to ff), `duration_s`, `f0_hz` (what the note is tuned to),
    `attack_s` and `release_s` (where sound begins and where the player stops, from the start of the file),
    `fault_strength` and `fault_unit` (empty for a good sound).
    Under `shuffle_labels` the labels are dealt out anew among the files, each as often as before.
    """
    table = pd.DataFrame([_row(file) for file in files]).sort_values("file_name", ignore_index=True)
    if params.shuffle_labels:
        order = named_generator(params.seed, "shuffled labels").permutation(len(table))
        table[_OF_LABEL] = table[_OF_LABEL].to_numpy()[order]
    return table


def _row(file: NoteFile) -> dict[str, Any]:
    played, note = play(file.note), file.note
    player = f"{note.instrument}-{note.player_number + 1:02d}"
    return {
        "file_name": f"{AUDIO_FOLDER}/{file.name}",
        "label": note.label,
        "instrument": note.instrument,
        "player": player,
        "session": f"{player}-{note.session_number + 1}",
        "note": played.name,
        "octave": played.octave,
        "dynamic": played.dynamic,
        "duration_s": note.duration_s,
        "f0_hz": round(played.hz, 2),
        "attack_s": round(played.gesture.start_s, 3),
        "release_s": round(played.gesture.stop_s, 3),
        "fault_strength": round(played.strength.value, 2) if played.strength else None,
        "fault_unit": played.strength.unit if played.strength else None,
    }
