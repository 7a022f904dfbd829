"""The page of a model's history: who was champion when, who challenged it, and why it was replaced or not."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from auricle.evaluation.pages import page_environment, style_sheet
from auricle.evaluation.plots import legend_above, new_axes
from auricle.evaluation.report import SYNTHESIZED
from auricle.evaluation.report_views import number
from auricle.evaluation.svg import ACCENT, BASELINE, INK, house_style, series_color, to_svg
from auricle.evaluation.verdict import FIGURE_NAMES
from auricle.retraining.history import BROKEN_OFF, KEPT, NOTHING_NEW, PROMOTED, UNDONE, WAITING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Json = dict[str, Any]
SECONDS_OF_DAY = 86_400  # matplotlib counts days since 1970
TRIGGERS = {
    "no_champion": "there was no champion",
    "undone": "a promotion that was not carried out",
    "new_recordings": "new recordings",
    "age": "time",
    "drift": "drift",
    "always": "asked for",
}
COUNTED = (PROMOTED, KEPT, WAITING, UNDONE, NOTHING_NEW, *BROKEN_OFF, "rollback", "promote")
CLASSES = {
    PROMOTED: "verdict-better",
    **dict.fromkeys((*BROKEN_OFF, UNDONE, "rollback"), "verdict-worse"),
}


def render_history(history: Json, *, name: str, source: Json) -> str:
    """The page as HTML, self-contained.

    Args:
        history: of `auricle.retraining.history.tell_history`.
        name: of the model, such as "genre.cnn".
        source: where the recordings come from; see `auricle.evaluation.report.render_report`.
    """
    environment = page_environment()
    figure = FIGURE_NAMES.get(history["figure"] or "", "")
    return environment.get_template("history.html.j2").render(
        css=style_sheet(environment),
        name=name,
        headline=_headline(history),
        history=history,
        figure=figure,
        tiles=_tiles(history, figure),
        chart=_chart(history, figure),
        rows=[_row(event) for event in reversed(together(history["events"]))],
        remarks=[SYNTHESIZED] * bool(source.get("synthesized")),
    )


def together(events: Sequence[Json]) -> list[Json]:
    """The events, those in a row in which nothing was new as one, with their `count`."""
    found: list[Json] = []
    for event in events:
        if found and event["kind"] == found[-1]["kind"] == NOTHING_NEW:
            found[-1] |= {"count": found[-1]["count"] + 1, "until": event["at"]}
        else:
            found.append(event | {"count": 1, "until": None})
    return found


def history_figure(history: Json, figure: str) -> "Figure":
    """The champion's figure over time, and those of the models that challenged it."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    events = history["events"]
    with house_style():
        drawn, (axes,) = new_axes(height=3.4, width=9.2)
        points = [(_time(event), event["value"]) for event in events if event["value"] is not None]
        if points:
            times, values = zip(*points, strict=True)
            axes.step(times, values, where="post", color=ACCENT, label="champion")
        for kind, color, marker, label in (
            (PROMOTED, ACCENT, "o", "promoted"),
            (KEPT, BASELINE, "x", "not better"),
            (WAITING, series_color(3), "D", "waiting"),
            (UNDONE, INK, "s", "won, not carried out"),
        ):
            said = [
                (_time(event), event["challenger"])
                for event in events
                if event["kind"] == kind and event.get("challenger") is not None
            ]
            if said:
                across, up = zip(*said, strict=True)
                axes.plot(across, up, color=color, marker=marker, linestyle="none", markersize=6, label=label)
        for event in events:
            if event["kind"] == "rollback":
                axes.axvline(
                    _time(event).timestamp() / SECONDS_OF_DAY, color=INK, linewidth=1, linestyle=(0, (2, 3))
                )
        locator = AutoDateLocator(minticks=3, maxticks=8)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
        axes.grid(visible=False, axis="x")
        axes.set_title(figure)
        if points:
            legend_above(axes)
    return drawn


def _chart(history: Json, figure: str) -> Any:
    measured = [event for event in history["events"] if event["value"] is not None]
    if not measured:
        return None
    spoken = "; ".join(f"{event['at']} {number(event['value'])} ({event['title']})" for event in measured)
    return to_svg(
        history_figure(history, figure),
        name="history",
        description=f"{figure} of the champion over time: {spoken}",
    )


def _headline(history: Json) -> str:
    if history["champion"] is None:
        return "No champion yet"
    counts = history["counts"]
    decided = sum(counts.get(kind, 0) for kind in (PROMOTED, KEPT, WAITING, UNDONE))
    if not decided:
        return "No challenger has come yet"
    return f"{counts.get(PROMOTED, 0)} of {decided} challengers became champion"


def _tiles(history: Json, figure: str) -> list[Json]:
    counts = {kind: history["counts"].get(kind, 0) for kind in COUNTED}
    values = [event["value"] for event in history["events"] if event["value"] is not None]
    broken = sum(counts[kind] for kind in BROKEN_OFF)
    return [
        {
            "name": f"{figure} of the champion" if figure else "the champion",
            "value": number(values[-1] if values else None),
            "note": "as last measured, on what decides",
        },
        {
            "name": "challengers",
            "value": counts[PROMOTED] + counts[KEPT] + counts[WAITING] + counts[UNDONE],
            "note": f"{counts[PROMOTED]} promoted, {counts[KEPT]} not, {counts[WAITING]} waiting"
            + (f", {counts[UNDONE]} not carried out" if counts[UNDONE] else ""),
        },
        {
            "name": "rollbacks",
            "value": counts["rollback"],
            "note": f"{counts['promote']} promoted by hand",
        },
        {"name": "runs with nothing new", "value": counts[NOTHING_NEW], "note": f"{broken} broke off"},
    ]


def _row(event: Json) -> Json:
    return event | {
        "day": _time(event).strftime("%Y-%m-%d %H:%M"),
        "css": CLASSES.get(event["kind"], "quiet"),
        "why": [TRIGGERS.get(name, name) for name in event.get("triggers") or []],
        "has_figures": event.get("challenger") is not None,
        "recordings": event.get("recordings"),
        "revision": (event.get("git_revision") or "")[:10],
    }


def _time(event: Json) -> datetime:
    then = datetime.fromisoformat(str(event["at"]))
    return then if then.tzinfo else then.replace(tzinfo=UTC)
