"""Layout `fma`: the Free Music Archive's `tracks.csv` and `genres.csv`, and its tree of `000/000123.mp3`.

Defferrard et al., FMA: A Dataset for Music Analysis, ISMIR 2017. `genre_top` is the label, `genres_all` with
its ancestors are the labels, and `split` is the published split, in which no artist is twice.
"""

import json
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import Field

from auricle.corpora.inspection import find_audio
from auricle.corpora.layouts.base import Layout, complete
from auricle.corpora.layouts.tables import by_stem, matched, read_columns, read_two_headers
from auricle.errors import CorpusError
from auricle.params import Params

SUBSETS = ("small", "medium", "large", "full")
SPLITS = {"training": "train", "validation": "validation", "test": "test"}
COLUMNS = (
    ("set", "split"),
    ("set", "subset"),
    ("track", "genre_top"),
    ("track", "genres_all"),
    ("track", "title"),
    ("artist", "id"),
    ("artist", "name"),
    ("album", "id"),
)


class FmaOptions(Params):
    """Options of the layout `fma`."""

    subset: Literal["small", "medium", "large", "full"] = Field(
        "full", description="Tracks of this subset and those it contains; others have no label."
    )
    metadata_folder: str = Field("fma_metadata", description="Where the tables lie, below the corpus folder.")


def read(root: Path, options: FmaOptions) -> pd.DataFrame:
    """Read the tables for the tracks whose files are there; a file that they do not name has no label."""
    found = find_audio(root)
    if not found:
        return complete(pd.DataFrame({"path": []}))
    folder = root / options.metadata_folder
    tracks = read_two_headers(folder / "tracks.csv", COLUMNS)
    tracks = tracks[tracks["set", "subset"].isin(SUBSETS[: SUBSETS.index(options.subset) + 1])]
    paths = by_stem(found)
    table = pd.DataFrame(
        {
            "path": paths.reindex(tracks.index.str.zfill(6)).to_numpy(),
            "label": tracks["track", "genre_top"].to_numpy(),
            "labels": _titles(tracks["track", "genres_all"], folder),
            "published_split": tracks["set", "split"].map(SPLITS).to_numpy(),
            "meta_artist": tracks["artist", "id"].to_numpy(),
            "meta_artist_name": tracks["artist", "name"].to_numpy(),
            "meta_album": tracks["album", "id"].to_numpy(),
            "meta_title": tracks["track", "title"].to_numpy(),
        }
    )
    return matched(table, found, "tracks.csv")


def _titles(lists: pd.Series, folder: Path) -> list[list[str]]:
    """The names of genres, from lists of their numbers such as `[21, 76]`."""
    genres = read_columns(folder / "genres.csv", ("genre_id", "title"))
    titles = dict(zip(genres["genre_id"], genres["title"], strict=True))
    named = []
    for track, text in lists.items():
        numbers = [] if pd.isna(text) else [str(number) for number in json.loads(text)]
        unknown = [number for number in numbers if number not in titles]
        if unknown:
            raise CorpusError(
                f"tracks.csv gives track {track} the genre {unknown[0]}, which genres.csv in {folder} does"
                " not know: the two are not of one release."
            )
        named.append([titles[number] for number in numbers])
    return named


LAYOUT = Layout("fma", FmaOptions, read)
