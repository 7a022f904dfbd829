"""The node that fills the waveform store."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from auricle.audio.limits import AudioLimits
from auricle.audio.waveform_front_end import WaveformParams
from auricle.audio.waveform_shards import WaveformShard
from auricle.corpora.caching import missing_waveforms
from auricle.corpora.params import IngestParams


def cache_waveforms(
    recordings: Path,
    manifest: pd.DataFrame,
    cached_waveforms: Path,
    front_end: WaveformParams,
    decoding: AudioLimits,
    ingest: IngestParams,
) -> Iterator[WaveformShard]:
    """Decode every usable recording that the store lacks, in child processes; yields shards to keep."""
    yield from missing_waveforms(
        recordings, manifest, cached_waveforms, front_end.make(), decoding, workers=ingest.workers
    )
