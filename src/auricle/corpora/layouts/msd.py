"""Layout `msd`: a genre list of the Million Song Dataset, `track id<TAB>genre`, over a folder of audio.

The dataset itself has no audio. Lists such as those of Schindler, Mayer, Rauber (ISMIR 2012) and of tagtraum
(Schreiber, ISMIR 2015) name tracks by identifier; previews are files called so, in folders of any depth.
Lines that begin with # are comments; a second genre, where a list has one, is a further label.
"""

from pathlib import Path

import pandas as pd
from pydantic import Field

from auricle.corpora.inspection import find_audio
from auricle.corpora.layouts.base import Layout, complete
from auricle.corpora.layouts.tables import by_stem, matched
from auricle.errors import CorpusError
from auricle.params import Params


class MsdOptions(Params):
    """Options of the layout `msd`."""

    list_file: str = Field("genres.cls", description="The list of genres, below the corpus folder.")


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
    return matched(table, found, options.list_file)


def _genres(file: Path) -> dict[str, list[str]]:
    if not file.is_file():
        raise CorpusError(
            f"{file} is not there: this layout reads genres from it. Put a list there, or name it with"
            " layout_options: {list_file: ...}."
        )
    genres: dict[str, list[str]] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        track, *several = (cell.strip() for cell in line.split("\t"))
        several = [genre for genre in several if genre]
        if not several:
            raise CorpusError(f"{file}, line {number}: {line!r} is no track id, a tab, and a genre.")
        if genres.setdefault(track, several) != several:
            raise CorpusError(
                f"{file}, line {number}: {track} has the genre {several[0]!r}, and {genres[track][0]!r}"
                " above. Keep one."
            )
    return genres


LAYOUT = Layout("msd", MsdOptions, read)
