"""What each training learns from, is chosen by and is judged on, as lists of `path,label`."""

import json

import pandas as pd

from auricle.corpora.places import TEST, TRAIN, UNLABELLED, VALIDATION

SPLITS = (TRAIN, VALIDATION, TEST)


def split_lists(manifest: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The usable, labelled recordings of each split, sorted by path.

    Args:
        manifest: What `build_manifest` gives.

    Returns:
        `train`, `validation` and `test`, or under k-fold `fold-0/train` and so on: the model of fold k is
        tested on fold k and validated on fold k + 1, and learns from the others. Columns: `path` (below the
        folder of recordings, POSIX), `label`; `rating`, where there are any; and `labels` as a JSON
        array, where a recording has several.
    """
    rows = manifest[(manifest["status"] == "ok") & (manifest["split"] != UNLABELLED)].sort_values("path")
    listed = pd.DataFrame({"path": rows["path"], "label": rows["label"]})
    if rows["rating"].notna().any():
        listed["rating"] = rows["rating"]
    several = [list(labels) for labels in rows["labels"]]
    if any(labels[1:] for labels in several):
        listed["labels"] = [json.dumps(labels, ensure_ascii=False) for labels in several]
    folds = int(rows["fold"].max()) + 1 if len(rows) else 0
    if not folds:
        return {split: listed[rows["split"] == split] for split in SPLITS}
    lists: dict[str, pd.DataFrame] = {}
    for fold in range(folds):
        tested, validated = rows["fold"] == fold, rows["fold"] == (fold + 1) % folds
        parts = (listed[~tested & ~validated], listed[validated], listed[tested])
        lists |= {f"fold-{fold}/{split}": part for split, part in zip(SPLITS, parts, strict=True)}
    return lists
