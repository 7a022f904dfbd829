"""From a file to what a model learns from: decode, then the extractor, in child processes over many files."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from auricle.audio.decode import decode
from auricle.audio.extractor import Extractor
from auricle.audio.isolation import map_isolated
from auricle.audio.limits import AudioLimits
from auricle.errors import AudioError

# What is held in memory, and lost when a run is killed: half an hour of long recordings, not a day of them.
MAX_CHUNK_BYTES = 32 * 2**20

K = TypeVar("K")

logger = logging.getLogger(__name__)


def extract_file(path: Path, extractor: Extractor, limits: AudioLimits) -> np.ndarray:
    """Decode one file at the extractor's rate and extract; what the extractor says of shape and dtype holds.

    Raises:
        AudioError: the file cannot be used.
    """
    return extractor(decode(path, limits, extractor.sample_rate).samples)


def extract_spectrogram(path: Path, extractor: Extractor, limits: AudioLimits) -> np.ndarray:
    """The same in float16, as the store keeps it, so that half the bytes come back from the child process."""
    return extract_file(path, extractor, limits).astype(np.float16)


def extract_in_chunks(
    extractor: Extractor,
    root: Path,
    paths: Mapping[str, str],
    limits: AudioLimits,
    *,
    workers: int | None,
    chunk_size: int,
    description: str,
    half_precision: bool = False,
) -> Iterator[dict[str, np.ndarray]]:
    """Extract from many files, in order; yields chunks by recording.

    A file that fails (one that was deleted or damaged since it was ingested) is a warning with its reason,
    and is in no chunk.

    Args:
        extractor: what to compute.
        root: the folder of recordings.
        paths: relative path by `recording_id`.
        limits: of decoding and of the child processes.
        workers: child processes; None takes all cores.
        chunk_size: recordings a chunk, at most; a chunk that has grown to `MAX_CHUNK_BYTES` is closed too.
        description: what is extracted, for progress and warnings.
        half_precision: return float16.
    """
    extract = extract_spectrogram if half_precision else extract_file
    results = map_isolated(
        partial(extract, extractor=extractor, limits=limits),
        [root / path for path in paths.values()],
        workers=workers,
        limits=limits,
        description=description,
    )
    named = ((key, path, result) for (key, path), (_, result) in zip(paths.items(), results, strict=True))
    yield from in_chunks(named, chunk_size=chunk_size, description=description)


def in_chunks(
    results: Iterable[tuple[K, str, np.ndarray | AudioError]], *, chunk_size: int, description: str
) -> Iterator[dict[K, np.ndarray]]:
    """Gather what child processes return; a file that failed is a warning with its reason, and in no chunk.

    Args:
        results: key, file, and what came of it.
        chunk_size: arrays a chunk, at most; a chunk that has grown to `MAX_CHUNK_BYTES` is closed too.
        description: what is extracted, for the warning.
    """
    chunk: dict[K, np.ndarray] = {}
    for key, path, result in results:
        if isinstance(result, AudioError):
            logger.warning("No %s of %s: %s", description, path, result)
            continue
        chunk[key] = result
        if len(chunk) == chunk_size or sum(array.nbytes for array in chunk.values()) >= MAX_CHUNK_BYTES:
            yield chunk
            chunk = {}
    if chunk:
        yield chunk
