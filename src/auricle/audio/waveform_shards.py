"""Waveforms made ready for speech encoders by `datasets`, shard by shard, from untrusted files."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from auricle.audio.extraction import extract_file
from auricle.audio.isolation import map_isolated
from auricle.audio.limits import AudioLimits
from auricle.audio.recording_store import HalfArray
from auricle.audio.waveform_front_end import WaveformFrontEnd
from auricle.audio.waveform_store import ID_COLUMN, VALUES_COLUMN, WaveformStore
from auricle.errors import AudioError

# What is lost when a run is killed, at the most.
SHARD_ROWS = 64
DESCRIPTION = "waveform"

Batch = dict[str, list[Any]]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class WaveformShard:
    """Waveforms of one front end in an Arrow file that is whole and does not count yet.

    Attributes:
        front_end_digest: names the store.
        path: of the file, in the store's folder `making`.
    """

    front_end_digest: str
    path: Path


def extract_waveform(path: Path, extractor: WaveformFrontEnd, limits: AudioLimits) -> HalfArray:
    """Decode one file and bring it to the level that encoders take, float16 [shape=(n,)], as it is stored.

    Raises:
        AudioError: the file cannot be used, or has samples that float16 cannot hold.
    """
    (samples,) = extract_file(path, extractor, limits)
    loudest, limit = float(np.abs(samples).max()), float(np.finfo(np.float16).max)
    if loudest > limit:
        raise AudioError(f"has samples of {loudest:g}, beyond the {limit:g} of float16: set do_normalize")
    halved: HalfArray = samples.astype(np.float16)
    return halved


def make_shards(
    store: WaveformStore,
    extractor: WaveformFrontEnd,
    root: Path,
    paths: Mapping[str, str],
    limits: AudioLimits,
    *,
    workers: int | None,
    shard_rows: int = SHARD_ROWS,
) -> Iterator[WaveformShard]:
    """Make the waveforms of recordings ready, so many a shard; yields each shard when it is whole.

    Child processes decode, resample and normalize; `Dataset.map` asks them for one recording after the other
    and writes it to disk, so that a shard never lies in memory. (Where `map` has processes of its own, a file
    that kills one ends the run.) A file that fails is a warning with its reason, and in no shard.

    Args:
        store: open for writing; nobody else may write meanwhile.
        extractor: what to compute.
        root: the folder of recordings.
        paths: relative path by `recording_id`.
        limits: of decoding and of the child processes.
        workers: child processes; None takes all cores.
        shard_rows: recordings of a shard.
    """
    from datasets import Dataset, Features, List, Value

    results = map_isolated(
        partial(extract_waveform, extractor=extractor, limits=limits),
        [root / path for path in paths.values()],
        workers=workers,
        limits=limits,
        description=DESCRIPTION,
    )
    columns = Features({ID_COLUMN: Value("string"), VALUES_COLUMN: List(Value("float16"))})
    rows = iter(paths.items())
    number = 0
    while shard := list(islice(rows, shard_rows)):
        made = store.making / f"{number}.arrow"
        with _quiet_datasets():
            waveforms = Dataset.from_dict(
                {ID_COLUMN: [key for key, _ in shard], "path": [path for _, path in shard]}
            ).map(
                _next_of(results),
                # One at a time: what is in memory is a recording, however long.
                batched=True,
                batch_size=1,
                writer_batch_size=1,
                remove_columns=["path"],
                features=columns,
                cache_file_name=str(made),
                load_from_cache_file=False,
                # Else the function and the results that wait in it would be pickled, for a name of the file.
                new_fingerprint=f"{extractor.digest}{number:04x}",
            )
        number += 1
        if len(waveforms):
            yield WaveformShard(extractor.digest, made)
    for _ in results:  # none: their end lets the child processes go
        pass


def _next_of(results: Iterator[tuple[Path, Any]]) -> Callable[[Batch], Batch]:
    """The function that `map` calls for each recording, in their order."""

    def take(batch: Batch) -> Batch:
        _, result = next(results)
        if isinstance(result, AudioError):
            logger.warning("No %s of %s: %s", DESCRIPTION, batch["path"][0], result)
            return {ID_COLUMN: [], VALUES_COLUMN: []}
        return {ID_COLUMN: batch[ID_COLUMN], VALUES_COLUMN: [result]}

    return take


@contextmanager
def _quiet_datasets() -> Iterator[None]:
    """Without the bar of `map`, one a shard: there is one for all of them."""
    from datasets import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    were_disabled = are_progress_bars_disabled()
    disable_progress_bars()
    try:
        yield
    finally:
        if not were_disabled:
            enable_progress_bars()
