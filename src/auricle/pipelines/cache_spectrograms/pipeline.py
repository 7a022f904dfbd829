"""The spectrogram caching pipeline of a corpus."""

from functools import cache

from kedro.pipeline import Node, Pipeline

from .nodes import cache_spectrograms, render_variants


@cache
def create_pipeline(corpus: str) -> Pipeline:
    """From the manifest to spectrograms, and to altered copies where wanted, doing only what is missing."""
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
            ),
            Node(
                render_variants,
                [
                    "recordings",
                    "manifest",
                    "cached_variants",
                    "params:front_end",
                    "params:variants",
                    "params:decoding",
                    "params:ingest",
                    "params:labels",
                ],
                "variant_spectrograms",
                name="render_variants",
            ),
        ],
        namespace=corpus,
        tags="cache",
    )
