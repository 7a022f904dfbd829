"""Windows over a recording: where they lie, and what a deep model says of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from auricle.models.padding import batch_frames, batched, pad_to, padding_of
from auricle.models.params import WindowParams

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

    from auricle.audio.recording_store import RecordingStore

__all__ = [
    "Window",
    "WindowOutputs",
    "WindowParams",
    "forward",
    "pad_to",
    "predict_spectrograms",
    "predict_stored",
    "predict_windows",
    "probabilities_of",
    "window_starts",
]

FloatArray = npt.NDArray[np.float32]
# The problem type of models that rate and name no class.
REGRESSION = "regression"


@dataclass(frozen=True)
class WindowOutputs:
    """What a model says of the windows of one recording.

    Attributes:
        starts: int64 (windows,), first frame of each.
        probabilities: float32 (windows, classes).
        embeddings: float32 (windows, embedding_size).
    """

    starts: npt.NDArray[np.int64]
    probabilities: FloatArray
    embeddings: FloatArray


def window_starts(n_frames: int, window_frames: int, hop_frames: int) -> npt.NDArray[np.int64]:
    """First frames of windows that together cover all frames.

    The last window ends with the recording, so it overlaps its neighbour by more where the hop does not
    divide the length; a recording no longer than a window has one.
    """
    last = max(n_frames - window_frames, 0)
    starts = np.arange(0, last + 1, hop_frames, dtype=np.int64)
    return starts if starts[-1] == last else np.append(starts, last)


def predict_windows(
    model: PreTrainedModel,
    spectrogram: npt.NDArray[Any],
    window_frames: int,
    hop_frames: int,
    *,
    instrument: int | None = None,
    batch_size: int = 32,
    device: str | torch.device = "cpu",
) -> WindowOutputs:
    """Probabilities and embeddings of the windows of one recording; see `predict_spectrograms`."""
    return next(
        predict_spectrograms(
            model,
            [spectrogram],
            window_frames,
            hop_frames,
            instruments=None if instrument is None else [instrument],
            batch_size=batch_size,
            device=device,
        )
    )


def predict_stored(
    model: PreTrainedModel,
    store: RecordingStore,
    recording_ids: npt.NDArray[np.object_],
    *,
    instruments: npt.NDArray[np.int64] | None = None,
    batch_size: int = 32,
    device: str | torch.device = "cpu",
) -> Iterator[tuple[int, WindowOutputs]]:
    """Probabilities and embeddings of the windows of stored recordings, by the model's own windows.

    Args:
        model: see `predict_spectrograms`.
        store: of the model's front end.
        recording_ids: object (n,), all of them in the store.
        instruments: see `predict_spectrograms`.
        batch_size: windows in one pass.
        device: where to compute.

    Yields:
        The place of a recording in `recording_ids`, and its windows: in order, but for a model that takes
        clips of any length, which meets them by their length.
    """
    config: Any = model.config
    places = np.arange(len(recording_ids))
    if config.any_length:
        places = np.argsort([store.frames(name) for name in recording_ids], kind="stable")
    outputs = predict_spectrograms(
        model,
        (store[recording_ids[place]] for place in places),
        config.window_frames,
        config.hop_frames,
        instruments=None if instruments is None else instruments[places],
        batch_size=batch_size,
        device=device,
    )
    yield from zip(places.tolist(), outputs, strict=True)


def predict_spectrograms(
    model: PreTrainedModel,
    spectrograms: Iterable[npt.NDArray[Any]],
    window_frames: int,
    hop_frames: int,
    *,
    instruments: Iterable[int] | None = None,
    batch_size: int = 32,
    device: str | torch.device = "cpu",
) -> Iterator[WindowOutputs]:
    """Probabilities and embeddings of the windows of recordings, one result per recording, in order.

    Batches are filled across recordings, so that short ones do not leave the device idle; spectrograms are
    taken from the iterable only as they are needed.

    Args:
        model: a deep audio classifier; it is put into evaluation mode and moved to the device.
        spectrograms: arrays (bands, frames) of any floating dtype, waveforms (1, samples) for a model that
            hears them; one shorter than a window is padded as `auricle.models.padding` says, and the model is
            told its length. A model that takes clips of any length has them padded to the longest of a
            batch only.
        window_frames: frames of one window.
        hop_frames: frames from one window to the next.
        instruments: who plays each, for a model that asks; see `auricle.models.instruments`.
        batch_size: windows in one pass.
        device: where to compute.
    """
    network: Any = model  # transformers wraps `to` in a way that hides its signature from type checkers
    network.eval().to(device)
    waiting: list[npt.NDArray[np.int64]] = []
    windows: list[Window] = []
    done: list[tuple[FloatArray, FloatArray]] = []
    told = repeat(None) if instruments is None else instruments
    for spectrogram, instrument in zip(spectrograms, told, strict=False):
        starts = window_starts(spectrogram.shape[1], window_frames, hop_frames)
        waiting.append(starts)
        windows.extend(Window(spectrogram[:, start : start + window_frames], instrument) for start in starts)
        while len(windows) >= batch_size:
            done.append(forward(model, windows[:batch_size], window_frames, device))
            del windows[:batch_size]
        yield from _finished(waiting, done)
    if windows:
        done.append(forward(model, windows, window_frames, device))
    yield from _finished(waiting, done)


def _finished(
    waiting: list[npt.NDArray[np.int64]], done: list[tuple[FloatArray, FloatArray]]
) -> Iterator[WindowOutputs]:
    """Take from the front the recordings whose windows have all been through the model."""
    available = sum(len(probabilities) for probabilities, _ in done)
    if not waiting or available < len(waiting[0]):
        return
    probabilities = np.concatenate([part for part, _ in done])
    embeddings = np.concatenate([part for _, part in done])
    while waiting and len(waiting[0]) <= len(probabilities):
        starts = waiting.pop(0)
        yield WindowOutputs(starts, probabilities[: len(starts)], embeddings[: len(starts)])
        probabilities, embeddings = probabilities[len(starts) :], embeddings[len(starts) :]
    done[:] = [(probabilities, embeddings)] if len(probabilities) else []


class Window(NamedTuple):
    """A stretch of a spectrogram, (bands, frames), and the number of who plays it where the model asks."""

    values: npt.NDArray[Any]
    instrument: int | None


def forward(
    model: PreTrainedModel, windows: list[Window], window_frames: int, device: str | torch.device
) -> tuple[FloatArray, FloatArray]:
    """One pass through a model.

    Args:
        model: in evaluation mode, on the device.
        windows: padded to the longest of them for a model that takes clips of any length, else to a window.
        window_frames: frames of one window.
        device: where to compute.

    Returns:
        Probabilities, float32 (windows, classes), and embeddings, float32 (windows, embedding_size).
    """
    import torch

    clips = [window.values for window in windows]
    frames = window_frames
    if getattr(model.config, "any_length", False):
        frames = batch_frames((clip.shape[1] for clip in clips), window_frames)
    values, lengths = batched(clips, frames, padding_of(model.config))
    told: dict[str, torch.Tensor] = {}
    if windows[0].instrument is not None:
        told["instruments"] = torch.tensor([window.instrument for window in windows], device=device)
    with torch.inference_mode():
        output = model(
            input_values=torch.from_numpy(values).to(device),
            lengths=torch.tensor(lengths, device=device),
            **told,
        )
        probabilities = probabilities_of(output.logits.float(), model.config.problem_type)
    return probabilities.cpu().numpy(), output.embeddings.float().cpu().numpy()


def probabilities_of(logits: torch.Tensor, problem_type: str | None) -> torch.Tensor:
    """Softmax for one class per recording, sigmoid where any number may apply; a rating is what it is."""
    if problem_type == REGRESSION:
        return logits
    return logits.sigmoid() if problem_type == "multi_label_classification" else logits.softmax(dim=-1)
