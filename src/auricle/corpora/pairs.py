"""What the data report says of near-duplicates: which were joined with which, and how sure that is."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from auricle.corpora.cautions import Caution

GONE = "its file is not in the corpus any more"
APART = "they are in different groups"


def describe_pairs(manifest: pd.DataFrame, near_duplicates: pd.DataFrame | None) -> list[dict[str, Any]]:
    """Every pair and what became of it.

    Args:
        manifest: What `build_manifest` gives.
        near_duplicates: What `find_near_duplicates` gives, or None.

    Returns:
        Per pair `paths`; `share`, `peaks` and `offset_s` of how they coincide; `labels` of both, or None;
        `joined`, whether both are used and share a group; and the `reason` where they do not, else None.
    """
    if near_duplicates is None:
        return []
    # Of exact copies, the one that is used speaks.
    rows = manifest.sort_values("status").drop_duplicates("recording_id").set_index("recording_id")
    rows = rows[["path", "label", "group", "status", "reason"]].astype("object")
    known = rows.where(rows.notna(), None).to_dict("index")
    return [_pair(pair, known) for pair in near_duplicates.to_dict("records")]


def pair_warnings(pairs: Sequence[dict[str, Any]]) -> Iterator[Caution]:
    """Sentences on labels that copies contradict."""
    disputed = [pair for pair in pairs if None not in pair["labels"] and len(set(pair["labels"])) > 1]
    if disputed:
        first = disputed[0]
        said = f"{len(disputed)} pairs of near-duplicates have different labels"
        so = "one of the labels is wrong."
        yield Caution(
            f"{said}, such as {' and '.join(first['paths'])} ({' and '.join(first['labels'])}): {so}",
            f"{said}: {so}",
        )


def _pair(pair: dict[Any, Any], known: dict[Any, dict[Any, Any]]) -> dict[str, Any]:
    gone = {"label": None, "group": None, "status": "quarantined", "reason": GONE}
    rows = [
        known.get(pair[identity], {"path": pair[path], **gone})
        for identity, path in (("recording_id", "path"), ("other_id", "other_path"))
    ]
    reasons = [f"{row['path']}: {row['reason']}" for row in rows if row["status"] != "ok"]
    if not reasons and rows[0]["group"] != rows[1]["group"]:
        reasons = [APART]
    return {
        "paths": [row["path"] for row in rows],
        "share": round(float(pair["share"]), 3),
        "peaks": int(pair["peaks"]),
        "offset_s": round(float(pair["offset_s"]), 2),
        "labels": [row["label"] for row in rows],
        "joined": not reasons,
        "reason": reasons[0] if reasons else None,
    }
