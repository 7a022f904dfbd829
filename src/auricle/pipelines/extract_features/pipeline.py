"""The feature extraction pipeline of a corpus."""

from functools import cache

from kedro.pipeline import Node, Pipeline

from .nodes import extract_features


@cache
def create_pipeline(corpus: str) -> Pipeline:
    """From the manifest to the table of hand-crafted features, doing only what the table lacks."""
    return Pipeline(
        [
            Node(
                extract_features,
                [
                    "recordings",
                    "manifest",
                    "known_features",
                    "params:descriptors",
                    "params:decoding",
                    "params:ingest",
                ],
                "features",
                name="extract_features",
            )
        ],
        namespace=corpus,
        tags="features",
    )
