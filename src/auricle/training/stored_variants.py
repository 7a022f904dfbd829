"""Altered copies of the training recordings that were rendered once, as a training draws from them."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from auricle.audio.frontend import FrontEnd
from auricle.audio.recording_store import HalfArray, RecordingStore
from auricle.audio.store import SpectrogramStore
from auricle.audio.variants import Copy, missing_copies, wanted_copies
from auricle.audio.waveform_augment import VariantParams
from auricle.corpora.guard import Spared
from auricle.corpora.selection import training_paths
from auricle.training.crops import random_span

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
        spared: what must not be altered of which recording.
    """

    store: SpectrogramStore
    params: VariantParams
    lacking: int
    spared: Spared = field(default_factory=Spared)

    @classmethod
    def open(
        cls,
        root: Path,
        front_end: FrontEnd,
        params: VariantParams,
        manifest: pd.DataFrame,
        *,
        parents: Mapping[str, str] | None = None,
    ) -> Self:
        """The copies that these parameters ask for, for reading.

        Args:
            root: the folder of stores of copies.
            front_end: that the model hears through.
            params: of the copies.
            manifest: of the corpus; a warning says how many copies of its training recordings are missing.
            parents: child to parent of labels, for the guard.

        Raises:
            CorpusError: there is no such store.
        """
        store = SpectrogramStore.open(root, params.digest(front_end.digest), front_end.n_bands)
        spared = Spared.of(manifest, params, parents or {})
        spared.log()
        wanted = wanted_copies(training_paths(manifest), params, spared.recordings)
        lacking = len(missing_copies(store, wanted))
        if lacking:
            logger.warning(
                "%d of %d altered copies are missing, and the recordings themselves are heard instead;"
                " `kedro run --pipelines=cache_spectrograms` says why.",
                lacking,
                len(wanted),
            )
        return cls(store, params, lacking, spared)

    def crop(
        self, recording_id: str, recordings: RecordingStore, frames: int, random: np.random.Generator
    ) -> HalfArray | None:
        """See `auricle.training.variants.Variants`."""
        drawn = self.draw(recording_id, random)
        if drawn is None:
            return None
        span = random_span(self.store.frames(recording_id, drawn), frames, random)
        return self.store.crop(recording_id, *span, drawn)

    def draw(self, recording_id: str, random: np.random.Generator) -> str | None:
        """One of the recording and its copies, each as likely; None for the recording itself.

        A copy that is missing is the recording: the draws of all others stay what they were. So is a copy of
        what must not be altered at all.
        """
        number = int(random.integers(self.params.count + 1))
        name = Copy(recording_id, number, self.spared.recordings.get(recording_id, ())).variant
        return name if number and recording_id in self.store.ids(name) else None

    def told(self) -> dict[str, Any]:
        """See `auricle.training.variants.Variants`."""
        told = self.params.model_dump(mode="json", exclude={"altered_share", "guard"})
        return told | {"lacking": self.lacking} | self.spared.for_digest()
