"""The page of drift: what came since a training, and in what it differs from what the model knows."""

from typing import Any

from auricle.evaluation.pages import page_environment, style_sheet
from auricle.evaluation.report import SYNTHESIZED
from auricle.evaluation.report_views import number
from auricle.evaluation.svg import to_svg
from auricle.retraining.drift import DISTANCES, NAMES
from auricle.retraining.drift_plots import drift_figure

Json = dict[str, Any]


def render_drift(report: Json, *, name: str, source: Json) -> str:
    """The page as HTML, self-contained.

    Args:
        report: of `auricle.retraining.drift.measure_drift`.
        name: of the model, such as "genre.cnn".
        source: where the recordings come from; see `auricle.evaluation.report.render_report`.
    """
    environment = page_environment()
    return environment.get_template("drift.html.j2").render(
        css=style_sheet(environment),
        name=name,
        headline=_headline(report),
        report=report,
        rows=[_row(aspect) for aspect in report["aspects"]],
        charts=[_chart(aspect) for aspect in report["aspects"] if aspect["figure"]],
        remarks=[SYNTHESIZED] * bool(source.get("synthesized"))
        + ([report["reason"]] if report["reason"] else []),
    )


def _headline(report: Json) -> str:
    if not report["judged"]:
        return "Nothing is claimed about drift"
    drifted = [NAMES[aspect["name"]].lower() for aspect in report["aspects"] if aspect["drifted"]]
    if not drifted:
        return "No drift is shown"
    *others, last = drifted
    listed = f"{', '.join(others)} and {last}" if others else last
    return f"Drift in {listed}"


def _row(aspect: Json) -> Json:
    verdict = "drifted" if aspect["drifted"] else "not shown"
    return aspect | {
        "title": NAMES[aspect["name"]],
        "distance": DISTANCES[aspect["name"]],
        "verdict": verdict if aspect["reason"] is None else "not judged",
    }


def _chart(aspect: Json) -> Any:
    title = NAMES[aspect["name"]]
    return to_svg(
        drift_figure(aspect["figure"], title),
        name=f"drift-{aspect['name'].replace('_', '-')}",
        description=f"{title} of new and of known recordings: {DISTANCES[aspect['name']]}"
        f" {number(aspect['value'])}",
    )
