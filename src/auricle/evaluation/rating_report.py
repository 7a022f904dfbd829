"""The report of a study of ratings, on one self-contained page."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from auricle.evaluation import plots
from auricle.evaluation import report_views as views
from auricle.evaluation.pages import page_environment, style_sheet
from auricle.evaluation.rating_figures import ERRORS, MODEL
from auricle.evaluation.rating_words import FIGURES, NAMES, in_words
from auricle.evaluation.report import ModelSection, remarks
from auricle.evaluation.report_data import FILES_SHOWN, facts_of
from auricle.evaluation.report_provenance import flattened, provenance_rows
from auricle.evaluation.svg import ACCENT, BASELINE, house_style, to_svg

Json = dict[str, Any]
TILES = ("mae", "spearman", "ndcg_at_10", "precision_at_10")


def render_rating_report(
    *, study: str, source: Json, data_report: Json, sections: Sequence[ModelSection]
) -> str:
    """The page, HTML as text.

    Args:
        study: Name of the study.
        source: Where the recordings come from, see `render_report`.
        data_report: What `describe_corpus` returned.
        sections: Trained models; `metrics` of each is what `evaluate_rater` returned.
    """
    environment = page_environment()
    first = sections[0].metrics
    context = {
        "study": study,
        "css": style_sheet(environment),
        "version": version("auricle"),
        "remarks": [*remarks(source, data_report), *data_report["warnings"]],
        "data": _data(data_report, first),
        "models": [_model(section) for section in sections],
        "sections": [
            {"name": each.name, "params": flattened(each.training.get("params") or {})} for each in sections
        ],
        "provenance": provenance_rows(sections),
        "confidence": views.share(first["confidence"]),
        "samples": first["bootstrap_samples"],
    }
    return environment.get_template("ratings.html.j2").render(context)


def calibration_figure(metrics: Json) -> Any:
    """What is said against what is true, in bins of what is said."""
    with house_style():
        figure, (axes,) = plots.new_axes(height=3.6)
        axes.plot([0, 1], [0, 1], color=BASELINE, linewidth=1, linestyle=(0, (4, 3)), label="ideal")
        bins = metrics["calibration"]
        points = [entry["said"] for entry in bins], [entry["truth"] for entry in bins]
        axes.plot(*points, color=ACCENT, linewidth=1.4, label="rater")
        sizes = [12 + 160 * entry["count"] / metrics["recordings"] for entry in bins]
        axes.scatter(*points, s=sizes, color=ACCENT, linewidths=0, zorder=3)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("rating that is said")
        axes.set_ylabel("mean rating that was given")
        plots.legend_above(axes)
    return figure


def _model(section: ModelSection) -> Json:
    metrics = section.metrics
    verdict = metrics["verdict"]
    config = section.config
    told = "; ".join(f"said {b['said']:.2f}, given {b['truth']:.2f}" for b in metrics["calibration"])
    return {
        "name": section.name,
        "headline": verdict["headline"],
        "text": verdict["text"],
        "tiles": [_tile(key, metrics["figures"][MODEL][key]) for key in TILES],
        "columns": [{"title": title, "lower": key in ERRORS} for key, title in FIGURES.items()],
        "rows": [
            {"name": NAMES[name], "own": name == MODEL, "cells": [_cell(entries[key]) for key in FIGURES]}
            for name, entries in metrics["figures"].items()
        ],
        "differences": [
            {"name": NAMES[name], "cells": [_difference(key, entries[key]) for key in FIGURES]}
            for name, entries in metrics["differences"].items()
        ],
        "read": in_words(metrics),
        "warnings": metrics["warnings"],
        "calibration": to_svg(
            calibration_figure(metrics), name=f"calibration-{section.name}", description=f"Ratings: {told}"
        ),
        "chart": views.training_chart(section),
        "caption": views.training_caption(section),
        "parts": [
            ("encoder", config["encoder_class"]),
            ("classifier", config["classifier_class"]),
            ("loss", config["rating_loss"]),
        ],
    }


def _tile(key: str, entry: Json) -> Json:
    interval = entry["interval"]
    return {
        "name": FIGURES[key],
        "value": views.number(entry["value"]),
        "note": "" if interval is None else "{:.3f} to {:.3f}".format(*interval),
    }


def _cell(entry: Json) -> Json:
    low, high = entry["interval"] or (None, None)
    reason = "not defined where all is rated alike"
    return {"value": entry["value"], "low": low, "high": high, "reason": reason}


def _difference(key: str, entry: Json) -> Json:
    interval = entry["interval"]
    is_worse = interval is not None and (interval[0] > 0 if key in ERRORS else interval[1] < 0)
    return {
        "value": entry["value"],
        "interval": "" if interval is None else "{:+.3f} to {:+.3f}".format(*interval),
        "verdict": "better" if entry["better"] else "worse" if is_worse else "open",
    }


def _data(report: Json, metrics: Json) -> Json:
    quarantine = report["quarantine"]
    return {
        "summary": f"{report['recordings']:,} rated recordings and {metrics['unrated']:,} that are not rated"
        f" yet, {report['hours']:.1f} hours, from {report['groups']:,} groups (grouped by"
        f" {', '.join(report['group_by'])}).",
        "splits": report["splits"],
        "ratings": {key: f"{value:.2f}" for key, value in (report["ratings"] or {}).items()},
        "facts": facts_of(report),
        "quarantined": quarantine["files"][:FILES_SHOWN],
        "quarantined_count": quarantine["count"],
    }
