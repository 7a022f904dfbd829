"""Layout `mtg_jamendo`: the tables of the MTG-Jamendo dataset, `<prefix>-{train,validation,test}.tsv`.

Bogdanov et al., The MTG-Jamendo Dataset for Automatic Music Tagging, ICML workshop 2019. A row is
tab-separated and has as many columns as the track has tags, such as `genre---rock`. Published splits tear no
artist apart.
"""

from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import Field

from auricle.corpora.inspection import find_audio
from auricle.corpora.layouts.base import Layout, complete
from auricle.corpora.layouts.tables import matched
from auricle.errors import CorpusError
from auricle.params import Params

HEADER = ["TRACK_ID", "ARTIST_ID", "ALBUM_ID", "PATH", "DURATION", "TAGS"]
SPLITS = ("train", "validation", "test")


class MtgJamendoOptions(Params):
    """Options of the layout `mtg_jamendo`."""

    prefix: str = Field("autotagging_genre", description="The tables are called <prefix>-<split>.tsv.")
    category: str = Field("genre", description="Tags of this kind are labels: genre, instrument, mood/theme.")


def read(root: Path, options: MtgJamendoOptions) -> pd.DataFrame:
    """Read the tables for the tracks whose files are there; a file that they do not name has no label.

    All tags are labels; a track with a single one has it as its primary label too.
    """
    found = find_audio(root)
    if not found:
        return complete(pd.DataFrame({"path": []}))
    rows = [row for split in SPLITS for row in _rows(root / f"{options.prefix}-{split}.tsv", split, options)]
    table = pd.DataFrame(rows)
    # Small versions of the audio are called 14/214.low.mp3.
    files = {path.replace(".low.", "."): path for path in found}
    table["path"] = table["path"].map(lambda path: files.get(path, path))
    twice = table["path"][table["path"].duplicated()]
    if not twice.empty:
        raise CorpusError(f"{twice.iloc[0]} is in two rows of the tables {options.prefix}-*.tsv. Keep one.")
    return matched(table, found, f"{options.prefix}-*.tsv")


def _rows(file: Path, split: str, options: MtgJamendoOptions) -> list[dict[str, Any]]:
    if not file.is_file():
        raise CorpusError(
            f"{file} is not there: this layout reads labels from it. Put the tables of one split there, or"
            " name them with layout_options: {prefix: ...}."
        )
    header, *lines = file.read_text(encoding="utf-8").splitlines()
    if header.split("\t") != HEADER:
        raise CorpusError(f"{file} begins with {header!r}, not with the columns {', '.join(HEADER)}.")
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(lines, start=2):
        cells = line.split("\t")
        if len(cells) < len(HEADER):
            raise CorpusError(f"{file}, line {number}, has {len(cells)} of at least {len(HEADER)} columns.")
        track, artist, album, path, _, *tags = cells
        labels = [
            tag.removeprefix(f"{options.category}---")
            for tag in tags
            if tag.startswith(f"{options.category}---")
        ]
        rows.append(
            {
                "path": path,
                "label": labels[0] if len(labels) == 1 else None,
                "labels": labels,
                "published_split": split,
                "meta_artist": artist,
                "meta_album": album,
                "meta_track_id": track,
            }
        )
    return rows


LAYOUT = Layout("mtg_jamendo", MtgJamendoOptions, read)
