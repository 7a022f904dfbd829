"""Layout `gtzan`: `genres/<genre>/<genre>.<number>.<ext>` and the published fault-filtered split lists.

The lists are those of Kereliuk, Sturm and Larsen (2015), "Deep Learning and Music Adversaries": the faults of
GTZAN (Sturm, 2012) are filtered out and no artist is in two lists. They name 443, 197 and 290 of its 1,000
files.
"""

import logging
from pathlib import Path, PurePosixPath

import pandas as pd
from pydantic import Field

from auricle.corpora.inspection import find_audio
from auricle.corpora.layouts.base import Layout, complete
from auricle.errors import CorpusError
from auricle.params import Params

logger = logging.getLogger(__name__)

LISTS = {"train": "train_filtered.txt", "validation": "valid_filtered.txt", "test": "test_filtered.txt"}
AUDIO_FOLDERS = ("genres", "genres_original")


class GtzanOptions(Params):
    """Options of the layout `gtzan`."""

    split_lists: bool = Field(
        True, description="Whether the published lists, where they lie there, are used."
    )


def read(root: Path, options: GtzanOptions) -> pd.DataFrame:
    """Read the genre folders, and the published lists in `splits/` or beside them.

    A list names the whole of GTZAN. Here it is a property of the files that are there, not a promise of
    files: a name without a file is counted in the log and has no row.
    """
    audio = next((name for name in AUDIO_FOLDERS if (root / name).is_dir()), None)
    paths = find_audio(root / audio if audio else root)
    table = pd.DataFrame({"inner": pd.Series(paths, dtype="str")})
    table["path"] = f"{audio}/" + table["inner"] if audio else table["inner"]
    table["label"] = [path.split("/")[0] if "/" in path else None for path in paths]
    if options.split_lists:
        published = published_lists(root)
        table["published_split"] = [published.get(_key(path)) for path in paths]
        if published:
            found = int(table["published_split"].notna().sum())
            logger.info(
                "Published GTZAN lists name %d recordings; %d of them are here, %d files are in no list.",
                len(published),
                found,
                len(paths) - found,
            )
    return complete(table.drop(columns="inner"))


def published_lists(root: Path) -> dict[str, str]:
    """The published split of each listed recording, keyed by `genre/name` without extension.

    Raises:
        CorpusError: Some but not all of the three lists are there, or a recording is in two.
    """
    folder = root / "splits" if (root / "splits").is_dir() else root
    missing = [name for name in LISTS.values() if not (folder / name).is_file()]
    if len(missing) == len(LISTS):
        return {}
    if missing:
        raise CorpusError(
            f"{folder} holds some of the published split lists but not {', '.join(missing)}: half a split"
            " cannot be used. Add the missing list, or set layout_options: {split_lists: false}."
        )
    published: dict[str, str] = {}
    for split, name in LISTS.items():
        for line in (folder / name).read_text(encoding="utf-8").split():
            if published.setdefault(_key(line), split) != split:
                raise CorpusError(
                    f"{line} is in two published lists, {LISTS[published[_key(line)]]} and {name}, below"
                    f" {folder}: remove it from one."
                )
    return published


def _key(path: str) -> str:
    """`blues/blues.00029`, whatever the extension: the lists say .wav or .au, the files here may be .ogg."""
    name = PurePosixPath(path)
    return f"{name.parent.name}/{name.stem}"


LAYOUT = Layout("gtzan", GtzanOptions, read)
