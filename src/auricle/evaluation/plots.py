"""The drawings of the report: small enough for a phone, one figure each."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.corpora.labels import MULTI
from auricle.evaluation.confusions import MOST_COUNTED
from auricle.evaluation.svg import ACCENT, BASELINE, INK, MUTED, house_style, series_color
from auricle.evaluation.verdict import FIGURE_NAMES, model_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Json = dict[str, Any]
WIDTH = 4.6  # inches; about 330 units wide, so that text keeps its size on a phone


def curves_figure(training: Json) -> "Figure | None":
    """Loss and validation figures by epoch, with the epoch that was kept; None where there is no history."""
    history = training.get("history") or []
    if not history:
        return None
    from matplotlib.ticker import MaxNLocator

    with house_style():
        figure, (loss, score) = new_axes(height=4.4, rows=2)
        _curve(loss, history, "loss", label="training", color=BASELINE)
        _curve(loss, history, "eval_loss", label="validation", color=ACCENT)
        loss.set_title("Loss")
        _curve(score, history, "accuracy", label="accuracy", color=BASELINE)
        _curve(score, history, "mean_average_precision", label="mAP", color=BASELINE)
        _curve(score, history, "macro_f1", label="macro-F1", color=ACCENT)
        _curve(score, history, "mae", label="absolute error", color=ACCENT)  # of ratings
        score.set_title("On validation")
        score.set_ylim(0, 1)
        score.set_xlabel("epoch")
        best = training.get("best_epoch")
        for axes in (loss, score):
            if best:
                axes.axvline(best, color=INK, linewidth=1, linestyle=(0, (2, 3)))
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.grid(visible=False, axis="x")
            legend_above(axes)
    return figure


def importances_figure(training: Json, *, top: int = 15) -> "Figure | None":
    """The features that matter most to a forest, with their deviation; None where none are known."""
    importances = sorted(training.get("importances") or [], key=lambda row: -row["importance"])[:top]
    if not importances:
        return None
    with house_style():
        figure, (axes,) = new_axes(height=0.9 + 0.23 * len(importances))
        places = np.arange(len(importances))[::-1]
        axes.barh(places, [row["importance"] for row in importances], height=0.62, color=ACCENT)
        axes.errorbar(
            [row["importance"] for row in importances],
            places,
            xerr=[row.get("deviation", 0.0) for row in importances],
            fmt="none",
            ecolor=INK,
            elinewidth=1,
        )
        axes.set_yticks(places, [row["feature"].replace("_", " ") for row in importances])
        axes.set_xlabel("fall when shuffled")
        axes.axvline(0, color=MUTED, linewidth=1)
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
    return figure


def training_figure(training: Json) -> "Figure":
    """The picture of a training: curves of a deep model, importances of a forest, or that there is none."""
    figure = curves_figure(training) or importances_figure(training)
    if figure is not None:
        return figure
    return _nothing("no history of this training")


def _nothing(why: str) -> "Figure":
    """A picture that says why there is none."""
    with house_style():
        figure, (axes,) = new_axes(height=1.2)
        axes.set_axis_off()
        axes.text(0.5, 0.5, why, ha="center", va="center", color=MUTED)
    return figure


def confusion_figure(metrics: Json) -> "Figure":
    """The confusion matrix, rows as shares of the true class, counts written into the cells."""
    labels = metrics["confusion"]["labels"]
    if len(labels) > MOST_COUNTED:
        return _nothing(f"{len(labels)} classes are too many to draw")
    counts = np.asarray(metrics["confusion"]["counts"])
    shares = counts / np.maximum(np.asarray(metrics["confusion"]["support"])[:, None], 1)
    with house_style():
        size = max(3.6, 1.6 + 0.42 * len(labels))
        figure, (axes,) = new_axes(height=size, width=size)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        axes.set_xticks(range(len(labels)), labels, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(len(labels)), labels)
        axes.set_xlabel("predicted")
        axes.set_ylabel("true")
        axes.grid(visible=False)
        if len(labels) <= 20:
            for row, column in zip(*np.nonzero(counts), strict=True):
                color = "white" if shares[row, column] > 0.55 else INK
                axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=color)
    return figure


def reliability_figure(metrics: Json) -> "Figure":
    """Accuracy by confidence, before and after temperature scaling, against the diagonal."""
    with house_style():
        figure, (axes,) = new_axes(height=3.6)
        axes.plot([0, 1], [0, 1], color=BASELINE, linewidth=1, linestyle=(0, (4, 3)), label="ideal")
        for name, color, marker in (("before", BASELINE, "o"), ("after", ACCENT, "s")):
            bins = metrics["reliability"][name]
            if not bins:
                continue
            total = sum(entry["count"] for entry in bins)
            axes.plot(*_points(bins), color=color, linewidth=1.4, label=name)
            sizes = [12 + 160 * entry["count"] / total for entry in bins]
            axes.scatter(*_points(bins), s=sizes, color=color, marker=marker, linewidths=0, zorder=3)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.02)
        several = metrics["problem_type"] == MULTI
        axes.set_xlabel("probability" if several else "confidence")
        axes.set_ylabel("share that has the label" if several else "accuracy")
        legend_above(axes)
    return figure


def comparison_figure(comparison: Json, name: str, order: Sequence[str]) -> "Figure":
    """One figure of all models with its intervals, and the majority baseline as a line.

    Args:
        comparison: See `compare_models`.
        name: The figure, such as "macro_f1".
        order: All models of the study in the order that gives them their colours.
    """
    ranking: list[str] = comparison["ranking"]
    with house_style():
        figure, (axes,) = new_axes(height=1.05 + 0.34 * len(ranking))
        for place, model in enumerate(reversed(ranking)):
            entry = comparison["models"][model][name]
            if entry["value"] is None:
                continue
            color = series_color(order.index(model))
            if entry["low"] is not None:
                axes.plot([entry["low"], entry["high"]], [place, place], color=color, linewidth=3, alpha=0.55)
            axes.plot(entry["value"], place, "o", color=color, markersize=7)
            seeds = entry.get("by_seed") or []
            axes.plot(seeds, [place + 0.25] * len(seeds), "|", color=color, markersize=6)
        majority = _majority(comparison, name)
        if majority is not None:
            axes.axvline(majority, color=BASELINE, linestyle=(0, (4, 3)), linewidth=1.4)
        axes.set_yticks(range(len(ranking)), [model_name(model) for model in reversed(ranking)])
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.set_ylim(-0.6, len(ranking) - 0.4)
        axes.set_title(_title(name, comparison))
        axes.spines["left"].set_visible(False)
        axes.grid(visible=False, axis="y")
        _limits(axes, name, comparison)
    return figure


def splits_figure(counts: Mapping[str, Mapping[str, int]]) -> "Figure":
    """Recordings of each class as stacked bars, one part per split.

    Args:
        counts: Per class, recordings per split.
    """
    splits = list(dict.fromkeys(split for row in counts.values() for split in row))
    colors = {"train": ACCENT, "validation": BASELINE, "test": series_color(1)}
    with house_style():
        figure, (axes,) = new_axes(height=0.95 + 0.24 * len(counts))
        places = np.arange(len(counts))[::-1]
        left = np.zeros(len(counts))
        for index, split in enumerate(splits):
            values = np.array([row.get(split, 0) for row in counts.values()], dtype=float)
            color = colors.get(split, series_color(index))
            axes.barh(places, values, left=left, height=0.66, color=color, label=split)
            left += values
        axes.set_yticks(places, list(counts))
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.spines["left"].set_visible(False)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("recordings")
        if len(splits) > 1:
            figure.legend(loc="outside upper left", ncols=4, handlelength=1, handleheight=1)
    return figure


def new_axes(*, height: float, rows: int = 1, width: float = WIDTH) -> tuple["Figure", list["Axes"]]:
    """A figure and its axes, without pyplot: no global state, no backend, nothing left open."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    axes = figure.subplots(rows, 1, sharex=rows > 1, squeeze=False)
    return figure, list(axes[:, 0])


def _curve(axes: "Axes", history: Sequence[Json], key: str, *, label: str, color: str) -> None:
    epochs = [entry["epoch"] for entry in history if entry.get(key) is not None]
    values = [entry[key] for entry in history if entry.get(key) is not None]
    if values:
        axes.plot(epochs, values, color=color, label=label, marker="o" if len(values) == 1 else None)


def legend_above(axes: "Axes") -> None:
    """The legend on the line of the title, where no curve can run through it."""
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1, 1),
        ncols=3,
        borderaxespad=0.2,
        handlelength=1.4,
        columnspacing=1.2,
    )


def _points(bins: Sequence[Json]) -> tuple[list[float], list[float]]:
    return [entry["confidence"] for entry in bins], [entry["accuracy"] for entry in bins]


def _majority(comparison: Json, name: str) -> float | None:
    values = [comparison["models"][model][name]["majority"] for model in comparison["ranking"]]
    return next((value for value in values if value is not None), None)


def _title(name: str, comparison: Json) -> str:
    title = FIGURE_NAMES[name].replace("top-k", f"top-{comparison['top_k']}")
    better = comparison["models"][comparison["ranking"][0]][name]["higher_is_better"]
    first = title[0] if title.startswith("mAP") else title[0].upper()
    return f"{first}{title[1:]}{'' if better else ' (lower is better)'}"


def _limits(axes: "Axes", name: str, comparison: Json) -> None:
    """Shares always from 0 to 1, so that no difference looks larger than it is."""
    if name.startswith("log_loss"):
        axes.set_xlim(left=0)
    elif name == "coverage_error":
        axes.set_xlim(left=1)
    elif name == "mcc":
        axes.set_xlim(min(0.0, *(m[name]["value"] or 0.0 for m in comparison["models"].values()), 0.0), 1)
    else:
        axes.set_xlim(0, 1)
