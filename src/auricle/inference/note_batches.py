"""Batches of notes of about one length: how they are formed, and what a network says of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field

from auricle.models.windows import Window, WindowOutputs, forward, window_starts
from auricle.params import Params

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


class BatchParams(Params):
    """How much goes through a network at once; what it says does not depend on it."""

    max_notes: int = Field(32, ge=1, le=4096, description="notes, or windows of long ones, in one pass")
    max_padded_frames: int = Field(
        2_048,
        ge=1,
        le=2**24,
        description="frames in one pass, padding included: 12 s of notes at 128 samples of 22,050 Hz; a note"
        " that is longer goes alone",
    )

    @classmethod
    def on(cls, device: "torch.device") -> Self:
        """What a device is best at: a CPU, what its caches hold; any other, what keeps it busy."""
        return cls() if device.type == "cpu" else cls(max_notes=256, max_padded_frames=16_384)

    @classmethod
    def of_waveforms(cls, device: "torch.device", sample_rate: int) -> Self:
        """The same where a frame is a sample: 12 s of sound in one pass of a CPU, 96 s of any other."""
        if device.type == "cpu":
            return cls(max_padded_frames=12 * sample_rate)
        return cls(max_notes=256, max_padded_frames=96 * sample_rate)


class Clip(NamedTuple):
    """A spectrogram (bands, frames), and the number of who plays it where the network asks."""

    spectrogram: npt.NDArray[Any]
    instrument: int | None


def batches_of(padded: Sequence[int], params: BatchParams) -> list[list[int]]:
    """Places of notes, the shortest first, in batches that keep both bounds.

    Args:
        padded: frames that each note needs at least.
        params: the bounds.
    """
    batches: list[list[int]] = []
    for place in np.argsort(padded, kind="stable").tolist():
        # The last is the longest, to which all others of its batch are padded.
        count = len(batches[-1]) + 1 if batches else 0
        if 0 < count <= params.max_notes and count * padded[place] <= params.max_padded_frames:
            batches[-1].append(place)
        else:
            batches.append([place])
    return batches


def score_clips(
    model: "PreTrainedModel",
    clips: Sequence[Clip],
    window_frames: int,
    hop_frames: int,
    *,
    params: BatchParams,
    device: "str | torch.device",
) -> list[WindowOutputs]:
    """Probabilities and embeddings of the windows of each clip, in the order of the clips.

    Args:
        model: a deep audio classifier in evaluation mode, on the device.
        clips: of any lengths. A network that takes clips of any length has them padded to the longest of
            their batch, any other to its window.
        window_frames: frames of one window; a longer clip has several.
        hop_frames: frames from one window to the next.
        params: what goes through the network at once.
        device: where to compute.
    """
    config: Any = model.config
    starts = [window_starts(clip.spectrogram.shape[1], window_frames, hop_frames) for clip in clips]
    windows = [
        Window(clip.spectrogram[:, start : start + window_frames], clip.instrument)
        for clip, begins in zip(clips, starts, strict=True)
        for start in begins
    ]
    least = 1 if getattr(config, "any_length", False) else window_frames
    said: list[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]] | None] = [None] * len(windows)
    for places in batches_of([max(window.values.shape[1], least) for window in windows], params):
        probabilities, embeddings = forward(
            model, [windows[place] for place in places], window_frames, device
        )
        for place, *row in zip(places, probabilities, embeddings, strict=True):
            said[place] = (row[0], row[1])
    rows = iter([row for row in said if row is not None])
    outputs = []
    for begins in starts:
        own = [next(rows) for _ in begins]
        outputs.append(WindowOutputs(begins, np.stack([p for p, _ in own]), np.stack([e for _, e in own])))
    return outputs
