"""What all pages share: where templates lie, how figures are written, one style sheet."""

from typing import TYPE_CHECKING

from auricle.evaluation import report_views as views
from auricle.evaluation.verdict import FIGURE_NAMES, interval_text, model_name, signed

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


def page_environment() -> "Environment":
    """Templates that escape what they are given, and refuse a name that nobody gave them."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("auricle.evaluation", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=views.number,
        share=views.share,
        signed=signed,
        model_name=model_name,
        figure_name=FIGURE_NAMES.__getitem__,
        interval_text=interval_text,
        with_reason=views.with_reason,
        or_nothing_answered=views.or_nothing_answered,
    )
    return environment


def style_sheet(environment: "Environment") -> "Markup":
    """The style of every page as it is: it is not text to be escaped."""
    from markupsafe import Markup

    assert environment.loader is not None
    return Markup(environment.loader.get_source(environment, "report.css")[0])  # noqa: S704
