"""Spectrograms of altered copies of recordings: what is missing of them, and rendering it in child processes.

They have a store of their own, whose variants are `variant-1`, `variant-2`, ... and, of a recording that is
spared something, `variant-1-without-noise`: one that is guarded or called otherwise than before finds no copy
of before. What predicts or evaluates opens the store of the recordings, and cannot come upon a copy.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np

from auricle.audio.decode import decode
from auricle.audio.extraction import in_chunks
from auricle.audio.frontend import FrontEnd
from auricle.audio.guard import Kind
from auricle.audio.isolation import map_isolated
from auricle.audio.limits import AudioLimits
from auricle.audio.store import SpectrogramStore
from auricle.audio.waveform_augment import VariantParams, add_noise, change_of, shift_pitch, stretch_time

DESCRIPTION = "altered copy"


class Copy(NamedTuple):
    """Which copy, from 1, of which recording, and what it must not differ in."""

    recording_id: str
    number: int
    without: tuple[Kind, ...] = ()

    @property
    def variant(self) -> str:
        """What the store calls it."""
        return "-".join([f"variant-{self.number}", *(["without"] if self.without else []), *self.without])


def wanted_copies(
    paths: Mapping[str, str], params: VariantParams, spared: Mapping[str, tuple[Kind, ...]] | None = None
) -> dict[Copy, str]:
    """Path of each copy that is to be had; the first copies of all recordings before the second ones.

    Args:
        paths: relative path by `recording_id` of the training recordings.
        params: what may be altered, and how many copies each recording is to have.
        spared: by `recording_id` what must not be altered; where nothing is left there is no copy.
    """
    spared = spared or {}
    return {
        Copy(recording_id, number, without): path
        for number in range(1, params.count + 1)
        for recording_id, path in paths.items()
        if params.kinds_but(without := spared.get(recording_id, ()))
    }


def missing_copies(store: SpectrogramStore, wanted: Mapping[Copy, str]) -> dict[Copy, str]:
    """Those of the wanted copies that the store lacks, with their paths."""
    return {copy: path for copy, path in wanted.items() if copy.recording_id not in store.ids(copy.variant)}


def render_copy(
    item: tuple[Path, Copy], *, front_end: FrontEnd, params: VariantParams, limits: AudioLimits
) -> np.ndarray:
    """Decode a recording, alter it, and give its spectrogram, float16 (n_bands, frames).

    Raises:
        AudioError: the file cannot be used.
    """
    path, copy = item
    rate = front_end.sample_rate
    samples = decode(path, limits, rate).samples
    return front_end(change_of(params, *copy)(samples, rate)).astype(np.float16)


def render_in_chunks(
    root: Path,
    missing: Mapping[Copy, str],
    *,
    front_end: FrontEnd,
    params: VariantParams,
    limits: AudioLimits,
    workers: int | None,
    chunk_size: int,
) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """Render copies in order; yields chunks of one variant each, by recording.

    A file that fails is a warning with its reason, and is in no chunk.

    Args:
        root: the folder of recordings.
        missing: see `missing_copies`.
        front_end: that hears them.
        params: what is altered.
        limits: of decoding and of the child processes.
        workers: child processes; None takes all cores.
        chunk_size: copies a chunk, at most.
    """
    if missing:
        compile_changes(front_end.sample_rate)
    results = map_isolated(
        partial(render_copy, front_end=front_end, params=params, limits=limits),
        [(root / path, copy) for copy, path in missing.items()],
        workers=workers,
        limits=limits,
        description=DESCRIPTION,
    )
    named = (
        (copy, f"{path} ({copy.variant})", result)
        for (copy, path), (_, result) in zip(missing.items(), results, strict=True)
    )
    for chunk in in_chunks(named, chunk_size=chunk_size, description=DESCRIPTION):
        for variant, copies in groupby(chunk, key=lambda copy: copy.variant):
            yield variant, {copy.recording_id: chunk[copy] for copy in copies}


def compile_changes(sample_rate: int) -> None:
    """Let numba compile what librosa needs, and cache it, before several processes do so at once.

    Two processes that write numba's cache at the same time can leave one that crashes whoever loads it.
    """
    noise = add_noise(np.ones(sample_rate, np.float32), 0.0, np.random.default_rng(0))
    shift_pitch(noise, sample_rate, 1.0)
    stretch_time(noise, 1.1)
