"""The report's section on answering only where a model is sure."""

from typing import TYPE_CHECKING, Any

from auricle.evaluation.coverage_plot import coverage_figure
from auricle.evaluation.svg import to_svg
from auricle.evaluation.verdict import interval_text, model_name

if TYPE_CHECKING:
    from auricle.evaluation.report import ModelSection

Json = dict[str, Any]
CHOSEN_ON = {"validation": "validation", "out_of_fold": "the other folds"}


def coverage_view(section: "ModelSection") -> Json | None:
    """Drawing, caption and rows of one model; None where its metrics hold nothing of it."""
    coverage = section.metrics.get("coverage")
    if not coverage:
        return None
    caption = coverage_caption(coverage)
    described = f"Accuracy by coverage of {model_name(section.name)}. {caption}"
    return {
        "chart": to_svg(coverage_figure(coverage), name=f"coverage-{section.name}", description=described),
        "caption": caption,
        "rows": coverage_rows(coverage),
    }


def coverage_caption(coverage: Json) -> str:
    """The area in words, and what the order is by."""
    area = coverage["area"]
    interval = interval_text(area)
    within = f" ({interval})" if interval else " (no interval claimed)"
    probabilities = {
        "calibrated": "calibrated probabilities",
        "raw": "probabilities as they are, which could not be calibrated",
    }[coverage["probabilities"]]
    return (
        f"Area under the risk-coverage curve {area['value']:.3f}{within}, in random order"
        f" {area['random']:.3f} (lower is better). By {probabilities}."
    )


def coverage_rows(coverage: Json) -> list[Json]:
    """What each threshold makes of the judged recordings: the suggested ones, and the one that is set."""
    rows = [
        {"name": f"{entry['target']:.0%} accuracy, suggested", **entry, "best": entry["coverage_at_best"]}
        for entry in coverage["targets"]
    ]
    if coverage["abstain_below"]:
        rows.append({"name": "as set", "reason": None, "best": None} | coverage["abstain_below"])
    return rows


def chosen_on(coverage: Json) -> str:
    """Where thresholds were chosen, in words."""
    source = coverage["chosen_on"]
    return CHOSEN_ON.get(source["split"], source["split"]) if source else "nothing: there is no validation"
