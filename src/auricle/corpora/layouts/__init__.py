"""Layouts of datasets, chosen by name: each reads a folder into one table of recordings and labels.

A new layout is one file beside these and one entry in `LAYOUTS`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from auricle.corpora.layouts import (
    audiofolder,
    donateacry,
    esc50,
    fma,
    folder,
    good_sounds,
    gtzan,
    magnatagatune,
    msd,
    mtg_jamendo,
    ratings,
    split_lists,
)
from auricle.corpora.layouts.base import LAYOUT_COLUMNS, Layout
from auricle.errors import ConfigurationError, CorpusError
from auricle.params import Params

__all__ = ["LAYOUTS", "LAYOUT_COLUMNS", "Layout", "check_layout", "read_layout"]

LAYOUTS: dict[str, Layout] = {
    layout.name: layout
    for layout in (
        audiofolder.LAYOUT,
        donateacry.LAYOUT,
        esc50.LAYOUT,
        fma.LAYOUT,
        folder.LAYOUT,
        good_sounds.LAYOUT,
        gtzan.LAYOUT,
        magnatagatune.LAYOUT,
        msd.LAYOUT,
        mtg_jamendo.LAYOUT,
        ratings.LAYOUT,
        split_lists.LAYOUT,
    )
}


def check_layout(name: str, options: Mapping[str, Any]) -> Params:
    """Validate a layout's name and options before anything is read.

    Raises:
        ConfigurationError: An unknown layout, an unknown option, or a value out of range.
    """
    if name not in LAYOUTS:
        raise ConfigurationError(f"Unknown layout {name!r}. Known layouts: {', '.join(sorted(LAYOUTS))}.")
    model = LAYOUTS[name].options
    try:
        return model(**options)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'options'}: {item['msg']} (given: {item['input']!r})"
            for item in error.errors()
        )
        known = ", ".join(model.model_fields) or "none"
        raise ConfigurationError(
            f"layout_options of layout {name!r} cannot work: {wrong}. Its options: {known}."
        ) from error


def read_layout(name: str, root: Path, options: Mapping[str, Any]) -> pd.DataFrame:
    """Read a corpus's labels, without opening any audio.

    Args:
        name: A key of `LAYOUTS`.
        root: The folder of the corpus.
        options: Options of that layout; see its `options` model.

    Returns:
        One row per recording that is listed or lies in the folder, sorted by path: `path` (relative, POSIX),
        `label` (text or missing), `labels` (list), `published_split` (`train`, `validation`, `test` or
        missing), `published_fold` (Int64), `instrument`, `rating` (0 to 1), and what else the source says as
        `meta_*` text. A listed recording without a file has its row, except where the list names a whole
        public corpus (good_sounds, gtzan, fma, magnatagatune, msd, mtg_jamendo); a file that no list names
        has one without a label.

    Raises:
        ConfigurationError: An unknown layout or option.
        CorpusError: A missing or empty folder, or metadata that contradict themselves.
    """
    parsed = check_layout(name, options)
    if not root.is_dir():
        raise CorpusError(
            f"The corpus folder {root} does not exist. Put the recordings there, or name their folder in the"
            " environment's globals.yml."
        )
    table = LAYOUTS[name].read(root, parsed)
    if table.empty:
        raise CorpusError(
            f"The corpus folder {root} holds no recording (wav, flac, ogg or mp3) that layout {name!r} can"
            " see. Put recordings there, or choose another layout."
        )
    return table
