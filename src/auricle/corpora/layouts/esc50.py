"""Layout `esc50`: ESC-50's `meta/esc50.csv` beside its folder `audio`.

Piczak, ESC: Dataset for Environmental Sound Classification, ACM Multimedia 2015. 2,000 clips of 5 s, 50
classes, five published folds. Clips cut from one recording of Freesound (`src_file`) share a fold.
"""

from pathlib import Path

import pandas as pd
from pydantic import Field

from auricle.corpora.inspection import find_audio
from auricle.corpora.layouts.base import Layout, complete
from auricle.corpora.layouts.tables import read_columns, with_unlisted
from auricle.params import Params

COLUMNS = ("filename", "fold", "category", "esc10", "src_file", "take")


class Esc50Options(Params):
    """Options of the layout `esc50`."""

    esc10: bool = Field(False, description="Labels for the ten classes of ESC-10 only.")


def read(root: Path, options: Esc50Options) -> pd.DataFrame:
    """Read the table; a file that it does not name has no label."""
    found = find_audio(root)
    if not found:
        return complete(pd.DataFrame({"path": []}))
    listed = read_columns(root / "meta" / "esc50.csv", COLUMNS)
    if options.esc10:
        listed = listed[listed["esc10"].str.lower() == "true"]
    table = pd.DataFrame(
        {
            "path": "audio/" + listed["filename"],
            "label": listed["category"],
            "published_fold": listed["fold"].astype("int64"),
            "meta_src_file": listed["src_file"],
            "meta_take": listed["take"],
        }
    )
    return complete(table) if options.esc10 else with_unlisted(table, found)


LAYOUT = Layout("esc50", Esc50Options, read)
