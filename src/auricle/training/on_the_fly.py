"""Altered copies that are made of the training recordings while training: each crop is altered afresh."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from auricle.audio.altered_crop import altered_crop, altered_frames
from auricle.audio.frontend import FrontEnd
from auricle.audio.limits import AudioLimits
from auricle.audio.recording_store import HalfArray, RecordingStore
from auricle.audio.variants import Copy, compile_changes, render_copy
from auricle.audio.waveform_augment import VariantParams, change_of
from auricle.corpora.guard import Spared
from auricle.corpora.selection import MOST_LACKING, training_paths
from auricle.errors import AudioError, CorpusError

if TYPE_CHECKING:
    import torch

# Copies are told apart by numbers below this; none of them is kept.
NUMBERS = 2**31

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class OnTheFlyVariants:
    """As many copies of each training recording as there are numbers, each made when it is drawn.

    Copy `number` is the one that the store of copies would hold under this number; of a long recording only
    what a crop needs is decoded and altered. It has the paths of training recordings and of no others.

    Attributes:
        recordings: their folder.
        paths: relative path by `recording_id` of what may be learned from.
        front_end: that the model hears through.
        params: what is altered, and how often.
        limits: of decoding.
        failed: bool (recordings,), shared by the processes of a loader: those that could not be altered.
        spared: what must not be altered of which recording.
    """

    recordings: Path
    paths: Mapping[str, str]
    front_end: FrontEnd
    params: VariantParams
    limits: AudioLimits
    failed: "torch.Tensor"
    spared: Spared = field(default_factory=Spared)

    @classmethod
    def open(
        cls,
        recordings: Path,
        front_end: FrontEnd,
        params: VariantParams,
        manifest: pd.DataFrame,
        limits: AudioLimits,
        *,
        parents: Mapping[str, str] | None = None,
    ) -> Self:
        """Copies of the training recordings of a manifest; `parents` of its labels are for the guard.

        Raises:
            CorpusError: too many of them are not in the folder.
        """
        import torch

        paths = training_paths(manifest)
        missing = [path for path in paths.values() if not (recordings / path).is_file()]
        _check_most_are_there(recordings, paths, missing, "is not there")
        compile_changes(front_end.sample_rate)
        failed = torch.zeros(len(paths), dtype=torch.bool).share_memory_()  # type: ignore[no-untyped-call]
        spared = Spared.of(manifest, params, parents or {})
        spared.log()
        return cls(recordings, paths, front_end, params, limits, failed, spared)

    def crop(
        self, recording_id: str, recordings: RecordingStore, frames: int, random: np.random.Generator
    ) -> HalfArray | None:
        """See `auricle.training.variants.Variants`.

        Of a file that cannot be used any more, and of what must not be altered at all, the recording is heard
        as its spectrogram has it.

        Raises:
            CorpusError: too many files cannot be used.
        """
        path = self.recordings / self.paths[recording_id]
        if random.random() >= self.params.altered_share:
            return None
        without = self.spared.recordings.get(recording_id, ())
        if not self.params.kinds_but(without):
            return None
        copy = Copy(recording_id, int(random.integers(1, NUMBERS)), without)
        change = change_of(self.params, *copy)
        original = recordings[recording_id]
        surplus = altered_frames(original.shape[1], change) - frames
        given: dict[str, Any] = {"front_end": self.front_end, "limits": self.limits}
        try:
            if surplus <= 0:
                return render_copy((path, copy), params=self.params, **given)[:, :frames]
            start = int(random.integers(surplus + 1))
            return altered_crop(path, change, start, frames, loudest=float(original.max()), **given)
        except AudioError as error:
            self._note(recording_id, error)
            return None

    def told(self) -> dict[str, Any]:
        """See `auricle.training.variants.Variants`."""
        return self.params.model_dump(mode="json", exclude={"count", "guard"}) | self.spared.for_digest()

    def _note(self, recording_id: str, error: AudioError) -> None:
        """Warn once of a file, whichever process met it first; refuse to go on where too many fail."""
        names = list(self.paths)
        place = names.index(recording_id)
        if self.failed[place]:
            return
        self.failed[place] = True
        failed = [self.paths[names[number]] for number in self.failed.nonzero().flatten().tolist()]
        logger.warning(
            "%s cannot be altered: %s. It is heard as it was cached (%d of %d recordings so far).",
            self.paths[recording_id],
            error,
            len(failed),
            len(names),
        )
        _check_most_are_there(self.recordings, self.paths, failed, str(error))


def _check_most_are_there(folder: Path, paths: Mapping[str, str], failed: list[str], reason: str) -> None:
    """Refuse to train on the recordings as they are where others were asked for: one file may fail."""
    if len(failed) > max(1, MOST_LACKING * len(paths)):
        raise CorpusError(
            f"{len(failed)} of {len(paths)} training recordings in {folder} cannot be altered ({failed[-1]}:"
            f" {reason}). Bring them back and give the same command again, which goes on where the training"
            " was; or set variants.mode: stored, which reads no recordings while training."
        )
