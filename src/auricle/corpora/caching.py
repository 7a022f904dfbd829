"""What models learn from, made of every usable recording that lacks it, in child processes, by chunks."""

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from auricle.audio.descriptors import DescriptorExtractor
from auricle.audio.extraction import extract_in_chunks
from auricle.audio.frontend import FrontEnd
from auricle.audio.limits import AudioLimits
from auricle.audio.store import SpectrogramStore
from auricle.audio.waveform_front_end import WaveformFrontEnd
from auricle.audio.waveform_shards import WaveformShard, make_shards
from auricle.audio.waveform_store import WaveformStore
from auricle.corpora.selection import usable_paths

logger = logging.getLogger(__name__)

SPECTROGRAMS_A_CHUNK = 64
ROWS_A_CHUNK = 256


def missing_spectrograms(
    recordings: Path,
    manifest: pd.DataFrame,
    stores: Path,
    extractor: FrontEnd,
    limits: AudioLimits,
    *,
    workers: int | None,
) -> Iterator[dict[str, np.ndarray]]:
    """The spectrograms that a store lacks; yields chunks to append, float16 (bands, frames) by recording.

    Args:
        recordings: the folder that the manifest's paths are relative to.
        manifest: of the corpus.
        stores: the folder of stores; that of this front end is opened and closed again before the first
            chunk.
        extractor: what to compute.
        limits: of decoding and of the child processes.
        workers: child processes; None takes all cores.
    """
    with SpectrogramStore.open(stores, extractor.digest, extractor.n_bands, mode="a") as store:
        missing = {key: path for key, path in usable_paths(manifest).items() if key not in store}
    logger.info("%d spectrograms to compute, the others are cached", len(missing))
    yield from extract_in_chunks(
        extractor,
        recordings,
        missing,
        limits,
        workers=workers,
        chunk_size=SPECTROGRAMS_A_CHUNK,
        description="spectrogram",
        half_precision=True,
    )


def missing_waveforms(
    recordings: Path,
    manifest: pd.DataFrame,
    stores: Path,
    extractor: WaveformFrontEnd,
    limits: AudioLimits,
    *,
    workers: int | None,
) -> Iterator[WaveformShard]:
    """The waveforms that a store lacks; yields shards for `commit`, while other writers are kept out.

    Takes what `missing_spectrograms` takes.
    """
    with WaveformStore.open(stores, extractor.digest, mode="a") as store:
        missing = {key: path for key, path in usable_paths(manifest).items() if key not in store}
        logger.info("%d waveforms to prepare, the others are cached", len(missing))
        yield from make_shards(store, extractor, recordings, missing, limits, workers=workers)


def missing_features(
    recordings: Path,
    manifest: pd.DataFrame,
    known: pd.DataFrame,
    extractor: DescriptorExtractor,
    limits: AudioLimits,
    *,
    workers: int | None,
) -> Iterator[pd.DataFrame]:
    """The rows that a table of features lacks; rows of other parameters count as missing.

    Args:
        recordings: the folder that the manifest's paths are relative to.
        manifest: of the corpus.
        known: rows that were yielded before; empty at first.
        extractor: what to compute.
        limits: of decoding and of the child processes.
        workers: child processes; None takes all cores.

    Yields:
        `recording_id`, `extractor` (its digest) and one float32 column a feature.
    """
    there: set[str] = set()
    if len(known):
        there = set(known.loc[known["extractor"] == extractor.digest, "recording_id"])
    missing = {key: path for key, path in usable_paths(manifest).items() if key not in there}
    logger.info("features of %d recordings to compute, %d are there", len(missing), len(there))
    if missing:
        _compile(extractor)
    chunks = extract_in_chunks(
        extractor,
        recordings,
        missing,
        limits,
        workers=workers,
        chunk_size=ROWS_A_CHUNK,
        description="features",
    )
    for rows in chunks:
        table = pd.DataFrame(np.stack(list(rows.values())) if rows else None, columns=list(extractor.names))
        table.insert(0, "recording_id", list(rows))
        table.insert(1, "extractor", extractor.digest)
        yield table


def _compile(extractor: DescriptorExtractor) -> None:
    """Let numba compile what librosa needs, and cache it, before several child processes do so at once.

    Two processes that write numba's cache at the same time can leave one that crashes whoever loads it.
    """
    extractor(np.random.default_rng(0).normal(scale=0.1, size=extractor.sample_rate).astype(np.float32))
