"""The waveform caching pipeline of a corpus."""

from functools import cache

from kedro.pipeline import Node, Pipeline

from .nodes import cache_waveforms


@cache
def create_pipeline(corpus: str) -> Pipeline:
    """From the manifest to waveforms, doing only what is missing."""
    return Pipeline(
        [
            Node(
                cache_waveforms,
                [
                    "recordings",
                    "manifest",
                    "cached_waveforms",
                    "params:waveforms",
                    "params:decoding",
                    "params:ingest",
                ],
                "waveforms",
                name="cache_waveforms",
            )
        ],
        namespace=corpus,
        tags="cache",
    )
