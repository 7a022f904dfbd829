"""What the champion says of the present corpus before its challengers are trained: kept where there is any.

Kedro saves both outputs of a node or fails, and there need not be a champion: hence the nodes in between.
"""

from collections.abc import Callable, Iterator

import pandas as pd
from kedro.pipeline import Node, Pipeline

Said = tuple[pd.DataFrame, ...]


def keep_predictions(said: Said) -> Iterator[pd.DataFrame]:
    """The predictions, where there are any."""
    yield from said[:1]


def keep_embeddings(said: Said) -> Iterator[pd.DataFrame]:
    """The embeddings, where there are any."""
    yield from said[1:]


def create_pipeline(
    corpus: str,
    model: str,
    predict: Callable[..., Said],
    inputs: dict[str, str],
    parameters: dict[str, str] | None = None,
) -> Pipeline:
    """Predictions and embeddings of the champion, as `incumbent.predictions` and `incumbent.embeddings`.

    Args:
        corpus: the study's corpus.
        model: of the study.
        predict: a node's function, of `champion` and what it hears; gives both tables, or none.
        inputs: its further inputs by their names there, in the corpus.
        parameters: those that are the model's, by their names there.
    """
    said, kept = f"said_by_{model}", ("predictions", "embeddings")
    own = parameters or {}
    read = {"champion": "champion"} | {name: name for name in inputs}
    return Pipeline(
        [
            Node(
                predict,
                read | {name: f"params:{name}" for name in own},
                said,
                name=f"predict_by_{model}",
            ),
            Node(keep_predictions, said, "predictions", name=f"keep_predictions_by_{model}"),
            Node(keep_embeddings, said, "embeddings", name=f"keep_embeddings_by_{model}"),
        ],
        namespace=f"{corpus}.retraining",
        inputs=inputs | {"champion": f"{corpus}.{model}.incumbent"},
        outputs={name: f"{corpus}.{model}.incumbent.{name}" for name in kept},
        parameters={f"params:{name}": place for name, place in own.items()},
    )
