"""What `metadata.csv` says of each file of a demo corpus."""

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd

from auricle.audio.synthesis.clips import perform
from auricle.audio.synthesis.corpus import AUDIO_FOLDER
from auricle.audio.synthesis.params import DemoParams
from auricle.audio.synthesis.plan import PlannedFile
from auricle.audio.synthesis.seeds import named_generator


def metadata(files: Sequence[PlannedFile], params: DemoParams) -> pd.DataFrame:
    """The table of an AudioFolder, in the order of the file names.

    Columns: `file_name` (relative, POSIX), `label` (the genre), `labels` (the genre and the tags, a JSON
    array), `artist`, `tempo_bpm`, `metre`, `key`, `influences` (what the artist borrows, and where).
    Under `shuffle_labels` the labels are dealt out anew among the files, each genre as often as before.
    """
    table = pd.DataFrame([_row(file) for file in files]).sort_values("file_name", ignore_index=True)
    if params.shuffle_labels:
        order = named_generator(params.seed, "shuffled labels").permutation(len(table))
        table[["label", "labels"]] = table[["label", "labels"]].to_numpy()[order]
    return table


def _row(file: PlannedFile) -> dict[str, Any]:
    performance = perform(file.clip)
    artist, score = performance.artist, performance.score
    return {
        "file_name": f"{AUDIO_FOLDER}/{file.name}",
        "label": artist.genre,
        "labels": json.dumps([artist.genre, *performance.tags]),
        "artist": artist.name,
        "tempo_bpm": round(score.grid.tempo_bpm, 1),
        "metre": score.grid.metre,
        "key": score.key,
        "influences": "; ".join(f"{trait}: {genre}" for trait, genre in artist.influences.items()),
    }
