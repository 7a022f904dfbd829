"""Pages that put many trainings side by side: past bundles, or the variants of an ablation."""

from collections.abc import Sequence
from typing import Any

from auricle.evaluation import plots
from auricle.evaluation.one_class import OneClass
from auricle.evaluation.pages import page_environment, style_sheet
from auricle.evaluation.report import SYNTHESIZED
from auricle.evaluation.report_provenance import flattened
from auricle.evaluation.report_views import number, title
from auricle.evaluation.several_labels import SeveralLabels
from auricle.evaluation.svg import to_svg
from auricle.evaluation.verdict import SPLIT_WORDS, interval_text, model_name

Json = dict[str, Any]
FACTS = {
    "epochs": "{:.0f} epochs",
    "seconds": "{:.0f} s",
    "parameters": "{:,.0f} parameters",
    "device": "{}",
    "precision": "{}",
}
IS_HIGHER_BETTER = {**OneClass.figures, **SeveralLabels.figures}


def render_experiments(experiments: Json, *, source: Json) -> str:
    """The page of past bundles, self-contained.

    Args:
        experiments: See `auricle.evaluation.experiments.compare_experiments`.
        source: Where the recordings come from; see `auricle.evaluation.report.render_report`.
    """
    shown = [*experiments["compared"], *("roc_auc", "ece")]
    left_out = [f"{name} is left out: {why}" for name, why in experiments["left_out"].items()]
    return _render(
        experiments,
        figures=shown,
        heading="All trainings side by side",
        lead=(
            "Every bundle that was ever trained, judged anew on the recordings that all of them predicted."
            " Beside each what sets it apart from the other bundles of its model."
        ),
        remarks=[*_synthesized(source), *experiments["warnings"], *left_out],
        caption="The best against each other one; both are resampled together, on the same groups.",
    )


def render_ablation(ablation: Json, *, source: Json) -> str:
    """The page of an ablation, self-contained.

    Args:
        ablation: See `auricle.evaluation.ablation.judge_ablation`.
        source: Where the recordings come from.
    """
    shared = ", ".join(f"{name} {value}" for name, value in flattened(ablation["shared"]))
    return _render(
        ablation,
        figures=ablation["compared"],
        heading=f"What the parts of the {model_name(ablation['model'])} are good for",
        lead=(
            f"Each variant was trained with {ablation['seeds']} random seeds and judged on the"
            f" {len(ablation['labels'])} labels that all variants know: {', '.join(ablation['labels'])}."
            " A figure is the mean over seeds; its interval resamples groups and seeds together."
            + (f" All variants have {shared}." if shared else "")
        ),
        remarks=[*_synthesized(source), *ablation["warnings"]],
        caption=(
            "Each variant against the baseline, on the same groups and seeds. With several variants, one"
            " interval may exclude zero by chance."
        ),
    )


def _render(
    told: Json, *, figures: Sequence[str], heading: str, lead: str, remarks: Sequence[str], caption: str
) -> str:
    environment = page_environment()
    experiments = told["experiments"]
    titles = {entry["name"]: _title(entry) for entry in experiments}
    return environment.get_template("experiments.html.j2").render(
        css=style_sheet(environment),
        heading=heading,
        lead=lead,
        remarks=remarks,
        measured=_measured(told),
        columns=[
            {
                "title": title(name, 0),
                "baseline": told["baseline"].get(name),
                "higher": IS_HIGHER_BETTER[name],
            }
            for name in figures
        ],
        rows=[_row(entry, figures) for entry in experiments],
        charts=[_chart(told, name) for name in figures if IS_HIGHER_BETTER[name]] if experiments else [],
        differences=[
            entry
            | {
                "model": titles[entry["model"]],
                "than": titles[entry["than"]],
                "by_seed": entry.get("by_seed"),
            }
            for entry in told["differences"]
        ],
        caption=caption,
        confidence=told["confidence"],
        samples=told["bootstrap_samples"],
    )


def _synthesized(source: Json) -> list[str]:
    return [SYNTHESIZED] if source.get("synthesized") else []


def _measured(told: Json) -> str:
    if not told["experiments"]:
        return "Nothing is trained yet."
    return (
        f"Measured on {told['recordings']:,} {SPLIT_WORDS.get(told['split'], told['split'])}, from"
        f" {told['groups']:,} groups."
    )


def _title(entry: Json) -> str:
    """What a training is called: a variant by its name, a bundle by its model and its time."""
    if "version" not in entry:
        return str(entry["name"])
    day, _, time = entry["version"].partition("T")
    return f"{model_name(entry['model'])} {day} {time[:8].replace('.', ':')}"


def _row(entry: Json, figures: Sequence[str]) -> Json:
    return {
        "title": _title(entry),
        "cells": [entry["figures"][name] | {"reason": "not defined"} for name in figures],
        "differs": flattened(entry["differs"]),
        "facts": ", ".join(
            say.format(entry["facts"][name])
            for name, say in FACTS.items()
            if entry["facts"].get(name) is not None
        ),
    }


def _chart(told: Json, name: str) -> Any:
    """A figure of all experiments, drawn as the report draws that of models."""
    names = [_title(entry) for entry in told["experiments"]]
    majority = told["baseline"].get(name)
    drawn = {
        "ranking": names,
        "top_k": 0,
        "models": {
            _title(entry): {name: entry["figures"][name] | {"majority": majority, "higher_is_better": True}}
            for entry in told["experiments"]
        },
    }
    spoken = "; ".join(
        f"{_title(entry)} {number(entry['figures'][name]['value'])} ({interval_text(entry['figures'][name])})"
        for entry in told["experiments"]
    )
    return to_svg(
        plots.comparison_figure(drawn, name, names),
        name=f"experiments-{name}",
        description=f"{title(name, 0)}: {spoken}",
    )
