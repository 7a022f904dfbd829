"""The evaluation pipeline of a study: figures of each model, comparison of all, one page."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from auricle.studies import ENSEMBLE

from .nodes import compare, draw_confusion_matrix, draw_curves, report, score, write_card


def create_pipeline(corpus: str, evaluated: Sequence[str], compared: Sequence[str]) -> Pipeline:
    """Evaluate some models of a study, then compare all that are trained.

    Args:
        corpus: the study's corpus.
        evaluated: models whose figures are made anew.
        compared: all models of the study; the comparison names those that are not trained.
    """
    return sum((_of_model(corpus, model) for model in evaluated), start=_of_study(corpus, compared))


def _of_model(corpus: str, model: str) -> Pipeline:
    read = ("champion", "predictions")
    made = ("metrics", "card", "curves", "confusion_matrix")
    return Pipeline(
        [
            Node(
                score,
                ["champion", "predictions", "manifest", "params:evaluation", "params:labels"],
                "metrics",
                name=f"score_{model}",
            ),
            Node(
                write_card,
                [
                    "champion",
                    "predictions",
                    "metrics",
                    "manifest",
                    "data_report",
                    "source",
                    "params:labels",
                    "params:name",
                ],
                "card",
                name=f"write_card_of_{model}",
            ),
            Node(draw_curves, "champion", "curves", name=f"draw_curves_of_{model}"),
            Node(
                draw_confusion_matrix,
                "metrics",
                "confusion_matrix",
                name=f"draw_confusion_matrix_of_{model}",
            ),
        ],
        namespace=f"{corpus}.evaluation",
        inputs={name: f"{corpus}.{name}" for name in ("manifest", "data_report", "source")}
        | {name: f"{corpus}.{model}.{name}" for name in read},
        outputs={name: f"{corpus}.{model}.{name}" for name in made},
        parameters={
            "params:evaluation": f"params:{corpus}.evaluation",
            "params:labels": f"params:{corpus}.labels",
            "params:name": f"params:{corpus}.{model}.name",
        },
        tags="evaluate",
    )


def _of_study(corpus: str, models: Sequence[str]) -> Pipeline:
    predictions = {model: f"{model}_predictions" for model in models}
    metrics = {f"metrics_{model}": f"{model}_metrics" for model in models}
    champions = {f"champion_{model}": f"{model}_champion" for model in models}
    contributions = {"contributions": "contributions"} if ENSEMBLE in models else {}
    of_corpus = ("source", "data_report", "manifest", "recordings")
    of_report = (*of_corpus, "experiments_directory")
    of_model = ("predictions", "metrics", "champion")
    parameters = ("evaluation", "decoding", "labels", "study")
    return Pipeline(
        [
            Node(
                compare,
                {
                    "manifest": "manifest",
                    "evaluation": "params:evaluation",
                    "labels": "params:labels",
                }
                | predictions
                | champions,
                "comparison",
                name="compare",
            ),
            Node(
                report,
                {name: name for name in (*of_report, "comparison")}
                | {name: f"params:{name}" for name in parameters}
                | predictions
                | metrics
                | champions
                | contributions,
                "report",
                name="report",
            ),
        ],
        namespace=f"{corpus}.evaluation",
        inputs={name: f"{corpus}.{name}" for name in of_report}
        | {f"{model}_{name}": f"{corpus}.{model}.{name}" for model in models for name in of_model}
        | {name: f"{corpus}.{ENSEMBLE}.{name}" for name in contributions},
        outputs={name: f"{corpus}.{name}" for name in ("comparison", "report")},
        parameters={f"params:{name}": f"params:{corpus}.{name}" for name in parameters},
        tags="evaluate",
    )
