"""Matplotlib figures as inline SVG that takes its colours and its font from the page around it."""

import io
import re
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, cast

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Sentinel colours: drawn by matplotlib, replaced by the page's CSS variables, so that one drawing serves
# light and dark. Also fit to be looked at as they are, where a figure is saved as a picture.
INK, MUTED, LINE, ACCENT, BASELINE = "#1f2429", "#5d6671", "#dcd8d0", "#1f6f78", "#8a8f96"
SERIES = ("#1f6f79", "#b4552d", "#6a5aa8", "#8a6d1f", "#3f7d3c", "#a6457a", "#3c5f9e")
VARIABLES = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    LINE: "var(--line)",
    ACCENT: "var(--accent)",
    BASELINE: "var(--baseline)",
    **{color: f"var(--series-{index})" for index, color in enumerate(SERIES, start=1)},
}
STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "auricle",
    "text.parse_math": False,  # a class may be called "$$$"
    "font.family": "sans-serif",
    "font.size": 11,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 10.5,
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlepad": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.labelsize": 10.5,
    "ytick.labelsize": 10.5,
    "lines.linewidth": 1.9,
    "legend.frameon": False,
    "legend.fontsize": 10.5,
    "figure.constrained_layout.use": True,
}


def house_style() -> AbstractContextManager[None]:
    """Matplotlib's settings for every drawing of the report; no window, whatever the machine."""
    import matplotlib as mpl

    return mpl.rc_context(cast("Any", STYLE))


def series_color(index: int) -> str:
    """The colour of the model at this place in the study."""
    return SERIES[index % len(SERIES)]


def to_svg(figure: "Figure", *, name: str, description: str) -> Markup:
    """Inline SVG of a figure.

    Args:
        figure: Drawn under `house_style`.
        name: Unique on the page; keeps the drawing's ids apart from those of others.
        description: What the drawing shows, for those who do not see it.
    """
    buffer = io.StringIO()
    with house_style():
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'(href="|url\()#', rf"\1#{name}-", text)
    text = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r" ?font-family: [^;\"]*;", "", text)
    for color, variable in VARIABLES.items():
        text = text.replace(color, variable)
    opening = re.search(r'viewBox="([^"]+)"', text)
    view = opening[1] if opening else "0 0 0 0"
    label = escape(description)
    body = text[text.index(">") + 1 :]
    return Markup(  # noqa: S704  (drawn here; the only text from outside is escaped)
        f'<svg class="chart" role="img" aria-label="{label}" viewBox="{view}"'
        f' xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{body}'
    )
