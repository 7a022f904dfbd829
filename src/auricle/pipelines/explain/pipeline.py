"""The explanation pipeline of a study: the pages of each of its models that is trained."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from .nodes import draw_embedding_map, draw_taggrams, explain, project_embeddings, say_over_time

OF_CORPUS = ("manifest", "spectrograms", "recordings", "source")


def create_pipeline(corpus: str, networks: Sequence[str], models: Sequence[str]) -> Pipeline:
    """Explain champions on the recordings that they were judged on.

    Args:
        corpus: the study's corpus.
        networks: deep models, which get heat maps and taggrams.
        models: all models of the study, which get an embedding map.
    """
    of_networks = sum((_of_network(corpus, model) for model in networks), start=Pipeline([]))
    return sum((_of_model(corpus, model) for model in models), start=of_networks)


def _of_network(corpus: str, model: str) -> Pipeline:
    nodes = [
        Node(
            explain,
            [
                "champion",
                "predictions",
                *OF_CORPUS,
                "params:explanation",
                "params:decoding",
                "params:name",
            ],
            "explanations",
            name=f"explain_{model}",
        ),
        Node(
            say_over_time,
            ["champion", "predictions", "manifest", "spectrograms", "params:explanation"],
            "taggram",
            name=f"say_over_time_of_{model}",
        ),
        Node(
            draw_taggrams,
            [
                "champion",
                "taggram",
                "predictions",
                "manifest",
                "recordings",
                "source",
                "params:explanation",
                "params:decoding",
                "params:name",
            ],
            "taggrams",
            name=f"draw_taggrams_of_{model}",
        ),
    ]
    return _namespaced(
        nodes,
        corpus,
        model,
        of_corpus=OF_CORPUS,
        read=("champion", "predictions"),
        made=("explanations", "taggram", "taggrams"),
        parameters=("explanation", "decoding"),
    )


def _of_model(corpus: str, model: str) -> Pipeline:
    nodes = [
        Node(
            project_embeddings,
            [
                "champion",
                "embeddings",
                "predictions",
                "manifest",
                "params:explanation",
                "params:evaluation",
                "params:name",
            ],
            "projection",
            name=f"project_embeddings_of_{model}",
        ),
        Node(
            draw_embedding_map,
            [
                "champion",
                "projection",
                "recordings",
                "source",
                "params:explanation",
                "params:decoding",
                "params:name",
            ],
            "embedding_map",
            name=f"draw_embedding_map_of_{model}",
        ),
    ]
    return _namespaced(
        nodes,
        corpus,
        model,
        of_corpus=("manifest", "recordings", "source"),
        read=("champion", "embeddings", "predictions"),
        made=("projection", "embedding_map"),
        parameters=("explanation", "evaluation", "decoding"),
    )


def _namespaced(
    nodes: Sequence[Node],
    corpus: str,
    model: str,
    *,
    of_corpus: Sequence[str],
    read: Sequence[str],
    made: Sequence[str],
    parameters: Sequence[str],
) -> Pipeline:
    return Pipeline(
        nodes,
        namespace=f"{corpus}.explanation",
        inputs={name: f"{corpus}.{name}" for name in of_corpus}
        | {name: f"{corpus}.{model}.{name}" for name in read},
        outputs={name: f"{corpus}.{model}.{name}" for name in made},
        parameters={f"params:{name}": f"params:{corpus}.{name}" for name in parameters}
        | {"params:name": f"params:{corpus}.{model}.name"},
        tags="explain",
    )
