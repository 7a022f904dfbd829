"""The similarity pipeline of a study: an index and a page for each of its models that is trained."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from auricle.pipelines.marks import ADDS_TO_ITS_INPUT

from .nodes import (
    answer_queries,
    draw_similarity,
    index_recordings,
    judge_neighbours,
    keep_build,
    keep_copies,
    keep_neighbours,
)

OF_CORPUS = ("manifest", "near_duplicates")
OF_MODEL = ("champion", "embeddings", "predictions")


def create_pipeline(corpus: str, models: Sequence[str]) -> Pipeline:
    """Index the embeddings of champions and judge them side by side.

    Args:
        corpus: the study's corpus.
        models: all models of the study.
    """
    judging = _judging(corpus, models)
    return sum((_of_model(corpus, model) for model in models), start=judging)


def _judging(corpus: str, models: Sequence[str]) -> Pipeline:
    read = {f"{what}_{model}": f"{corpus}.{model}.{what}" for model in models for what in OF_MODEL}
    fixed = {name: name for name in OF_CORPUS} | {
        "params": "params:similarity",
        "evaluation": "params:evaluation",
    }
    return Pipeline(
        [
            Node(
                judge_neighbours,
                fixed | {name: name for name in read},
                "similarity",
                name="judge_neighbours",
            )
        ],
        namespace=f"{corpus}.similarity_search",
        inputs={name: f"{corpus}.{name}" for name in OF_CORPUS} | read,
        outputs={"similarity": f"{corpus}.similarity"},
        parameters={
            "params:similarity": f"params:{corpus}.similarity",
            "params:evaluation": f"params:{corpus}.evaluation",
        },
        tags="similarity",
    )


def _of_model(corpus: str, model: str) -> Pipeline:
    nodes = [
        Node(
            index_recordings,
            [
                "champion",
                "embeddings",
                *OF_CORPUS,
                "similarity_index",
                "recordings",
                "params:similarity",
                "params:decoding",
                "params:name",
            ],
            "indexed",
            name=f"index_recordings_of_{model}",
            tags=ADDS_TO_ITS_INPUT,
        ),
        Node(keep_build, "indexed", "similarity_build", name=f"keep_build_of_{model}"),
        Node(keep_neighbours, "indexed", "neighbours", name=f"keep_neighbours_of_{model}"),
        Node(keep_copies, "indexed", "copies", name=f"keep_copies_of_{model}"),
        Node(
            draw_similarity,
            [
                "indexed",
                "similarity",
                "similarity_index",
                "recordings",
                "source",
                "params:similarity",
                "params:decoding",
                "params:name",
            ],
            "similarity_page",
            name=f"draw_similarity_of_{model}",
        ),
        Node(
            answer_queries,
            ["champion", "indexed", "similarity_index", "params:similarity", "params:decoding"],
            "similar",
            name=f"answer_queries_of_{model}",
        ),
    ]
    of_model = ("champion", "embeddings", "similarity_index")
    made = ("indexed", "similarity_build", "neighbours", "copies", "similarity_page", "similar")
    return Pipeline(
        nodes,
        namespace=f"{corpus}.similarity_search",
        inputs={name: f"{corpus}.{name}" for name in (*OF_CORPUS, "similarity", "recordings", "source")}
        | {name: f"{corpus}.{model}.{name}" for name in of_model},
        outputs={name: f"{corpus}.{model}.{name}" for name in made},
        parameters={f"params:{name}": f"params:{corpus}.{name}" for name in ("similarity", "decoding")}
        | {"params:name": f"params:{corpus}.{model}.name"},
        tags="similarity",
    )
