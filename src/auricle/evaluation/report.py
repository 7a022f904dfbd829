"""The report of a study: everything that was measured, on one self-contained page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from auricle.corpora.labels import MULTI
from auricle.evaluation import report_views as views
from auricle.evaluation.mistakes import Mistake
from auricle.evaluation.pages import page_environment, style_sheet
from auricle.evaluation.report_data import data_view
from auricle.evaluation.report_ensemble import ensemble_view
from auricle.evaluation.report_learned import learned_view, said_of_learning
from auricle.evaluation.report_provenance import provenance_rows

Json = dict[str, Any]

SYNTHESIZED = "These numbers describe a corpus synthesized by Auricle; they say nothing about real music."
FLATTERING = (
    "Every recording counts as a group of its own: artists may repeat across splits and folds, and where"
    " they do, the figures flatter."
)
CONTENTS = {
    "data": "Data",
    "models": "Models",
    "ensemble": "Ensemble",
    "training": "Training",
    "confusions": "Confusions",
    "classes": "Classes",
    "levels": "Hierarchy",
    "instruments": "Instruments",
    "calibration": "Calibration",
    "coverage": "Coverage",
    "domain": "Out of domain",
    "mistakes": "Mistakes",
    "provenance": "Provenance",
}


@dataclass(frozen=True)
class ModelSection:
    """All that the report says of one trained model.

    Attributes:
        name: Of the study's table, such as "cnn".
        metrics: What `evaluate_model` returned.
        training: `training.json` of the bundle: history or importances, and provenance.
        config: `config.json` of the bundle.
        version: Of the bundle.
        digest: Of the bundle.
    """

    name: str
    metrics: Json
    training: Json = field(default_factory=dict)
    config: Json = field(default_factory=dict)
    version: str = ""
    digest: str = ""


def render_report(
    *,
    study: str,
    source: Json,
    data_report: Json,
    comparison: Json,
    models: Mapping[str, ModelSection | None],
    mistakes: Sequence[Mistake] = (),
    contributions: Json | None = None,
    experiments_page: str | None = None,
) -> str:
    """The page as HTML.

    Args:
        study: Name of the study, such as "genre".
        source: Where the recordings come from: `synthesized` (bool) and `notes` (sentences shown above the
            figures).
        data_report: What `auricle.corpora.data_report.describe_corpus` returned.
        comparison: What `compare_models` returned.
        models: The models of the study in its order, None where one is not trained.
        mistakes: See `auricle.evaluation.mistakes`; each carries its excerpt.
        contributions: What `judge_contributions` returned, where the study has an ensemble.
        experiments_page: Where the page of all trainings lies, beside this one, if there is one.
    """
    environment = page_environment()
    sections = [section for section in models.values() if section is not None]
    order, told = list(models), said_of_learning(sections)
    shared = [warning for warning in views.shared_warnings(sections) if warning not in told]
    contents = {
        key: title
        for key, title in CONTENTS.items()
        if (contributions if key == "ensemble" else views.has_something_to_say(key, sections))
    }
    context = {
        "study": study,
        "css": style_sheet(environment),
        "version": version("auricle"),
        "verdict": comparison["verdict"],
        "remarks": remarks(source, data_report),
        "tiles": views.tiles(comparison),
        "contents": contents,
        "shown": set(contents),
        "data": data_view(data_report),
        "comparison": comparison,
        "several": comparison["problem_type"] == MULTI,
        "models_lead": views.models_lead(comparison),
        "columns": views.columns(comparison),
        "learned": learned_view(comparison),
        "comparison_charts": views.comparison_charts(comparison, order),
        "ensemble": None if contributions is None else ensemble_view(contributions),
        "experiments_page": experiments_page,
        "order": order,
        "sections": [views.section_view(section, said=[*shared, *told]) for section in sections],
        "mistakes": mistakes,
        "provenance": provenance_rows(sections),
        "shared_warnings": shared,
        "claim_words": views.claim_words(sections),
        "chosen_on": views.thresholds_chosen_on(sections),
        "nearly_level": views.nearly_level(sections),
        "level": 1 - comparison["confidence"],
        "confidence": views.share(comparison["confidence"]),
        "samples": comparison["bootstrap_samples"],
    }
    return environment.get_template("report.html.j2").render(context)


def remarks(source: Json, data_report: Json) -> list[str]:
    """What a reader must know before the first figure.

    A corpus that Auricle synthesized, recordings that are their own groups, and the notes of the source: said
    once each.
    """
    notes = [str(note) for note in source.get("notes") or []]
    said = " ".join(notes).lower()
    found = []
    if source.get("synthesized") and "synthesized" not in said:
        found.append(SYNTHESIZED)
    found += notes
    if list(data_report.get("group_by") or []) == ["recording"] and "flatter" not in said:
        found.append(FLATTERING)
    return found
