"""The drawing of how accurate answers are by how many are given."""

from typing import TYPE_CHECKING, Any

from auricle.evaluation.plots import legend_above, new_axes
from auricle.evaluation.svg import ACCENT, BASELINE, INK, house_style, series_color

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Json = dict[str, Any]


def coverage_figure(coverage: Json) -> "Figure":
    """Accuracy of the answers by their share, the surest first, against answers in random order.

    Args:
        coverage: See `auricle.evaluation.coverage.coverage_facts`.
    """
    curve, random = coverage["curve"], 1 - coverage["area"]["random"]
    with house_style():
        figure, (axes,) = new_axes(height=3.6)
        axes.axhline(random, color=BASELINE, linewidth=1, linestyle=(0, (4, 3)))
        axes.plot(
            [point["coverage"] for point in curve],
            [point["accuracy"] for point in curve],
            color=ACCENT,
        )
        for name, color, marker, entries in (
            ("suggested", series_color(1), "o", coverage["targets"]),
            ("as set", INK, "D", [coverage["abstain_below"] or {}]),
        ):
            reached = [entry for entry in entries if (entry.get("accuracy") or {}).get("value") is not None]
            if reached:
                axes.plot(
                    [entry["coverage"]["value"] for entry in reached],
                    [entry["accuracy"]["value"] for entry in reached],
                    marker,
                    color=color,
                    markersize=6,
                    label=name,
                )
        axes.set_xlim(0, 1.02)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("share of recordings answered")
        axes.set_ylabel("accuracy of the answers")
        if axes.get_legend_handles_labels()[1]:
            legend_above(axes)
    return figure
