"""Altered copies of the training recordings, from the store or made while training: one face for both."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from auricle.audio.frontend import FrontEnd
from auricle.audio.limits import AudioLimits
from auricle.audio.recording_store import HalfArray, RecordingStore
from auricle.audio.waveform_augment import VariantParams
from auricle.training.on_the_fly import OnTheFlyVariants
from auricle.training.stored_variants import StoredVariants


class Variants(Protocol):
    """Copies of recordings to learn from; a copy is only ever had by the recording that it is of."""

    def crop(
        self, recording_id: str, recordings: RecordingStore, frames: int, random: np.random.Generator
    ) -> HalfArray | None:
        """A random crop of a random copy, or None where the recording itself is drawn.

        Args:
            recording_id: that the training learns from.
            recordings: the spectrograms of what was recorded.
            frames: of the crop.
            random: which decides everything.

        Returns:
            float16 [shape=(bands, frames)], fewer frames where the copy has no more.
        """

    def told(self) -> dict[str, Any]:
        """What decides the result of a training, for its digest and the bundle."""


def open_variants(
    params: VariantParams,
    *,
    copies: Path,
    recordings: Path,
    manifest: pd.DataFrame,
    front_end: FrontEnd,
    limits: AudioLimits,
    parents: Mapping[str, str] | None = None,
) -> Variants | None:
    """The copies that these parameters ask for; None where they ask for none.

    Args:
        params: of the copies.
        copies: the folder of stores of copies.
        recordings: the folder of recordings.
        manifest: of the corpus.
        front_end: that the model hears through.
        limits: of decoding.
        parents: child to parent of labels: a row of the guard stands for all below its label.

    Raises:
        CorpusError: no such store, or too few of the recordings are where the manifest has them.
    """
    if not params.enabled:
        return None
    if params.mode == "stored":
        return StoredVariants.open(copies, front_end, params, manifest, parents=parents)
    return OnTheFlyVariants.open(recordings, front_end, params, manifest, limits, parents=parents)


def variants_for_digest(variants: Variants | None) -> dict[str, Any]:
    """What of the copies decides the result of a training; nothing where there are none."""
    return {} if variants is None else {"variants": variants.told()}
