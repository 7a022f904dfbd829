"""The pipeline that recommends what is not rated yet, by a study's trained rater."""

from kedro.pipeline import Node, Pipeline

from auricle.pipelines.marks import ADDS_TO_ITS_INPUT, ALWAYS

from .nodes import draw_recommendations, embed_unheard, recommend_unrated, write_ratings

OF_CORPUS = ("manifest", "near_duplicates", "recordings", "source", "waveforms")
READ = ("champion", "known_windows", "tag_directory")
MADE = ("windows", "recommendations", "recommendations_csv", "recommended", "recommendation_figures")
PARAMS = ("recommendation", "decoding", "ingest")


def create_pipeline(corpus: str, model: str) -> Pipeline:
    """Embed what is new, rank the unrated, show them, and write into tags where that is asked for.

    Args:
        corpus: the study's corpus.
        model: its rater.
    """
    params = "params:recommendation"
    return Pipeline(
        [
            Node(
                embed_unheard,
                ["champion", "known_windows", "manifest", "waveforms", params, "params:name"],
                "windows",
                name="embed_unheard",
                tags=ADDS_TO_ITS_INPUT,
            ),
            Node(
                recommend_unrated,
                ["champion", "windows", "manifest", "near_duplicates", "recordings", params],
                {name: name for name in MADE[1:]},
                name="recommend_unrated",
            ),
            Node(
                draw_recommendations,
                [
                    "recommendations",
                    "recommendation_figures",
                    "recordings",
                    "source",
                    params,
                    "params:decoding",
                    "params:name",
                ],
                "recommendations_page",
                name="draw_recommendations",
            ),
            Node(
                write_ratings,
                [
                    "champion",
                    "recommendations",
                    "recordings",
                    "tag_directory",
                    params,
                    "params:ingest",
                    "params:decoding",
                ],
                None,
                name="write_ratings",
                tags=ALWAYS,
            ),
        ],
        namespace=f"{corpus}.recommend",
        inputs={name: f"{corpus}.{name}" for name in OF_CORPUS}
        | {name: f"{corpus}.{model}.{name}" for name in READ},
        outputs={name: f"{corpus}.{model}.{name}" for name in (*MADE, "recommendations_page")},
        parameters={f"params:{name}": f"params:{corpus}.{name}" for name in PARAMS}
        | {"params:name": f"params:{corpus}.{model}.name"},
        tags="recommend",
    )
