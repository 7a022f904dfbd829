"""The spectrogram caching pipeline of a corpus."""

from kedro.pipeline import Node, Pipeline

from .nodes import cache_spectrograms


def create_pipeline(corpus: str) -> Pipeline:
    """From the manifest to the spectrogram store, doing only what the store lacks."""
    return Pipeline(
        [
            Node(
                cache_spectrograms,
                [
                    "recordings",
                    "manifest",
                    "cached_spectrograms",
                    "params:front_end",
                    "params:decoding",
                    "params:ingest",
                ],
                "spectrograms",
                name="cache_spectrograms",
            )
        ],
        namespace=corpus,
        tags="cache",
    )
