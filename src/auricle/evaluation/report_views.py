"""What the report's template shows, prepared: numbers as text, tables as rows, drawings as SVG."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from auricle.corpora.labels import MULTI, SINGLE
from auricle.evaluation import plots
from auricle.evaluation.origin import origin
from auricle.evaluation.report_confusion import confusion_view
from auricle.evaluation.report_coverage import chosen_on, coverage_view
from auricle.evaluation.report_ensemble import combined_text
from auricle.evaluation.report_provenance import flattened
from auricle.evaluation.svg import to_svg
from auricle.evaluation.verdict import FIGURE_NAMES, interval_text, model_name

if TYPE_CHECKING:
    from auricle.evaluation.report import ModelSection

Json = dict[str, Any]

COLUMNS = {
    SINGLE: (
        "macro_f1",
        "accuracy",
        "balanced_accuracy",
        "mcc",
        "top_k_accuracy",
        "roc_auc",
        "log_loss",
        "ece",
        "ece_calibrated",
    ),
    MULTI: (
        "mean_average_precision",
        "micro_average_precision",
        "roc_auc",
        "macro_f1",
        "macro_f1_at_half",
        "micro_f1",
        "samples_f1",
        "hamming_loss",
        "ece",
        "ece_unweighted",
        "ece_calibrated",
    ),
}
EMPTY: Json = {"nearness": None, "instruments": []}  # metrics of before there were such
OCCASIONAL = {"levels": "nearness", "instruments": "instruments", "coverage": "coverage"}
CHARTS = {
    SINGLE: ("macro_f1", "accuracy", "balanced_accuracy", "roc_auc"),
    MULTI: ("mean_average_precision", "macro_f1", "macro_f1_at_half", "roc_auc"),
}


def number(value: float | None) -> str:
    """Three decimals and a true minus; "n/a" where there is no figure."""
    return "n/a" if value is None else f"{value:.3f}".replace("-", "−")


def share(value: float) -> str:
    """A share as per cent."""
    return f"{100 * value:.0f}\N{NO-BREAK SPACE}%"


def with_reason(entry: Json, row: Json) -> Json:
    """A class's figure with the reason why it is missing, as the table's cells show it."""
    return entry | {"reason": row["reason"] or "not defined"}


def tiles(comparison: Json) -> list[Json]:
    """The few numbers on top of the page: the leader's, and what they rest on."""
    if not comparison["ranking"]:
        return []
    figures = comparison["models"][comparison["ranking"][0]]
    leader = model_name(comparison["ranking"][0])
    found = [
        {
            "name": f"{FIGURE_NAMES[name]}, {leader}",
            "value": number(figures[name]["value"]),
            "note": interval_text(figures[name]) or "no interval claimed",
        }
        for name in comparison["compared"]
    ]
    first, second = comparison["compared"]
    majority = {
        "name": f"{FIGURE_NAMES[first]}, {comparison['baseline']}",
        "value": number(figures[first]["majority"]),
        "note": f"{FIGURE_NAMES[second]} {number(figures[second]['majority'])}",
    }
    judged = {
        "name": "judged recordings",
        "value": f"{comparison['recordings']:,}",
        "note": f"from {comparison['groups']:,} groups",
    }
    return [*found, majority, judged]


def models_lead(comparison: Json) -> str:
    """One sentence on what the table of models was measured on."""
    if not comparison["ranking"]:
        return "No model of this study is trained yet."
    where = {
        "test": "on the test split, which no decision has seen",
        "out_of_fold": "out of fold: each recording by a model that has not heard its group",
    }[comparison["split"]]
    return (
        f"All on the same {comparison['recordings']:,} recordings from {comparison['groups']:,} groups,"
        f" {where}."
    )


def columns(comparison: Json) -> list[Json]:
    """The figures of the table of models, with the majority baseline's."""
    if not comparison["ranking"]:
        return []
    figures = comparison["models"][comparison["ranking"][0]]
    return [
        {
            "name": name,
            "title": title(name, comparison["top_k"]),
            "higher": figures[name]["higher_is_better"],
            "majority": figures[name]["majority"],
        }
        for name in COLUMNS[comparison["problem_type"]]
    ]


def title(name: str, top_k: int) -> str:
    """Name of a figure, k filled in."""
    return FIGURE_NAMES[name].replace("top-k", f"top-{top_k}")


def comparison_charts(comparison: Json, order: Sequence[str]) -> list[Any]:
    """One drawing per figure, models with their intervals."""
    if not comparison["ranking"]:
        return []
    return [
        to_svg(
            plots.comparison_figure(comparison, name, order),
            name=f"comparison-{name}",
            description=f"{title(name, comparison['top_k'])}: {_in_words(comparison, name)}",
        )
        for name in CHARTS[comparison["problem_type"]]
        if any(comparison["models"][model][name]["value"] is not None for model in comparison["ranking"])
    ]


def _in_words(comparison: Json, name: str) -> str:
    parts = []
    for model in comparison["ranking"]:
        entry = comparison["models"][model][name]
        interval = interval_text(entry)
        within = f" ({interval})" if interval else ""
        parts.append(f"{model_name(model)} {number(entry['value'])}{within}")
    return "; ".join(parts)


def section_view(section: "ModelSection", *, said: Sequence[str]) -> Json:
    """All drawings and rows of one model, and the warnings that were not said before."""
    name, metrics = section.name, section.metrics
    shown = model_name(name)
    return {
        "name": name,
        "metrics": EMPTY | metrics,
        "warnings": [
            *origin(section.config),
            *(warning for warning in metrics["warnings"] if warning not in said),
        ],
        "training_chart": training_chart(section),
        "training_caption": training_caption(section),
        "confusion": confusion_view(metrics),
        "reliability_chart": to_svg(
            plots.reliability_figure(metrics),
            name=f"reliability-{name}",
            description=f"Reliability diagram of {shown}. {_calibration_caption(metrics)}",
        ),
        "calibration_caption": _calibration_caption(metrics),
        "coverage": coverage_view(section),
        "domain": section.training.get("out_of_domain"),
        "params": flattened(section.training.get("params") or {}),
    }


def training_chart(section: "ModelSection") -> Any:
    """Curves of a deep model, importances of a forest, or None."""
    shown = model_name(section.name)
    curves = plots.curves_figure(section.training)
    if curves is not None:
        described = f"Loss and validation figures of {shown} by epoch. {training_caption(section)}"
        return to_svg(curves, name=f"training-{section.name}", description=described)
    importances = plots.importances_figure(section.training)
    if importances is not None:
        described = f"Feature importances of {shown}. {training_caption(section)}"
        return to_svg(importances, name=f"training-{section.name}", description=described)
    return None


def training_caption(section: "ModelSection") -> str:
    """What the drawing of a training shows."""
    training = section.training
    if history := training.get("history"):
        best, folds = training.get("best_epoch"), training.get("folds")
        kept = f"; the dotted line marks epoch {best}, whose weights were kept" if best else ""
        of = f" of the final model ({len(folds)} more were trained for the folds)" if folds else ""
        padded = training.get("padding_share")
        padding = "" if padded is None else f" {padded:.1%} of the frames of an epoch were padding."
        return f"{len(history)} epochs{of}{kept}.{padding}"
    if training.get("importances"):
        source = {"out_of_fold": "out of fold", "validation": "on validation"}.get(
            training.get("importances_from", ""), "on recordings it did not learn from"
        )
        return (
            f"Permutation importance, measured {source}: how much {_importance_figure(section)} falls when"
            " one feature is shuffled. Features that say the same share their importance."
        )
    if told := training.get("learned_from"):
        return combined_text(section.config, told)
    return ""


def _importance_figure(section: "ModelSection") -> str:
    return "mAP" if section.metrics["problem_type"] == MULTI else "balanced accuracy"


def _calibration_caption(metrics: Json) -> str:
    figures, calibration = metrics["figures"], metrics["calibration"]
    before = f"Calibration error {number(figures['ece']['value'])}"
    if figures.get("ece_unweighted", figures["ece"])["value"] is not None and "ece_unweighted" in figures:
        before += f", with the weights of positives undone {number(figures['ece_unweighted']['value'])}"
    if calibration["temperature"] is None:
        return f"{before}. No temperature could be fitted: {calibration['reason']}."
    how = f"on {calibration['recordings']:,} validation recordings"
    if calibration["cross_fitted"]:
        how = "for each fold on the others"
    elif calibration.get("kept"):
        how = "on validation in training, and kept in the bundle"
    return (
        f"{before}, after scaling {number(figures['ece_calibrated']['value'])}. Temperature"
        f" {calibration['temperature']:.2f}, fitted {how}."
    )


def shared_warnings(sections: "Sequence[ModelSection]") -> list[str]:
    """What is said of every model alike: it belongs to the recordings, and is said once."""
    if not sections:
        return []
    first, *others = (section.metrics["warnings"] for section in sections)
    return [warning for warning in first if all(warning in other for other in others)]


def claim_words(sections: "Sequence[ModelSection]") -> str:
    """What a claim needs, as the metrics were made with."""
    if not sections:
        return ""
    metrics = sections[0].metrics
    groups, examples = metrics["min_groups_for_claim"], metrics.get("min_examples_for_claim", 1)
    recordings = f", or in fewer than {examples} judged recordings," if examples > 1 else ""
    return (
        f"What is heard in fewer than {groups} judged groups{recordings} is shown without an interval, and"
        " nothing is claimed about it."
    )


def has_something_to_say(key: str, sections: "Sequence[ModelSection]") -> bool:
    """Whether a section of the page has any content, by its name among the contents."""
    if key in ("data", "models"):
        return True
    if key == "domain":
        return any(section.training.get("out_of_domain") for section in sections)
    if key in OCCASIONAL:
        return any(section.metrics.get(OCCASIONAL[key]) for section in sections)
    return bool(sections)


def thresholds_chosen_on(sections: "Sequence[ModelSection]") -> str:
    """Where the thresholds of all models were chosen, in words."""
    found = [chosen_on(coverage) for section in sections if (coverage := section.metrics.get("coverage"))]
    return found[0] if found else ""


def nearly_level(sections: "Sequence[ModelSection]") -> str:
    """The level on which a wrong answer has to be right to be nearly right."""
    found = [near["level"] for section in sections if (near := section.metrics.get("nearness"))]
    return str(found[0]) if found else ""


def or_nothing_answered(entry: Json) -> Json:
    """The accuracy of answers with the reason why it is missing, as the table's cells show it."""
    return entry | {"reason": "nothing is answered"}
