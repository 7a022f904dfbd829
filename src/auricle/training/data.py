"""What a deep model learns from: random crops of recordings, functions of (seed, epoch, index)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import Dataset

from auricle.audio.recording_store import RecordingStore
from auricle.models.padding import Padding, batch_frames, batched
from auricle.training.augment import Augment
from auricle.training.crops import random_crop
from auricle.training.sampling import CropKey
from auricle.training.variants import Variants
from auricle.training.vocabulary import Targets


@dataclass(frozen=True)
class Subset:
    """Recordings with their ``targets``, see `auricle.training.vocabulary.Examples`, and ``instruments``, see
    `auricle.models.instruments`, for a model that asks for them.
    """

    recording_ids: npt.NDArray[np.object_]
    targets: Targets
    instruments: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.recording_ids)


class CropDataset(Dataset[dict[str, torch.Tensor]]):
    """Random crops of what is stored, or of altered copies of it, several per recording and epoch.

    It is asked for ``(epoch, index)``, not for ``index``: a crop then depends on nothing but the seed and
    this pair, and a training that resumes within an epoch, in whatever process, sees what it would have seen.
    """

    def __init__(
        self,
        store: RecordingStore,
        subset: Subset,
        *,
        crop_frames: int,
        crops_per_recording: int,
        seed: int,
        augment: Augment | None = None,
        variants: Variants | None = None,
        any_length: bool = False,
        padding: Padding = Padding.MINIMUM,
    ) -> None:
        self._store = store
        self._subset = subset
        self._crop_frames = crop_frames
        self._crops_per_recording = crops_per_recording
        self._seed = seed
        self._augment = augment
        self._variants = variants
        self._any_length = any_length
        self._padding = padding

    def __len__(self) -> int:
        return len(self._subset) * self._crops_per_recording

    def __getitem__(self, key: CropKey) -> dict[str, torch.Tensor]:
        """One crop: ``input_values`` float32 (bands, frames), ``labels``, ``lengths`` int64 ()."""
        return {name: batch[0] for name, batch in self.__getitems__([key]).items()}

    def __getitems__(self, keys: Sequence[CropKey]) -> dict[str, torch.Tensor]:
        """A batch at once.

        Returns:
            ``input_values`` float32 (batch, bands, frames), ``labels`` int64 (batch,) or, of several a
            recording, float32 (batch, classes), ``lengths`` int64 (batch,): frames that are no padding;
            ``instruments`` int64 (batch,), where the subset has them; varied, where the training augments.
        """
        crops = [self._crop(epoch, index) for epoch, index in keys]
        frames = self._crop_frames
        if self._any_length:
            frames = batch_frames((crop.shape[1] for crop in crops), self._crop_frames)
        values, lengths = batched(crops, frames, self._padding)
        recordings = [index % len(self._subset) for _, index in keys]
        batch = {
            "input_values": torch.from_numpy(values),
            "labels": torch.from_numpy(self._subset.targets[recordings]),
            "lengths": torch.tensor(lengths, dtype=torch.int64),
        }
        if self._subset.instruments is not None:
            batch["instruments"] = torch.from_numpy(self._subset.instruments[recordings])
        return batch if self._augment is None else self._augment(batch, keys)

    def _crop(self, epoch: int, index: int) -> npt.NDArray[np.float16]:
        """A crop, or the whole of what is no longer than one."""
        recording_id = self._subset.recording_ids[index % len(self._subset)]
        random = np.random.default_rng((self._seed, epoch, index))
        crop = None
        # Without copies nothing is drawn here: a training then sees the crops that it has always seen.
        if self._variants is not None:
            crop = self._variants.crop(recording_id, self._store, self._crop_frames, random)
        if crop is None:
            crop = random_crop(self._store, recording_id, self._crop_frames, random)
        return crop


def keep_batch(batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Collate nothing: the dataset has made the batch. (Not a lambda: worker processes pickle it.)"""
    return batch
