"""Layout `good_sounds`: the tables of Good-sounds, in JSON or SQLite, over its folder `sound_files`.

Romani Picas et al., A Real-Time System for Measuring Sound Goodness in Instrumental Sounds, 138th AES
Convention, 2015. A sound is a note, or a scale, played once; its class (`klass`) says how well. Each of its
takes is the file of one microphone; a pack is a session, a rating what a musician thought of a sound, from 0
to 10.
"""

import logging
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import Field

from auricle.corpora.inspection import find_audio
from auricle.corpora.layouts.base import Layout, complete
from auricle.corpora.layouts.records import read_json_records, read_sqlite_records
from auricle.corpora.layouts.tables import matched
from auricle.errors import CorpusError
from auricle.params import Params

logger = logging.getLogger(__name__)

DATABASE, SOUND_FILES = "database.sqlite", "sound_files"
# The archive of the audio unpacks to this folder, beside which the tables in JSON are put.
ARCHIVE = "good-sounds"
POSITIONS = ("attack", "decay", "sustain", "release", "offset")
OF_SOUND = ("player", "note", "octave", "dynamics", "semitone", "pitch_reference", *POSITIONS)
TABLES = {
    "sounds": ("id", "instrument", "klass", "pack_id", *OF_SOUND),
    "takes": ("sound_id", "microphone", "filename"),
    "packs": ("id", "name"),
    "ratings": ("sound_id", "mark", "rater"),
}
HIGHEST_MARK = 10.0


class GoodSoundsOptions(Params):
    """Options of the layout `good_sounds`."""

    tables: Literal["auto", "json", "sqlite"] = Field(
        "auto",
        description="Where the tables are: the JSON files, database.sqlite, or the first of them there.",
    )
    exclude: tuple[str, ...] = Field(
        (), description="Classes (`klass`) that are no labels: patterns such as `scale-*`."
    )
    exclude_packs: tuple[str, ...] = Field(
        (), description="Packs whose sounds have no label: patterns such as `*_improvement_recordings`."
    )


def read(root: Path, options: GoodSoundsOptions) -> pd.DataFrame:
    """Read a row for each take whose file is there; a file that is no take, or of no sound, has no label.

    Positions are numbers of samples in the file, as text, like all `meta_*`. The rating is the mean of a
    sound's marks, by ten.
    """
    found = find_audio(root)
    if not found:
        return complete(pd.DataFrame({"path": []}))
    tables = _tables(root, options.tables)
    sounds = _by_id(tables["sounds"], "sounds")
    packs = _by_id(tables["packs"], "packs")["name"]
    takes = _takes(tables["takes"], sounds, _prefix(root))
    of_take = sounds.reindex(takes["sound_id"]).reset_index(drop=True)
    pack = of_take["pack_id"].map(packs)
    kept = ~(_matching(of_take["klass"], options.exclude) | _matching(pack, options.exclude_packs))
    table = pd.DataFrame(
        {
            "path": takes["path"],
            "label": of_take["klass"].where(kept),
            "instrument": of_take["instrument"],
            "rating": takes["sound_id"].map(_marks(tables["ratings"])).where(kept),
            "meta_sound_id": takes["sound_id"],
            "meta_pack": pack,
            "meta_microphone": takes["microphone"],
            **{f"meta_{name}": of_take[name] for name in OF_SOUND},
        }
    )
    return matched(table, found, "takes")


def _tables(root: Path, kind: str) -> dict[str, pd.DataFrame]:
    places = (root, root / ARCHIVE)
    in_json = next((folder for folder in places if (folder / "sounds.json").is_file()), None)
    if in_json is not None and kind != "sqlite":
        return {
            name: read_json_records(in_json / f"{name}.json", columns) for name, columns in TABLES.items()
        }
    database = next((folder / DATABASE for folder in places if (folder / DATABASE).is_file()), None)
    if database is not None and kind != "json":
        return {name: read_sqlite_records(database, name, columns) for name, columns in TABLES.items()}
    wanted = {"json": "sounds.json", "sqlite": DATABASE}.get(kind, f"neither sounds.json nor {DATABASE}")
    raise CorpusError(
        f"{root} holds {wanted if kind == 'auto' else f'no {wanted}'}, nor does its folder {ARCHIVE}: put the"
        " tables of Good-sounds there, or name where they are with layout_options: {tables: ...}."
    )


def _prefix(root: Path) -> str:
    """What stands before the file names of takes, which begin with `sound_files/`."""
    for prefix in ("", f"{ARCHIVE}/"):
        if (root / prefix / SOUND_FILES).is_dir():
            return prefix
    raise CorpusError(
        f"{root} has no folder {SOUND_FILES}, nor has {ARCHIVE} in it: unpack its sounds there."
    )


def _by_id(table: pd.DataFrame, name: str) -> pd.DataFrame:
    repeated = table.loc[table["id"].duplicated(), "id"]
    if not repeated.empty or table["id"].isna().any():
        what = f"has the id {repeated.iloc[0]} twice" if not repeated.empty else "has a row without an id"
        raise CorpusError(f"The table {name} of Good-sounds {what}: it was changed. Get it again.")
    return table.set_index("id")


def _takes(takes: pd.DataFrame, sounds: pd.DataFrame, prefix: str) -> pd.DataFrame:
    """The takes with their path, each file once; a sound that is not known is no sound."""
    named = takes[takes["filename"].notna()].drop_duplicates()
    named = named.assign(path=prefix + named["filename"].astype("str").str.replace("\\", "/"))
    torn = named.groupby("path")["sound_id"].nunique(dropna=False)
    if (torn > 1).any():
        path = str(torn[torn > 1].index[0])
        several = ", ".join(str(sound) for sound in named.loc[named["path"] == path, "sound_id"])
        raise CorpusError(
            f"Takes of different sounds ({several}) name one file, {path}: it is not clear what it is. Keep"
            " the right one in the table takes."
        )
    known = named["sound_id"].isin(sounds.index)
    if not known.all():
        logger.warning(
            "%d takes, such as %s, are of no sound in the table: they have no label.",
            int((~known).sum()),
            named.loc[~known, "path"].iloc[0],
        )
    takeless = int((~sounds.index.isin(named["sound_id"])).sum())
    if takeless:
        logger.info("%d of %d sounds have no take.", takeless, len(sounds))
    known_only = named.assign(sound_id=named["sound_id"].where(known, None))
    return known_only.drop_duplicates("path").reset_index(drop=True)


def _marks(ratings: pd.DataFrame) -> "pd.Series[float]":
    """The mean mark of each rated sound, from 0 to 1."""
    marks = pd.to_numeric(ratings["mark"], errors="coerce").astype("float64")
    wrong = ratings["mark"].notna() & ~marks.between(0, HIGHEST_MARK)
    if wrong.any():
        first = ratings[wrong].iloc[0]
        raise CorpusError(
            f"A rating of sound {first['sound_id']} is {first['mark']!r}, not a mark from 0 to"
            f" {HIGHEST_MARK:g}. Mend the table ratings."
        )
    means: pd.Series[float] = (marks / HIGHEST_MARK).groupby(ratings["sound_id"]).mean()
    return means


def _matching(values: pd.Series, patterns: Sequence[str]) -> "pd.Series[bool]":
    matches: pd.Series[bool] = values.map(
        lambda value: isinstance(value, str) and any(fnmatchcase(value, pattern) for pattern in patterns)
    ).astype(bool)
    return matches


LAYOUT = Layout("good_sounds", GoodSoundsOptions, read)
