"""The evaluation pipeline of a study of ratings: figures and card of each rater, and one page."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from auricle.pipelines.evaluate.nodes import draw_curves

from .nodes import report, score, write_card

OF_CORPUS = ("features", "manifest", "data_report", "source")
MADE = ("metrics", "card", "curves")


def create_pipeline(corpus: str, evaluated: Sequence[str], compared: Sequence[str]) -> Pipeline:
    """Evaluate some raters of a study, then show all that are trained.

    Args:
        corpus: the study's corpus.
        evaluated: models whose figures are made anew.
        compared: all models of the study.
    """
    return sum((_of_model(corpus, model) for model in evaluated), start=_of_study(corpus, compared))


def _of_model(corpus: str, model: str) -> Pipeline:
    read = ("champion", "predictions", "embeddings")
    given = ("descriptors", "evaluation")
    return Pipeline(
        [
            Node(
                score,
                [*read, *OF_CORPUS[:2], *(f"params:{name}" for name in given), "params:name"],
                "metrics",
                name=f"score_{model}",
            ),
            Node(
                write_card,
                ["champion", "metrics", *OF_CORPUS[1:], "params:name"],
                "card",
                name=f"write_card_of_{model}",
            ),
            Node(draw_curves, "champion", "curves", name=f"draw_curves_of_{model}"),
        ],
        namespace=f"{corpus}.evaluation",
        inputs={name: f"{corpus}.{name}" for name in OF_CORPUS}
        | {name: f"{corpus}.{model}.{name}" for name in read},
        outputs={name: f"{corpus}.{model}.{name}" for name in MADE},
        parameters={f"params:{name}": f"params:{corpus}.{name}" for name in given}
        | {"params:name": f"params:{corpus}.{model}.name"},
        tags="evaluate_ratings",
    )


def _of_study(corpus: str, models: Sequence[str]) -> Pipeline:
    of_models = {f"{what}_{model}": f"{corpus}.{model}.{what}" for model in models for what in MADE[:1]}
    of_models |= {f"champion_{model}": f"{corpus}.{model}.champion" for model in models}
    return Pipeline(
        [
            Node(
                report,
                {name: name for name in (*OF_CORPUS[2:], *of_models)} | {"study": "params:study"},
                "report",
                name="report",
            )
        ],
        namespace=f"{corpus}.evaluation",
        inputs={name: f"{corpus}.{name}" for name in OF_CORPUS[2:]} | of_models,
        outputs={"report": f"{corpus}.report"},
        parameters={"params:study": f"params:{corpus}.study"},
        tags="evaluate_ratings",
    )
