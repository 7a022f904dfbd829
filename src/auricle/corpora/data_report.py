"""What a corpus looks like: counts, durations, formats, quarantine, and what a reader should be warned of."""

import logging
from typing import Any

import pandas as pd

from auricle.corpora.data_warnings import corpus_warnings
from auricle.corpora.labels import LabelParams, label_lists
from auricle.corpora.pairs import describe_pairs, pair_warnings
from auricle.corpora.params import IngestParams
from auricle.corpora.places import TEST, TRAIN, UNLABELLED, Places

logger = logging.getLogger(__name__)

# A report is read by people; the manifest names every file.
_FILES_NAMED = 200


def describe_corpus(
    manifest: pd.DataFrame,
    params: IngestParams,
    labels: LabelParams | None = None,
    near_duplicates: pd.DataFrame | None = None,
) -> dict[str, Any]:
    """Describe a corpus in plain numbers and text that JSON can hold.

    Args:
        manifest: What `build_manifest` gives.
        params: What it was built with.
        labels: How labels are read; one class a recording by default.
        near_duplicates: What `find_near_duplicates` gives.

    Returns:
        `problem_type`, `protocol`, `group_by`; `files`, `recordings` (usable and labelled), `unlabelled`,
        `groups`, `hours`; tables (lists of dicts) `splits` and `classes`; `labels` and `ratings`; `durations`
        in seconds, `sample_rates`, `channels` and `formats` with counts; `quarantine`; `duplicates`;
        `near_duplicates` with a `count` and its first `pairs`; `warnings`, a list of sentences;
        and `public_warnings`, the same without the names of groups and files, for model cards.
    """
    usable = manifest[manifest["status"] == "ok"]
    learnt = usable[usable["split"] != UNLABELLED]
    places = Places.of(params)
    place = pd.Series(
        [places.place(*where) for where in zip(learnt["split"], learnt["fold"], strict=True)],
        index=learnt.index,
        dtype="str",
    )
    learnt = learnt.assign(place=place, hours=learnt["duration_s"] / 3600)
    labels = labels or LabelParams()
    called = _by_label(learnt, labels)
    pairs = describe_pairs(manifest, near_duplicates)
    cautions = [
        *corpus_warnings(manifest, called, params, several=labels.is_multi),
        *pair_warnings(pairs),
    ]
    return {
        "problem_type": labels.problem_type,
        "protocol": params.protocol,
        "group_by": list(params.group_by),
        "files": len(manifest),
        "recordings": len(learnt),
        "unlabelled": len(usable) - len(learnt),
        "groups": int(learnt["group"].nunique()),
        "hours": _rounded(learnt["hours"].sum()),
        "splits": [{"split": name, **_count(learnt[learnt["place"] == name])} for name in places.shares],
        "classes": _classes(called, places, recordings=len(learnt)),
        "labels": _counts(learnt["labels"].explode()),
        "ratings": _quantiles(learnt["rating"]),
        "durations": _quantiles(usable["duration_s"]),
        "sample_rates": _counts(usable["sample_rate"]),
        "channels": _counts(usable["channels"]),
        "formats": _counts(usable["path"].str.rsplit(".", n=1).str[-1].str.lower()),
        "quarantine": _quarantine(manifest),
        "duplicates": _duplicates(manifest),
        "near_duplicates": {"count": len(pairs), "pairs": pairs[:_FILES_NAMED]},
        "warnings": [caution.text for caution in cautions],
        "public_warnings": [caution.public for caution in cautions],
    }


def log_summary(report: dict[str, Any]) -> None:
    """Say in a few lines of log what the report says, and every warning."""
    logger.info(
        "%d recordings in %d groups, %.1f hours; %d unlabelled, %d of %d files quarantined.",
        report["recordings"],
        report["groups"],
        report["hours"],
        report["unlabelled"],
        report["quarantine"]["count"],
        report["files"],
    )
    for row in report["splits"]:
        logger.info("%s: %d recordings in %d groups.", row["split"], row["recordings"], row["groups"])
    for warning in report["warnings"]:
        logger.warning(warning)


def _count(rows: pd.DataFrame) -> dict[str, Any]:
    return {
        "recordings": len(rows),
        "groups": int(rows["group"].nunique()),
        "hours": _rounded(rows["hours"].sum()),
    }


def _by_label(learnt: pd.DataFrame, labels: LabelParams) -> pd.DataFrame:
    """A row for each recording and what it is called: its label or, of several, each that is a class."""
    if not labels.is_multi:
        return learnt
    rows = learnt.assign(label=label_lists(learnt["labels"], labels.parents)).explode("label")
    trained = rows.loc[rows["split"] == TRAIN, "label"].value_counts()
    return rows[rows["label"].isin(list(trained.index[trained >= labels.min_recordings]))]


def _classes(learnt: pd.DataFrame, places: Places, *, recordings: int) -> list[dict[str, Any]]:
    """Per label: how much there is, and in how many groups it is evaluated."""
    by = learnt.groupby(["label", "place"])
    cells = pd.DataFrame({"recordings": by.size(), "groups": by["group"].nunique()})
    rows = []
    for label, of_class in learnt.groupby("label"):
        splits = {
            name: {key: int(cells[key].get((label, name), 0)) for key in ("recordings", "groups")}
            for name in places.shares
        }
        count = _count(of_class)
        evaluated = count["groups"] if places.folded else splits[TEST]["groups"]
        share = _rounded(len(of_class) / recordings)
        rows.append(
            {"label": label, **count, "share": share, "evaluated_groups": evaluated, "splits": splits}
        )
    return rows


def _quarantine(manifest: pd.DataFrame) -> dict[str, Any]:
    rows = manifest[manifest["status"] == "quarantined"]
    named = rows[["path", "reason"]].head(_FILES_NAMED)
    return {
        "count": len(rows),
        "files": [{str(key): value for key, value in row.items()} for row in named.to_dict("records")],
    }


def _duplicates(manifest: pd.DataFrame) -> list[dict[str, Any]]:
    """Every set of files with the same bytes."""
    rows = manifest[manifest["recording_id"].notna() & manifest["recording_id"].duplicated(keep=False)]
    return [
        {
            "recording_id": identity,
            "paths": copies["path"].tolist(),
            "labels": sorted(copies["label"].dropna().unique()),
        }
        for identity, copies in rows.groupby("recording_id")
    ]


def _counts(values: pd.Series) -> dict[str, int]:
    counted = values.dropna().value_counts()
    return {str(value): int(count) for value, count in counted.items()}


def _quantiles(values: "pd.Series[float]") -> dict[str, float] | None:
    known = values.dropna()
    if known.empty:
        return None
    points = {"min": 0.0, "q05": 0.05, "median": 0.5, "q95": 0.95, "max": 1.0}
    return {name: _rounded(float(known.quantile(point))) for name, point in points.items()} | {
        "mean": _rounded(float(known.mean()))
    }


def _rounded(value: float) -> float:
    return round(float(value), 4)
