"""Random crops of what a store holds."""

import numpy as np

from auricle.audio.store import ORIGINAL, HalfArray, SpectrogramStore


def random_crop(
    store: SpectrogramStore,
    recording_id: str,
    frames: int,
    random: np.random.Generator,
    variant: str = ORIGINAL,
) -> HalfArray:
    """So many frames from anywhere in a spectrogram, or all of one that has no more [shape=(bands, frames)].

    Of the latter nothing is drawn.
    """
    surplus = store.frames(recording_id, variant) - frames
    if surplus <= 0:
        return store.get(recording_id, variant)
    return store.crop(recording_id, int(random.integers(surplus + 1)), frames, variant)
