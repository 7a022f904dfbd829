"""What is known of listed recordings: inventory, copies, the ledger of splits; a folder that only grows."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from auricle.audio.descriptors import DescriptorExtractor
from auricle.audio.frontend import FrontEnd
from auricle.audio.store import SpectrogramStore
from auricle.audio.waveform_front_end import WaveformFrontEnd
from auricle.audio.waveform_store import WaveformStore, commit
from auricle.corpora.caching import missing_features, missing_spectrograms, missing_waveforms
from auricle.corpora.data_report import describe_corpus, log_summary
from auricle.corpora.inspection import inspect_files
from auricle.corpora.manifest import build_manifest
from auricle.corpora.near_duplicates import find_near_duplicates
from auricle.corpora.shards import add_shard, read_shards
from auricle.errors import ConfigurationError
from auricle.fitting.lists import Listed
from auricle.fitting.params import FitParams
from auricle.models.whole_file import write_whole
from auricle.training.workdir import hold

logger = logging.getLogger(__name__)

README = "README.txt"
SAID = (
    "What auricle.fit knows of the recordings that it was given: which can be used, in which split each\n"
    "is, what models hear of them, and unfinished trainings. Without it all of this is computed again, and\n"
    "splits are made anew.\n"
)
LEDGER_KEY = ("protocol", "group")
FEATURES_KEY = ("recording_id", "extractor")


@dataclass(frozen=True)
class Corpus:
    """Recordings that can be learned from.

    Attributes:
        root: the folder that the paths of the manifest are relative to.
        manifest: one row per file.
        report: what `describe_corpus` says of it.
    """

    root: Path
    manifest: pd.DataFrame
    report: dict[str, Any]

    @property
    def source(self) -> dict[str, Any]:
        """Where the recordings come from, as cards have it: without the folder, which may name a person."""
        return {"layout": "lists", "synthesized": False, "notes": []}


@contextmanager
def open_cache(folder: Path) -> Iterator[Path]:
    """The folder of what is known, made where it is missing, held against other processes.

    Raises:
        ConfigurationError: it is somebody else's folder, or another process fills it.
    """
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(f"cache is {folder}, which is a file. Name a folder.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / README).is_file():
        raise ConfigurationError(
            f"cache is {folder}, which holds something else than auricle.fit has put there. Name another"
            " folder, or none."
        )
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / README, SAID.encode())
    busy = (
        f"Another process prepares recordings in {folder}. Wait until it has finished, or name another cache."
    )
    with hold(folder / "lock", busy=busy):
        yield folder


def ingest(listed: Listed, cache: Path, params: FitParams) -> Corpus:
    """Inspect what is new, link copies, and give every group its split, for good.

    Args:
        listed: the recordings.
        cache: held by `open_cache`.
        params: how to group and split, and what a recording may be.

    Raises:
        CorpusError: nothing can be used, or a split stays empty.
    """
    inventory = cache / "files.parquet"
    # Told of groups for the first time, recordings that were each their own would link the splits of before.
    splits = cache / f"splits_by_{'group' if listed.grouped else 'file'}.parquet"
    # By whole paths: which folder all of the files share changes with the files.
    anchor = Path(listed.root.anchor)
    below = listed.root.relative_to(anchor)
    wanted = {(below / path).as_posix(): path for path in listed.table["path"]}
    for rows in inspect_files(
        anchor,
        list(wanted),
        read_shards(inventory, "path"),
        params.decoding,
        fingerprints=params.ingest.near_duplicates.enabled,
        workers=params.ingest.workers,
    ):
        add_shard(inventory, rows)
    files = read_shards(inventory, "path")
    files = files[files["path"].isin(wanted)]
    files = files.assign(path=files["path"].map(wanted)).reset_index(drop=True)
    copies = find_near_duplicates(files, params.ingest.near_duplicates)
    ledger = read_shards(splits, LEDGER_KEY)
    manifest, ledger_now = build_manifest(
        files, listed.table, ledger if len(ledger) else None, params.ingest, copies
    )
    # The ledger only grows at its end, so what comes after the rows that were known is new.
    add_shard(splits, ledger_now.iloc[len(ledger) :])
    report = describe_corpus(manifest, params.ingest, params.labels, copies)
    log_summary(report)
    return Corpus(listed.root, manifest, report)


def fill(corpus: Corpus, cache: Path, extractor: FrontEnd | DescriptorExtractor, params: FitParams) -> None:
    """Compute what is not cached yet of what a model learns from; killed, it loses a chunk at most."""
    root, manifest, limits, workers = corpus.root, corpus.manifest, params.decoding, params.ingest.workers
    if isinstance(extractor, DescriptorExtractor):
        known = read_shards(cache / "features.parquet", FEATURES_KEY)
        for rows in missing_features(root, manifest, known, extractor, limits, workers=workers):
            add_shard(cache / "features.parquet", rows)
        return
    stores = stores_in(cache, extractor)
    if isinstance(extractor, WaveformFrontEnd):
        for shard in missing_waveforms(root, manifest, stores, extractor, limits, workers=workers):
            commit(shard.path, stores / shard.front_end_digest)
        return
    for records in missing_spectrograms(root, manifest, stores, extractor, limits, workers=workers):
        with SpectrogramStore.open(stores, extractor.digest, extractor.n_bands, mode="a") as store:
            store.append(records)


def stores_in(cache: Path, extractor: FrontEnd) -> Path:
    """The folder of the stores of one kind."""
    return cache / ("waveforms" if isinstance(extractor, WaveformFrontEnd) else "spectrograms")


def open_store(cache: Path, extractor: FrontEnd) -> SpectrogramStore | WaveformStore:
    """The store that `fill` has filled, to be read."""
    stores = stores_in(cache, extractor)
    if isinstance(extractor, WaveformFrontEnd):
        return WaveformStore.open(stores, extractor.digest)
    return SpectrogramStore.open(stores, extractor.digest, extractor.n_bands)
