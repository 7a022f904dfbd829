"""The node that fills the table of hand-crafted features."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from auricle.audio.descriptors import DescriptorExtractor, DescriptorParams
from auricle.audio.limits import AudioLimits
from auricle.corpora.caching import missing_features
from auricle.corpora.params import IngestParams


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
    yield from missing_features(
        recordings,
        manifest,
        known_features,
        DescriptorExtractor(descriptors),
        decoding,
        workers=ingest.workers,
    )
