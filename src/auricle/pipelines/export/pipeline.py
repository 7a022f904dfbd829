"""The export pipeline of a study: each of its networks and forests that is trained, as ONNX."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from .nodes import export, tell_check

OF_CORPUS = ("manifest", "recordings")


def create_pipeline(corpus: str, models: Sequence[str]) -> Pipeline:
    """Write champions as ONNX, compared with themselves on recordings of the corpus.

    Args:
        corpus: the study's corpus.
        models: networks and forests of the study.
    """
    return sum((_of_model(corpus, model) for model in models), start=Pipeline([]))


def _of_model(corpus: str, model: str) -> Pipeline:
    nodes = [
        Node(
            export,
            ["champion", *OF_CORPUS, "params:decoding", "params:name"],
            "onnx",
            name=f"export_{model}",
        ),
        Node(tell_check, ["champion", "onnx", "params:name"], "onnx_check", name=f"tell_check_of_{model}"),
    ]
    return Pipeline(
        nodes,
        namespace=f"{corpus}.export",
        inputs={name: f"{corpus}.{name}" for name in OF_CORPUS} | {"champion": f"{corpus}.{model}.champion"},
        outputs={name: f"{corpus}.{model}.{name}" for name in ("onnx", "onnx_check")},
        parameters={
            "params:decoding": f"params:{corpus}.decoding",
            "params:name": f"params:{corpus}.{model}.name",
        },
        tags="export",
    )
