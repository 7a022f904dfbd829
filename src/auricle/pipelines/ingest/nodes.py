"""Nodes of the ingestion: each hands catalog entries to `auricle.corpora`."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from auricle.audio.limits import AudioLimits
from auricle.audio.synthesis import AnyDemoParams
from auricle.corpora.data_report import describe_corpus, log_summary
from auricle.corpora.inspection import find_audio, inspect_files
from auricle.corpora.labels import LabelParams
from auricle.corpora.layouts import read_layout
from auricle.corpora.manifest import build_manifest
from auricle.corpora.near_duplicates import find_near_duplicates
from auricle.corpora.params import IngestParams, SourceParams
from auricle.corpora.split_lists import split_lists
from auricle.errors import CorpusError

logger = logging.getLogger(__name__)


def provide_recordings(
    recordings: Path, demo: AnyDemoParams, ingest: IngestParams, source: SourceParams | None = None
) -> dict[str, Any]:
    """Render the demo corpus where it is asked for, and say where the recordings come from.

    A folder that `source.root` names is somebody's own: nothing is rendered into it.

    Raises:
        CorpusError: the folder does not exist, or holds no recording.
    """
    chosen = demo.root
    rendered = chosen.enabled and (source is None or source.root is None)
    if rendered:
        from auricle.audio.synthesis.render import render_demo

        render_demo(recordings, chosen, workers=ingest.workers)
    if not recordings.is_dir():
        raise CorpusError(
            f"{recordings} is not a folder: put the recordings there, or name their folder by `source.root` "
            "in the parameters of the corpus, or by `recordings` in the environment's globals.yml"
        )
    if not find_audio(recordings):
        raise CorpusError(f"{recordings} holds no audio file (wav, flac, ogg or mp3)")
    return {
        "folder": recordings.name,
        "layout": ingest.layout,
        "synthesized": rendered,
        "demo": chosen.model_dump() if rendered else None,
        "notes": list(ingest.notes),
    }


def inspect_recordings(
    recordings: Path,
    source: dict[str, Any],
    known_files: pd.DataFrame,
    ingest: IngestParams,
    decoding: AudioLimits,
) -> Iterator[pd.DataFrame]:
    """Inspect every file that is new or changed since the last run; yields the inventory in chunks."""
    listed = read_layout(ingest.layout, recordings, ingest.layout_options)["path"].tolist()
    paths = sorted(set(find_audio(recordings)) | {path for path in listed if (recordings / path).is_file()})
    known = known_files if len(known_files) else None
    yield from inspect_files(
        recordings,
        paths,
        known,
        decoding,
        fingerprints=ingest.near_duplicates.enabled,
        workers=ingest.workers,
    )


def compare_recordings(files: pd.DataFrame, ingest: IngestParams) -> pd.DataFrame:
    """Pairs of recordings that are copies of one, though their bytes differ."""
    return find_near_duplicates(files, ingest.near_duplicates)


def assign_splits_and_build_manifest(
    recordings: Path,
    files: pd.DataFrame,
    near_duplicates: pd.DataFrame,
    known_splits: pd.DataFrame,
    ingest: IngestParams,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Join inventory and labels, group, split; returns the ledger's new rows and the manifest."""
    layout = read_layout(ingest.layout, recordings, ingest.layout_options)
    present = files[[(recordings / path).is_file() for path in files["path"]]]
    ledger = known_splits if len(known_splits) else None
    manifest, ledger_now = build_manifest(present, layout, ledger, ingest, near_duplicates)
    # The ledger only grows at its end, so what comes after the rows that were known is new.
    return ledger_now.iloc[len(known_splits) :], manifest


def list_splits(manifest: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Lists of `path,label` for each split, or each split of each fold, to be inspected."""
    return split_lists(manifest)


def report_data(
    manifest: pd.DataFrame, near_duplicates: pd.DataFrame, ingest: IngestParams, labels: LabelParams
) -> dict[str, Any]:
    """Counts, durations, quarantine and warnings, as JSON and as a few lines of log."""
    report = describe_corpus(manifest, ingest, labels, near_duplicates)
    log_summary(report)
    return report
