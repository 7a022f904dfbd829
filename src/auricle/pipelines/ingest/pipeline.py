"""The ingestion pipeline of a corpus."""

from functools import cache

from kedro.pipeline import Node, Pipeline

from auricle.pipelines.marks import ADDS_TO_ITS_INPUT

from .nodes import (
    assign_splits_and_build_manifest,
    compare_recordings,
    inspect_recordings,
    list_splits,
    provide_recordings,
    report_data,
)


@cache
def create_pipeline(corpus: str) -> Pipeline:
    """From the folder of recordings to manifest, ledger and data report, in the corpus's namespace."""
    return Pipeline(
        [
            Node(
                provide_recordings,
                ["recordings", "params:demo", "params:ingest", "params:source"],
                "source",
                name="provide_recordings",
                tags=ADDS_TO_ITS_INPUT,
            ),
            Node(
                inspect_recordings,
                ["recordings", "source", "known_files", "params:ingest", "params:decoding"],
                "files",
                name="inspect_recordings",
            ),
            Node(
                compare_recordings,
                ["files", "params:ingest"],
                "near_duplicates",
                name="find_near_duplicates",
            ),
            Node(
                assign_splits_and_build_manifest,
                ["recordings", "files", "near_duplicates", "known_splits", "params:ingest"],
                ["splits", "manifest"],
                name="build_manifest",
            ),
            Node(list_splits, "manifest", "split_lists", name="list_splits"),
            Node(
                report_data,
                ["manifest", "near_duplicates", "params:ingest", "params:labels"],
                "data_report",
                name="report_data",
            ),
        ],
        namespace=corpus,
        tags="ingest",
    )
