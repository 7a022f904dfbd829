"""Layout `magnatagatune`: the annotations of MagnaTagATune over its folders 0 to f.

Law et al., Evaluation of Algorithms Using Games: The Case of Music Tagging, ISMIR 2009.
`annotations_final.csv` has a column of 0 and 1 for each of 188 tags, `clip_info_final.csv` says which artist
and album a clip is cut from; both are separated by tabs. What is reported of this corpus is mostly on its 50
most frequent tags, and on the split by folders: 0 to b to learn from, c to validate, d to f to test.
"""

from pathlib import Path

import pandas as pd
from pydantic import Field

from auricle.corpora.inspection import find_audio
from auricle.corpora.layouts.base import Layout, complete
from auricle.corpora.layouts.tables import matched, read_columns
from auricle.errors import CorpusError
from auricle.params import Params

ANNOTATIONS, CLIPS = "annotations_final.csv", "clip_info_final.csv"
KEYS = ("clip_id", "mp3_path")
SPLIT_OF_FOLDER = dict.fromkeys("0123456789ab", "train") | {"c": "validation"} | dict.fromkeys("def", "test")


class MagnaTagATuneOptions(Params):
    """Options of the layout `magnatagatune`."""

    top_tags: int | None = Field(
        50, ge=2, description="Only so many of the most frequent tags are labels; null: all of them."
    )
    split_by_folder: bool = Field(True, description="The usual split by folders, as a published one.")


def read(root: Path, options: MagnaTagATuneOptions) -> pd.DataFrame:
    """Read the annotations of the clips that are there; one without any of the tags has no label."""
    found = find_audio(root)
    if not found:
        return complete(pd.DataFrame({"path": []}))
    annotations = _annotations(root / ANNOTATIONS)
    tags = annotations.drop(columns=list(KEYS)) == "1"
    # Of tags that are equally frequent the first in the table, so that the vocabulary never depends on luck.
    chosen = tags.sum().sort_values(ascending=False, kind="stable").index[: options.top_tags]
    kept = tags.loc[:, tags.columns.isin(chosen)]
    names = kept.columns.to_numpy(dtype=object)
    clips = read_columns(root / CLIPS, ("clip_id", "artist", "album", "title"), "\t").set_index("clip_id")
    of_clip = clips.reindex(annotations["clip_id"]).reset_index(drop=True)
    splits = annotations["mp3_path"].str[0].map(SPLIT_OF_FOLDER)
    table = pd.DataFrame(
        {
            "path": annotations["mp3_path"],
            "labels": [names[row].tolist() for row in kept.to_numpy()],
            "published_split": splits if options.split_by_folder else None,
            "meta_artist": of_clip["artist"],
            "meta_album": of_clip["album"],
            "meta_title": of_clip["title"],
        }
    )
    return matched(table, found, ANNOTATIONS)


def _annotations(file: Path) -> pd.DataFrame:
    table = read_columns(file, None, "\t")
    missing = [name for name in KEYS if name not in table]
    if missing:
        raise CorpusError(f"{file} has no column {missing[0]}. It is not the table of MagnaTagATune.")
    cells = table.drop(columns=list(KEYS))
    wrong = ~cells.isin(["0", "1"])
    if wrong.to_numpy().any():
        row, column = (int(places[0]) for places in wrong.to_numpy().nonzero())
        raise CorpusError(
            f"{file} says {cells.iat[row, column]!r} of the tag {cells.columns[column]!r} for the clip"
            f" {table['clip_id'].iat[row]}, not 0 or 1. Get the table again."
        )
    return table


LAYOUT = Layout("magnatagatune", MagnaTagATuneOptions, read)
