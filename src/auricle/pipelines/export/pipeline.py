"""The export pipeline of a study: each of its networks and forests that is trained, as ONNX."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from .nodes import export, export_waveforms, tell_check

OF_CORPUS = ("manifest", "recordings")


def create_pipeline(corpus: str, networks: Sequence[str], forests: Sequence[str]) -> Pipeline:
    """Write champions as ONNX, compared with themselves on recordings of the corpus.

    Args:
        corpus: the study's corpus.
        networks: of the study; with their front ends too.
        forests: likewise, whose descriptors no operator of ONNX computes.
    """
    of_networks = sum((_with_front_end(corpus, model) for model in networks), start=Pipeline([]))
    return sum((_of_model(corpus, model) for model in (*networks, *forests)), start=of_networks)


def _with_front_end(corpus: str, model: str) -> Pipeline:
    node = Node(
        export_waveforms,
        ["champion", "onnx", *OF_CORPUS, "params:export", "params:decoding", "params:name"],
        "onnx_waveform",
        name=f"export_waveforms_{model}",
    )
    return _namespaced(
        [node], corpus, model, ("champion", "onnx"), ("onnx_waveform",), ("export", "decoding")
    )


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
    return _namespaced(nodes, corpus, model, ("champion",), ("onnx", "onnx_check"), ("decoding",))


def _namespaced(  # noqa: PLR0917  (read, made and parameters, as Kedro has them)
    nodes: Sequence[Node],
    corpus: str,
    model: str,
    read: Sequence[str],
    made: Sequence[str],
    parameters: Sequence[str],
) -> Pipeline:
    return Pipeline(
        nodes,
        namespace=f"{corpus}.export",
        inputs={name: f"{corpus}.{name}" for name in OF_CORPUS}
        | {name: f"{corpus}.{model}.{name}" for name in read},
        outputs={name: f"{corpus}.{model}.{name}" for name in made},
        parameters={f"params:{name}": f"params:{corpus}.{name}" for name in parameters}
        | {"params:name": f"params:{corpus}.{model}.name"},
        tags="export",
    )
