"""The nodes that fill the spectrogram store, and the store of altered copies."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from auricle.audio.front_ends import FrontEndChoice
from auricle.audio.limits import AudioLimits
from auricle.audio.store import SpectrogramStore
from auricle.audio.store_dropping import drop_others
from auricle.audio.variants import missing_copies, render_in_chunks, wanted_copies
from auricle.audio.waveform_augment import VariantParams
from auricle.corpora.caching import missing_spectrograms
from auricle.corpora.guard import Spared, check_heard
from auricle.corpora.labels import LabelParams
from auricle.corpora.params import IngestParams
from auricle.corpora.selection import training_paths
from auricle.datasets.spectrograms import SpectrogramChunk

logger = logging.getLogger(__name__)

CHUNK_SIZE = 64


def cache_spectrograms(
    recordings: Path,
    manifest: pd.DataFrame,
    cached_spectrograms: Path,
    front_end: FrontEndChoice,
    decoding: AudioLimits,
    ingest: IngestParams,
) -> Iterator[SpectrogramChunk]:
    """Decode every usable recording that the store lacks, in child processes; yields chunks to append."""
    extractor = front_end.make()
    chunks = missing_spectrograms(
        recordings, manifest, cached_spectrograms, extractor, decoding, workers=ingest.workers
    )
    for records in chunks:
        yield SpectrogramChunk(extractor.digest, extractor.n_bands, records)


def render_variants(
    recordings: Path,
    manifest: pd.DataFrame,
    cached_variants: Path,
    front_end: FrontEndChoice,
    variants: VariantParams,
    decoding: AudioLimits,
    ingest: IngestParams,
    labels: LabelParams,
) -> Iterator[SpectrogramChunk]:
    """Render the altered copies of training recordings that their store lacks; nothing where none are wanted.

    Of validation and test recordings there is none: only what a model may learn from is ever altered, and of
    that not what the guard keeps as it was. Copies of what was learned from before, and is not now that the
    corpus is split anew, are dropped, whatever parameters they were made by.

    Raises:
        CorpusError: a guard of labels that there are not.
    """
    if variants.enabled:
        check_heard(manifest, variants, labels.parents, ingest.vocabulary)
    learned = training_paths(manifest)
    if dropped := drop_others(cached_variants, learned.keys()):
        logger.info("%d altered copies are dropped: their recordings are not learned from now", dropped)
    if not variants.count:
        return
    extractor = front_end.make()
    digest = variants.digest(extractor.digest)
    with SpectrogramStore.open(cached_variants, digest, extractor.n_bands, mode="a") as store:
        spared = Spared.of(manifest, variants, labels.parents).recordings
        missing = missing_copies(store, wanted_copies(learned, variants, spared))
    logger.info("%d altered copies to render, the others are there", len(missing))
    chunks = render_in_chunks(
        recordings,
        missing,
        front_end=extractor,
        params=variants,
        limits=decoding,
        workers=ingest.workers,
        chunk_size=CHUNK_SIZE,
    )
    for variant, records in chunks:
        yield SpectrogramChunk(digest, extractor.n_bands, records, variant)
