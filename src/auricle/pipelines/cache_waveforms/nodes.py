"""The node that fills the waveform store."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from auricle.audio.limits import AudioLimits
from auricle.audio.waveform_front_end import WaveformParams
from auricle.audio.waveform_shards import WaveformShard, make_shards
from auricle.audio.waveform_store import WaveformStore
from auricle.corpora.params import IngestParams
from auricle.corpora.selection import usable_paths

logger = logging.getLogger(__name__)


def cache_waveforms(
    recordings: Path,
    manifest: pd.DataFrame,
    cached_waveforms: Path,
    front_end: WaveformParams,
    decoding: AudioLimits,
    ingest: IngestParams,
) -> Iterator[WaveformShard]:
    """Decode every usable recording that the store lacks, in child processes; yields shards to keep."""
    extractor = front_end.make()
    with WaveformStore.open(cached_waveforms, extractor.digest, mode="a") as store:
        missing = {key: path for key, path in usable_paths(manifest).items() if key not in store}
        logger.info("%d waveforms to prepare, the others are cached", len(missing))
        yield from make_shards(store, extractor, recordings, missing, decoding, workers=ingest.workers)
