"""The history of the models of a study."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from auricle.pipelines.marks import ALWAYS

from .nodes import draw_history

KNOWN = ("decisions", "moves")


def create_pipeline(corpus: str, models: Sequence[str], after: Sequence[str] = ()) -> Pipeline:
    """A page for each model.

    Args:
        corpus: the study's corpus.
        models: whose history is told.
        after: entries of each model that a pipeline makes before the story is told.
    """
    return sum((_of_model(corpus, model, after) for model in models), start=Pipeline([]))


def _of_model(corpus: str, model: str, after: Sequence[str]) -> Pipeline:
    read = {name: f"{corpus}.{model}.{name}" for name in (*KNOWN, *after)}
    read |= {"runs": f"{corpus}.runs", "source": f"{corpus}.source"}
    return Pipeline(
        [
            Node(
                draw_history,
                {name: name for name in read} | {"name": "params:name"},
                "history_page",
                name=f"draw_history_of_{model}",
                tags=ALWAYS,  # of runs that broke off no entry tells
            )
        ],
        namespace=f"{corpus}.history",
        inputs=read,
        outputs={"history_page": f"{corpus}.{model}.history_page"},
        parameters={"params:name": f"params:{corpus}.{model}.name"},
        tags="history",
    )
