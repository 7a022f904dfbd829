"""The explanation pipeline of a study: a page for each of its deep models that is trained."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from .nodes import explain


def create_pipeline(corpus: str, models: Sequence[str]) -> Pipeline:
    """Explain the champions of deep models on the recordings that they were judged on."""
    return sum((_of_model(corpus, model) for model in models), start=Pipeline([]))


def _of_model(corpus: str, model: str) -> Pipeline:
    of_corpus = ("manifest", "spectrograms", "recordings", "source")
    return Pipeline(
        [
            Node(
                explain,
                [
                    "champion",
                    "predictions",
                    *of_corpus,
                    "params:explanation",
                    "params:decoding",
                    "params:name",
                ],
                "explanations",
                name=f"explain_{model}",
            )
        ],
        namespace=f"{corpus}.explanation",
        inputs={name: f"{corpus}.{name}" for name in of_corpus}
        | {name: f"{corpus}.{model}.{name}" for name in ("champion", "predictions")},
        outputs={"explanations": f"{corpus}.{model}.explanations"},
        parameters={
            "params:explanation": f"params:{corpus}.explanation",
            "params:decoding": f"params:{corpus}.decoding",
            "params:name": f"params:{corpus}.{model}.name",
        },
        tags="explain",
    )
