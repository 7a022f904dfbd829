"""The picture of a taggram: labels down, time along."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from auricle.evaluation.svg import INK, MUTED, house_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 8.4  # inches
LONGEST = 26  # letters of a label
TRUE = "✓ "

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Taggram:
    """One recording over time.

    Attributes:
        starts_s: where its windows begin, in seconds, float64 [shape=(windows,)].
        ends_s: where they end.
        labels: in the order of the picture, the highest peak first.
        probabilities: float32 [shape=(windows, labels)].
        said: which labels are said in which windows, bool of the same shape.
        is_true: which of the labels are true, bool [shape=(labels,)].
    """

    starts_s: npt.NDArray[np.float64]
    ends_s: npt.NDArray[np.float64]
    labels: Sequence[str]
    probabilities: FloatArray
    said: npt.NDArray[np.bool_]
    is_true: npt.NDArray[np.bool_]

    @property
    def centres_s(self) -> npt.NDArray[np.float64]:
        """The middle of each window, in seconds."""
        return (self.starts_s + self.ends_s) / 2


def column_edges(taggram: Taggram) -> npt.NDArray[np.float64]:
    """Where the columns of the picture meet, in seconds [shape=(windows + 1,)].

    Windows overlap and columns do not: each column is the time that is nearer to the middle of its window
    than to that of any other.
    """
    centres = taggram.centres_s
    between = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([taggram.starts_s[:1], between, taggram.ends_s[-1:]])


def taggram_figure(taggram: Taggram, heard: tuple[float, float] | None = None) -> "Figure":
    """The heat map, with a dot where a label is said.

    Args:
        taggram: of one recording.
        heard: start and end of what the page lets one hear, in seconds; a line above the picture.
    """
    from matplotlib.figure import Figure

    count = len(taggram.labels)
    with house_style():
        figure = Figure(figsize=(WIDTH, 0.95 + 0.27 * count))
        axes = figure.subplots()
        mesh = axes.pcolormesh(
            column_edges(taggram),
            np.arange(count + 1) - 0.5,
            taggram.probabilities.T,
            cmap="magma",
            vmin=0,
            vmax=1,
            rasterized=True,
        )
        windows, rows = np.nonzero(taggram.said)
        size = float(np.clip(4 * 60 / len(taggram.starts_s), 2.2, 4.5))
        axes.plot(
            taggram.centres_s[windows],
            rows,
            "o",
            color="white",
            markersize=size,
            markeredgecolor="black",
            markeredgewidth=0.6,
        )
        marks = [TRUE if true else "" for true in taggram.is_true]
        names = [f"{mark}{_shortened(name)}" for mark, name in zip(marks, taggram.labels, strict=True)]
        axes.set_yticks(range(count), names)
        for text, true in zip(axes.get_yticklabels(), taggram.is_true, strict=True):
            text.set(color=INK if true else MUTED, fontweight="bold" if true else "normal")
        axes.tick_params(axis="y", length=0)
        if heard is not None:
            axes.plot(heard, [-0.68] * 2, color=INK, linewidth=3, clip_on=False, solid_capstyle="butt")
        axes.set_ylim(count - 0.5, -0.5)
        axes.set_xlim(*column_edges(taggram)[[0, -1]])
        axes.set_xlabel("seconds")
        axes.grid(visible=False)
        bar = figure.colorbar(mesh, ax=axes, fraction=0.03, pad=0.015, ticks=[0, 0.5, 1])
        bar.outline.set_visible(False)
    return figure


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
