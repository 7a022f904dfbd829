"""Layout `msd`: a genre list of the Million Song Dataset, `track id<TAB>genre`, over a folder of audio.

The dataset itself has no audio. Lists such as those of Schindler, Mayer, Rauber (ISMIR 2012) and of tagtraum
(Schreiber, ISMIR 2015) name tracks by identifier; previews are files called so, in folders of any depth.
Lines that begin with # are comments; a second genre, where a list has one, is a further label. Published
splits are lists of the same form, or of identifiers alone.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import Field

from auricle.corpora.inspection import find_audio
from auricle.corpora.layouts.base import Layout, complete
from auricle.corpora.layouts.tables import by_stem, matched
from auricle.errors import CorpusError
from auricle.params import Params

Split = Literal["train", "validation", "test"]


class MsdOptions(Params):
    """Options of the layout `msd`."""

    list_file: str = Field("genres.cls", description="The list of genres, below the corpus folder.")
    split_lists: dict[Split, str] = Field(
        {},
        description="By split a list whose lines begin with a track id, below the corpus folder; tracks on"
        " none have no published split.",
    )


def read(root: Path, options: MsdOptions) -> pd.DataFrame:
    """Read the list for the tracks whose files are there; a file that it does not name has no label."""
    found = find_audio(root)
    if not found:
        return complete(pd.DataFrame({"path": []}))
    paths = by_stem(found)
    genres = _genres(root / options.list_file)
    table = pd.DataFrame(
        {
            "path": paths.reindex(list(genres)).to_numpy(),
            "label": [several[0] for several in genres.values()],
            "labels": list(genres.values()),
            "meta_track_id": list(genres),
        }
    )
    if options.split_lists:
        splits = _splits(root, options.split_lists)
        table["published_split"] = [splits.get(track) for track in genres]
    return matched(table, found, options.list_file)


def _genres(file: Path) -> dict[str, list[str]]:
    if not file.is_file():
        raise CorpusError(
            f"{file} is not there: this layout reads genres from it. Put a list there, or name it with"
            " layout_options: {list_file: ...}."
        )
    genres: dict[str, list[str]] = {}
    for number, line, (track, *cells) in _rows(file):
        several = [genre for genre in cells if genre]
        if not several:
            raise CorpusError(f"{file}, line {number}: {line!r} is no track id, a tab, and a genre.")
        if genres.setdefault(track, several) != several:
            raise CorpusError(
                f"{file}, line {number}: {track} has the genre {several[0]!r}, and {genres[track][0]!r}"
                " above. Keep one."
            )
    return genres


def _splits(root: Path, lists: Mapping[Split, str]) -> dict[str, str]:
    """The published split of each track on a list."""
    found: dict[str, str] = {}
    for split, name in lists.items():
        if not (root / name).is_file():
            raise CorpusError(
                f"{root / name} is not there: split_lists names it for {split}. Put the list there, or leave"
                f" {split} out of split_lists."
            )
        for number, _, (track, *_) in _rows(root / name):
            if found.setdefault(track, split) != split:
                raise CorpusError(
                    f"{root / name}, line {number}: {track} is on the list of {split}, and on that of"
                    f" {found[track]}. Keep it on one."
                )
    return found


def _rows(file: Path) -> Iterator[tuple[int, str, list[str]]]:
    """Number, text and cells of each line that is no comment."""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            yield number, line, [cell.strip() for cell in line.split("\t")]


LAYOUT = Layout("msd", MsdOptions, read)
