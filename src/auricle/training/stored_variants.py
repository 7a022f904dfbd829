"""Altered copies of the training recordings that were rendered once, as a training draws from them."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from auricle.audio.frontend import FrontEnd
from auricle.audio.store import HalfArray, SpectrogramStore
from auricle.audio.variants import missing_copies, variant_name
from auricle.audio.waveform_augment import VariantParams
from auricle.corpora.selection import training_paths
from auricle.training.crops import random_crop

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class StoredVariants:
    """The store of copies; a copy is only ever found by the recording that it is of.

    Whoever asks for copies of what it may learn from, and of nothing else, therefore hears no copy of what it
    is judged by, whichever copies the store holds.

    Attributes:
        store: of copies.
        params: what was altered; `count` copies of each recording are drawn from.
        lacking: copies of training recordings that could not be rendered.
    """

    store: SpectrogramStore
    params: VariantParams
    lacking: int

    @classmethod
    def open(cls, root: Path, front_end: FrontEnd, params: VariantParams, manifest: pd.DataFrame) -> Self:
        """The copies that these parameters ask for, for reading.

        Args:
            root: the folder of stores of copies.
            front_end: that the model hears through.
            params: of the copies.
            manifest: of the corpus; a warning says how many copies of its training recordings are missing.

        Raises:
            CorpusError: there is no such store.
        """
        store = SpectrogramStore.open(root, params.digest(front_end.digest), front_end.n_bands)
        recordings = training_paths(manifest)
        lacking = len(missing_copies(store, recordings, params.count))
        if lacking:
            logger.warning(
                "%d of %d altered copies are missing, and the recordings themselves are heard instead;"
                " `kedro run --pipelines=cache_spectrograms` says why.",
                lacking,
                params.count * len(recordings),
            )
        return cls(store, params, lacking)

    def crop(
        self, recording_id: str, recordings: SpectrogramStore, frames: int, random: np.random.Generator
    ) -> HalfArray | None:
        """See `auricle.training.variants.Variants`."""
        drawn = self.draw(recording_id, random)
        return None if drawn is None else random_crop(self.store, recording_id, frames, random, drawn)

    def draw(self, recording_id: str, random: np.random.Generator) -> str | None:
        """One of the recording and its copies, each as likely; None for the recording itself.

        A copy that is missing is the recording: the draws of all others stay what they were.
        """
        number = int(random.integers(self.params.count + 1))
        name = variant_name(number)
        return name if number and recording_id in self.store.ids(name) else None

    def told(self) -> dict[str, Any]:
        """See `auricle.training.variants.Variants`."""
        return self.params.model_dump(mode="json", exclude={"altered_share"}) | {"lacking": self.lacking}
