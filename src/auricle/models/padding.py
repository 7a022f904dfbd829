"""How clips are brought to one length for a batch: spectrograms, and waveforms of two kinds."""

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


class Padding(Enum):
    """What stands behind a clip that is shorter than its batch."""

    MINIMUM = "its own minimum: silence, on a dB scale"
    ZEROS = "zeros: silence of a waveform, which the network is told is none of it"
    REPEATED = "the clip again, as often as needed, and all of it counts: the network takes no padding"


def padding_of(config: Any) -> Padding:
    """What a network needs; the configurations of those that hear waveforms say whether they take padding.

    Group normalization takes its mean over all of time, so that padding changes what an encoder says of the
    rest (by 2.0 of an output of about 1, measured).
    """
    takes_padding = getattr(config, "takes_padding", None)
    if takes_padding is None:
        return Padding.MINIMUM
    return Padding.ZEROS if takes_padding else Padding.REPEATED


def fewest_frames(config: Any) -> int:
    """How much of a recording there must be: of an encoder of waveforms, what its first frame spans."""
    return int(getattr(config, "receptive_field", 1))


def batch_frames(lengths: Iterable[int], most: int) -> int:
    """The frames of a batch of clips of such lengths: up to 3 % more than the longest, 32 an octave.

    For each length that it meets, oneDNN makes what computes it, and keeps it: with as many lengths as there
    are batches, that came to several gigabytes.

    Args:
        lengths: of the clips, in frames.
        most: no more than these, unless a clip has more.
    """
    longest = max(lengths)
    step = 1 << max(longest.bit_length() - 6, 0)
    return min(-(-longest // step) * step, max(longest, most))


def pad_to(clip: npt.NDArray[Any], n_frames: int, padding: Padding = Padding.MINIMUM) -> npt.NDArray[Any]:
    """Lengthen (bands, frames) at its end to n_frames; what is as long is given back as it is."""
    frames = clip.shape[1]
    missing = n_frames - frames
    if missing <= 0:
        return clip
    if padding is Padding.REPEATED:
        return np.tile(clip, -(-n_frames // frames))[:, :n_frames]
    value = 0 if padding is Padding.ZEROS else clip.min()
    return np.pad(clip, ((0, 0), (0, missing)), constant_values=value)


def batched(
    clips: Sequence[npt.NDArray[Any]], n_frames: int, padding: Padding
) -> tuple[FloatArray, list[int]]:
    """Clips of one length, and how much of each is no padding.

    Args:
        clips: (bands, frames) of any floating dtype.
        n_frames: no less than any of them has.
        padding: behind the shorter ones.

    Returns:
        float32 (batch, bands, n_frames), and the frames of each that count.
    """
    values = np.stack([pad_to(clip, n_frames, padding) for clip in clips]).astype(np.float32, copy=False)
    whole = padding is Padding.REPEATED
    return values, [n_frames if whole else clip.shape[1] for clip in clips]
