"""The order in which a training sees its crops: at random, by class, in batches of about one length."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from torch.utils.data import Sampler

from auricle.models.padding import batch_frames
from auricle.training.vocabulary import Targets

CropKey = tuple[int, int]
# By how many batches crops sorted by length are moved: less shuffles less, more pads more.
MOVED = 0.25
NEIGHBOURS = 2  # times as many crops as those that fill no batch: they are drawn from so many


class EpochSampler(Sampler[CropKey]):
    """The crops of an epoch in random order, as ``(epoch, index)``; the order depends on seed and epoch.

    Args:
        size: crops of an epoch.
        seed: of the training.
        weights: how probable each crop is, float64 (size,): crops are then drawn, some of them several times;
            None: each once.
        lengths: frames of each crop, int64 (size,): batches are then made of crops of about one length.
        batch_size: crops that follow each other and make a batch; for `lengths`.
    """

    def __init__(
        self,
        size: int,
        seed: int,
        *,
        weights: npt.NDArray[np.float64] | None = None,
        lengths: npt.NDArray[np.int64] | None = None,
        batch_size: int = 1,
    ) -> None:
        self._size = size
        self._seed = seed
        self._weights = weights
        self._lengths = lengths
        self._batch_size = batch_size
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by the loader when an epoch, whole or resumed, begins."""
        self._epoch = epoch

    def padding_share(self, crop_frames: int) -> float | None:
        """The share of an epoch's frames that is padding; None where batches are not by length."""
        if self._lengths is None:
            return None
        return padding_share(self._order(epoch=0), self._lengths, self._batch_size, crop_frames)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[CropKey]:
        epoch = self._epoch
        return ((epoch, int(index)) for index in self._order(epoch))

    def _order(self, epoch: int) -> npt.NDArray[np.int64]:
        random = np.random.default_rng((self._seed, epoch))
        if self._weights is None:
            order = random.permutation(self._size)
        else:
            order = random.choice(self._size, size=self._size, p=self._weights)
        if self._lengths is not None:
            order = by_length(order, self._lengths, self._batch_size, random)
        return order


def by_length(
    order: npt.NDArray[np.int64],
    lengths: npt.NDArray[np.int64],
    batch_size: int,
    random: np.random.Generator,
) -> npt.NDArray[np.int64]:
    """The same crops, so that each batch holds crops of about one length.

    Crops are sorted by length, and each is then moved by some places at random, so that who meets whom is
    different in each epoch; then the batches are shuffled. What fills no batch, which comes last, is drawn
    from neighbours by length.
    """
    places = np.arange(len(order)) + random.normal(scale=MOVED * batch_size, size=len(order))
    by_size = order[np.argsort(lengths[order], kind="stable")][np.argsort(places)]
    left = len(order) % batch_size
    near = min(NEIGHBOURS * left, len(order))
    start = random.integers(len(order) - near + 1)
    last = start + random.choice(near, left, replace=False)
    batches = np.delete(by_size, last).reshape(-1, batch_size)
    return np.concatenate([random.permutation(batches).ravel(), by_size[last]])


def padding_share(
    order: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64], batch_size: int, crop_frames: int
) -> float:
    """The share of the frames of an epoch that is padding, where batches are padded to their longest.

    Args:
        order: of the examples, int64 (n,).
        lengths: of the examples in frames, int64 (n,).
        batch_size: examples in a batch.
        crop_frames: that no example has more of.
    """
    batches = (lengths[order[start : start + batch_size]] for start in range(0, len(order), batch_size))
    padded = sum(len(batch) * batch_frames(batch.tolist(), crop_frames) for batch in batches)
    return 1 - int(lengths[order].sum()) / padded


def sampling_weights(targets: Targets, share: float) -> npt.NDArray[np.float64] | None:
    """How probable it is to draw each example, float64 (n,); None where each is to come once.

    Args:
        targets: int64 (n,) of one class each.
        share: 0 leaves classes as frequent as they are, 1 makes them all as frequent.
    """
    if not share:
        return None
    weights = np.bincount(targets)[targets].astype(np.float64) ** -share
    return np.asarray(weights / weights.sum())
