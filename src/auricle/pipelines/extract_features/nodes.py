"""The node that fills the table of hand-crafted features."""

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from auricle.audio.descriptors import DescriptorExtractor, DescriptorParams
from auricle.audio.extraction import extract_in_chunks
from auricle.audio.limits import AudioLimits
from auricle.corpora.params import IngestParams
from auricle.corpora.selection import usable_paths

logger = logging.getLogger(__name__)

CHUNK_SIZE = 256


def extract_features(
    recordings: Path,
    manifest: pd.DataFrame,
    known_features: pd.DataFrame,
    descriptors: DescriptorParams,
    decoding: AudioLimits,
    ingest: IngestParams,
) -> Iterator[pd.DataFrame]:
    """Describe every usable recording that the table lacks; yields shards of rows.

    A row has `recording_id`, `extractor` (digest of the extractor's parameters) and one float32 column a
    feature. Rows of other parameters count as missing and are superseded.
    """
    extractor = DescriptorExtractor(descriptors)
    known: set[str] = set()
    if len(known_features):
        known = set(known_features.loc[known_features["extractor"] == extractor.digest, "recording_id"])
    missing = {key: path for key, path in usable_paths(manifest).items() if key not in known}
    logger.info("features of %d recordings to compute, %d are there", len(missing), len(known))
    if missing:
        _compile(extractor)
    chunks = extract_in_chunks(
        extractor,
        recordings,
        missing,
        decoding,
        workers=ingest.workers,
        chunk_size=CHUNK_SIZE,
        description="features",
    )
    for rows in chunks:
        yield _table(rows, extractor)


def _compile(extractor: DescriptorExtractor) -> None:
    """Let numba compile what librosa needs, and cache it, before several child processes do so at once.

    Two processes that write numba's cache at the same time can leave one that crashes whoever loads it.
    """
    extractor(np.random.default_rng(0).normal(scale=0.1, size=extractor.sample_rate).astype(np.float32))


def _table(rows: dict[str, np.ndarray], extractor: DescriptorExtractor) -> pd.DataFrame:
    table = pd.DataFrame(np.stack(list(rows.values())) if rows else None, columns=list(extractor.names))
    table.insert(0, "recording_id", list(rows))
    table.insert(1, "extractor", extractor.digest)
    return table
