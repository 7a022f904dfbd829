"""The drawings of the page of drift: new recordings beside known ones, in one aspect each."""

from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.evaluation.plots import legend_above, new_axes
from auricle.evaluation.svg import ACCENT, BASELINE, house_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Json = dict[str, Any]
SIDES = (("known", BASELINE), ("new", ACCENT))
ALL = 100.0


def drift_figure(shown: Json, title: str) -> "Figure":
    """The picture of an aspect, by what `auricle.retraining.aspects` keeps of it."""
    height = 1.3 + 0.34 * len(shown["names"]) if shown["kind"] == "shares" else 3.2
    with house_style():
        figure, (axes,) = new_axes(height=height)
        DRAWN[shown["kind"]](axes, shown)
        axes.set_title(title)
        legend_above(axes)
    return figure


def _shares(axes: "Axes", shown: Json) -> None:
    places = np.arange(len(shown["names"]))[::-1]
    for (side, color), offset in zip(SIDES, (0.19, -0.19), strict=True):
        axes.barh(places + offset, _per_cent(shown[side]), height=0.34, color=color, label=side)
    axes.set_yticks(places, shown["names"])
    axes.set_xlabel("% of recordings")
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)


def _cumulative(axes: "Axes", shown: Json) -> None:
    values = np.asarray(shown["values"])
    margin = 0.03 * (values[-1] - values[0]) or 0.1 * values[-1]
    ends = [values[0] - margin, *values, values[-1] + margin]
    for (side, color), style in zip(SIDES, ("-", "--"), strict=True):
        heights = [0.0, *_per_cent(shown[side]), ALL]
        axes.step(ends, heights, where="post", color=color, linestyle=style, label=side)
    axes.set_xlabel(shown["unit"])
    axes.set_ylabel("% of recordings up to it")
    axes.set_ylim(0, ALL + 2)


def _bins(axes: "Axes", shown: Json) -> None:
    places = np.arange(len(shown["known"]))
    for (side, color), offset in zip(SIDES, (-0.2, 0.2), strict=True):
        axes.bar(places + offset, _per_cent(shown[side]), width=0.38, color=color, label=side)
    edges = shown["edges"]
    axes.set_xticks(np.arange(len(edges)) - 0.5, [f"{edge:.2f}" for edge in edges], rotation=45)
    axes.set_xlabel(shown["unit"])
    axes.set_ylabel("% of recordings")
    axes.grid(visible=False, axis="x")


def _points(axes: "Axes", shown: Json) -> None:
    for side, color in SIDES:
        across, up = np.asarray(shown[side], dtype=np.float64).reshape(-1, 2).T
        axes.scatter(across, up, s=13, color=color, alpha=0.75, linewidths=0, label=side)
    axes.set_xlabel("first principal component of the known")
    axes.set_ylabel("second")


def _per_cent(shares: list[float]) -> list[float]:
    return [100 * share for share in shares]


DRAWN = {"shares": _shares, "cumulative": _cumulative, "bins": _bins, "points": _points}
