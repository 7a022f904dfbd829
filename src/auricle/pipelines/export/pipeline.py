"""The export pipeline of a study: each of its networks that is trained, as ONNX."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from .nodes import export, tell_check


def create_pipeline(corpus: str, networks: Sequence[str]) -> Pipeline:
    """Write champions as ONNX, compared with torch.

    Args:
        corpus: the study's corpus.
        networks: deep models of the study.
    """
    return sum((_of_network(corpus, model) for model in networks), start=Pipeline([]))


def _of_network(corpus: str, model: str) -> Pipeline:
    nodes = [
        Node(export, ["champion", "params:name"], "onnx", name=f"export_{model}"),
        Node(tell_check, ["champion", "onnx", "params:name"], "onnx_check", name=f"tell_check_of_{model}"),
    ]
    return Pipeline(
        nodes,
        namespace=f"{corpus}.export",
        inputs={"champion": f"{corpus}.{model}.champion"},
        outputs={name: f"{corpus}.{model}.{name}" for name in ("onnx", "onnx_check")},
        parameters={"params:name": f"params:{corpus}.{model}.name"},
        tags="export",
    )
