"""Small corpora for tests: what inspection and a layout would say of recordings that exist on paper only."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from auricle.corpora.layouts.base import complete
from auricle.corpora.manifest import build_manifest
from auricle.corpora.params import IngestParams

Recording = Mapping[str, Any]


def recording(path: str, label: str | None = None, **further: Any) -> dict[str, Any]:
    """A usable recording. `content` stands for its bytes, `artist` and other words become meta_* columns."""
    return {"path": path, "label": label, **further}


def artists(label: str, groups: int, each: int = 2, **further: Any) -> list[dict[str, Any]]:
    """`groups` artists of one class with `each` recordings."""
    return [
        recording(f"{label}/{artist:02d}-{take}.wav", label, artist=f"{label} {artist:02d}", **further)
        for artist in range(groups)
        for take in range(each)
    ]


def identity(content: str) -> str:
    """The recording id of a content."""
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def tables(recordings: Iterable[Recording]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What `inspect_files` and `read_layout` would give for these recordings."""
    rows = list(recordings)
    files = pd.DataFrame(
        {
            "path": pd.Series([row["path"] for row in rows], dtype="str"),
            "recording_id": [identity(str(row.get("content", row["path"]))) for row in rows],
            "duration_s": [float(row.get("duration_s", 10.0)) for row in rows],
            "sample_rate": pd.array([row.get("sample_rate", 22050) for row in rows], dtype="Int64"),
            "channels": pd.array([row.get("channels", 1) for row in rows], dtype="Int64"),
            "status": ["quarantined" if row.get("broken") else "ok" for row in rows],
            "reason": [str(row.get("broken", "")) for row in rows],
        }
    )
    known = {"path", "label", "labels", "published_split", "published_fold", "instrument", "rating"}
    facts = {"content", "duration_s", "sample_rate", "channels", "broken"}
    said = pd.DataFrame(rows, columns=sorted(known | {"artist"} | {name for row in rows for name in row}))
    meta = {name: f"meta_{name}" for name in said if name not in known}
    layout = complete(said.drop(columns=list(facts & set(said))).rename(columns=meta))
    for name in meta.values():
        if name in layout:
            layout[name] = layout[name].astype("str")
    return files, layout


def ingest(
    recordings: Iterable[Recording], ledger: pd.DataFrame | None = None, **params: Any
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Build a manifest, by default grouped by artist."""
    files, layout = tables(recordings)
    return build_manifest(files, layout, ledger, settings(**params))


def settings(**params: Any) -> IngestParams:
    """Parameters for these corpora."""
    return IngestParams(**({"layout": "audiofolder", "group_by": "artist"} | params))


def where(manifest: pd.DataFrame) -> dict[str, tuple[str, int]]:
    """Recording id to split and fold, of the recordings that are learnt from or tested on."""
    rows = manifest[(manifest["status"] == "ok") & (manifest["split"] != "unlabelled")]
    return dict(zip(rows["recording_id"], zip(rows["split"], rows["fold"], strict=True), strict=True))


def row_of(manifest: pd.DataFrame, path: str) -> pd.Series:
    """The row of one path."""
    return manifest.set_index("path").loc[path]


def groups_per_split(manifest: pd.DataFrame) -> pd.DataFrame:
    """Number of groups for each label (rows) and each split or fold (columns)."""
    rows = manifest[(manifest["status"] == "ok") & (manifest["split"] != "unlabelled")]
    place = rows["split"].where(rows["fold"] < 0, rows["fold"].astype("str"))
    return rows.assign(place=place).groupby(["label", "place"])["group"].nunique().unstack(fill_value=0)


def write_files(root: Path, paths: Sequence[str]) -> None:
    """Empty files with the names of recordings: layouts never open them."""
    for path in paths:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def shuffled(rows: Sequence[Recording], seed: int) -> list[Recording]:
    """The same rows in another order."""
    return [rows[position] for position in np.random.default_rng(seed).permutation(len(rows))]
