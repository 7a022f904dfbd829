"""Random crops of what a store holds."""

import numpy as np

from auricle.audio.recording_store import HalfArray, RecordingStore


def random_crop(
    store: RecordingStore, recording_id: str, frames: int, random: np.random.Generator
) -> HalfArray:
    """So many frames from anywhere in a recording, or all of one that has no more [shape=(bands, frames)].

    Of the latter nothing is drawn.
    """
    return store.crop(recording_id, *random_span(store.frames(recording_id), frames, random))


def random_span(available: int, frames: int, random: np.random.Generator) -> tuple[int, int]:
    """Where such a crop begins, and how many frames it has."""
    surplus = available - frames
    return (0, available) if surplus <= 0 else (int(random.integers(surplus + 1)), frames)
