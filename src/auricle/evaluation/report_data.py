"""The report's section on the data, from what `describe_corpus` found."""

from typing import Any

from auricle.evaluation import plots
from auricle.evaluation.svg import to_svg

Json = dict[str, Any]

FILES_SHOWN = 30
DURATIONS = {
    "min": "shortest",
    "q05": "5 % are below",
    "median": "median",
    "mean": "mean",
    "q95": "5 % are above",
    "max": "longest",
}


def data_view(report: Json) -> Json:
    """Rows, drawing and sentences of the section.

    Args:
        report: See `auricle.corpora.data_report.describe_corpus`.
    """
    splits = [entry["split"] for entry in report["splits"]]
    quarantine = report["quarantine"]
    return {
        "summary": _summary(report),
        "warnings": report["warnings"],
        "chart": _chart(report, splits),
        "splits": splits,
        "classes": [_class_row(row, splits) for row in report["classes"]],
        "totals": [_cell(report), *(_cell(entry) for entry in report["splits"])],
        "facts": facts_of(report),
        "quarantined": quarantine["files"][:FILES_SHOWN],
        "quarantined_count": quarantine["count"],
        "duplicates": report["duplicates"],
        "near_duplicates": [_pair(pair) for pair in report["near_duplicates"]["pairs"][:FILES_SHOWN]],
        "near_duplicates_count": report["near_duplicates"]["count"],
    }


def _summary(report: Json) -> str:
    judged = {
        "holdout": "split once into training, validation and test",
        "grouped_k_fold": f"in {len(report['splits'])} folds, each judged by a model that has not heard it",
    }[report["protocol"]]
    unlabelled = f" {report['unlabelled']:,} more have no label." if report["unlabelled"] else ""
    return (
        f"{report['recordings']:,} labelled recordings of {len(report['classes'])} classes,"
        f" {report['hours']:.1f} hours, from {report['groups']:,} groups (grouped by"
        f" {', '.join(report['group_by'])}), {judged}.{unlabelled}"
    )


def _chart(report: Json, splits: list[str]) -> Any:
    """Bars of the classes; not split by fold, because folds are alike by construction."""
    if not report["classes"]:
        return ""
    by_split = report["protocol"] == "holdout"
    counts = {
        row["label"]: {split: row["splits"][split]["recordings"] for split in splits}
        if by_split
        else {"recordings": row["recordings"]}
        for row in report["classes"]
    }
    described = "; ".join(f"{row['label']} {row['recordings']}" for row in report["classes"])
    return to_svg(
        plots.splits_figure(counts), name="splits", description=f"Recordings per class: {described}"
    )


def _cell(entry: Json) -> Json:
    return {"recordings": f"{entry['recordings']:,}", "groups": f"{entry['groups']:,}"}


def _class_row(row: Json, splits: list[str]) -> Json:
    return {"label": row["label"], "cells": [_cell(row), *(_cell(row["splits"][split]) for split in splits)]}


def _pair(pair: Json) -> str:
    outcome = "in one group" if pair["joined"] else f"not joined: {pair['reason']}"
    return (
        f"{' ≈ '.join(pair['paths'])}: {pair['share']:.0%} of their peaks coincide"
        f" ({pair['peaks']:,}), {pair['offset_s']:+.1f} s apart; {outcome}"
    )


def facts_of(report: Json) -> list[Json]:
    """Small tables of what the files are."""
    durations = report["durations"] or {}
    facts = [
        (
            "Duration",
            [(text, f"{durations[key]:.1f} s") for key, text in DURATIONS.items() if key in durations],
        ),
        (
            "Sample rate",
            [(f"{int(float(rate)):,} Hz", count) for rate, count in report["sample_rates"].items()],
        ),
        ("Channels", [(_channels(int(float(name))), count) for name, count in report["channels"].items()]),
        ("Format", list(report["formats"].items())),
    ]
    return [{"title": title, "rows": rows} for title, rows in facts if rows]


def _channels(count: int) -> str:
    return {1: "mono", 2: "stereo"}.get(count, f"{count} channels")
