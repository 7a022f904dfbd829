"""Altered copies of the training recordings, as a training draws from them."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from auricle.audio.frontend import FrontEnd
from auricle.audio.store import SpectrogramStore
from auricle.audio.variants import missing_copies, variant_name
from auricle.audio.waveform_augment import VariantParams
from auricle.corpora.selection import training_paths

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Variants:
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
    def open(
        cls, root: Path, front_end: FrontEnd, params: VariantParams, manifest: pd.DataFrame
    ) -> Self | None:
        """The copies that these parameters ask for, for reading; None where they ask for none.

        Args:
            root: the folder of stores of copies.
            front_end: that the model hears through.
            params: of the copies.
            manifest: of the corpus; a warning says how many copies of its training recordings are missing.

        Raises:
            CorpusError: there is no such store.
        """
        if not params.count:
            return None
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

    def draw(self, recording_id: str, random: np.random.Generator) -> str | None:
        """One of the recording and its copies, each as likely; None for the recording itself.

        A copy that is missing is the recording: the draws of all others stay what they were.
        """
        number = int(random.integers(self.params.count + 1))
        name = variant_name(number)
        return name if number and recording_id in self.store.ids(name) else None


def variants_for_digest(variants: Variants | None) -> dict[str, Any]:
    """What of the copies decides the result of a training; nothing where there are none."""
    if variants is None:
        return {}
    return {"variants": variants.params.model_dump(mode="json") | {"lacking": variants.lacking}}
