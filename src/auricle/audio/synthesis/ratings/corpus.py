"""The corpus of rated music, as it is rendered."""

from typing import Any

import pandas as pd

from auricle.audio.synthesis.clips import perform
from auricle.audio.synthesis.corpus import AUDIO_FOLDER, BROKEN, Corpus
from auricle.audio.synthesis.plan import PlannedFile, plan_files
from auricle.audio.synthesis.ratings.params import RatedDemoParams
from auricle.audio.synthesis.ratings.taste import is_rated, play_count, said
from auricle.audio.synthesis.seeds import named_generator

LISTENER = "listener-1"
_README = """\
This folder was rendered by Auricle: nobody recorded any of it, and nobody has rated it.

The clips are synthesized from a random seed by auricle.audio.synthesis. Ratings are those of an invented
listener, who likes melodies, voices, acoustic sounds, brightness and rooms, and dislikes distortion, haste
and music without drums, by auricle/audio/synthesis/ratings/taste.py, and who is not quite consistent.
Figures measured on this corpus show that the software works. They say nothing about real music or taste.

metadata.csv lists the files: `rating` in stars (0.5 to 5, empty where the listener has not come to it yet),
`would_say` (what the rating is or would be, which no model is told), `user`, `artist`, which is the group
that must not be split between training and test, `album`, `play_count`, `genre`.
{broken}
The folder belongs to Auricle: when the demo's parameters change, files that no longer belong to it are
removed. Files that Auricle has not written are left alone. No rights in the clips are claimed.
"""


def rated_corpus(params: RatedDemoParams) -> Corpus:
    """What is to be rendered."""
    files = plan_files(params.music)
    return Corpus(
        settings=params.model_dump(mode="json", exclude={"enabled"}),
        files=files,
        table=lambda: ratings_table(files, params),
        readme=_README.format(broken=BROKEN if params.broken_files else ""),
        longest_s=params.duration_s,
    )


def ratings_table(files: list[PlannedFile], params: RatedDemoParams) -> pd.DataFrame:
    """What `metadata.csv` says, in the order of the file names; see the folder's README.txt."""
    table = pd.DataFrame([_row(file, params) for file in files])
    table = table.sort_values("file_name", ignore_index=True)
    if params.shuffle_labels:
        order = named_generator(params.seed, "shuffled ratings").permutation(len(table))
        dealt = ["rating", "would_say", "play_count"]
        table[dealt] = table[dealt].to_numpy()[order]
    return table


def _row(file: PlannedFile, params: RatedDemoParams) -> dict[str, Any]:
    clip, artist = file.clip, perform(file.clip).artist
    rating = said(clip, params.noise)
    return {
        "file_name": f"{AUDIO_FOLDER}/{file.name}",
        "rating": rating if is_rated(clip, params.unrated_share) else None,
        "would_say": rating,
        "user": LISTENER,
        "artist": artist.name,
        "album": f"{artist.name}, album {clip.take // 2 + 1}",
        "play_count": play_count(clip, rating),
        "genre": artist.genre,
    }
