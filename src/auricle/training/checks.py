"""What must hold before a deep training starts: the front end of the store, crops that fit."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from auricle.audio.frontend import FrontEnd
from auricle.audio.recording_store import RecordingStore
from auricle.audio.waveform_front_end import WaveformFrontEnd
from auricle.errors import ConfigurationError, CorpusError
from auricle.models.architecture import ArchitectureParams
from auricle.models.padding import fewest_frames
from auricle.models.registry import hears_waveforms
from auricle.models.windows import WindowParams

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel


def check_front_end(store: RecordingStore, front_end: FrontEnd) -> None:
    """Refuse a store of another front end.

    Raises:
        ConfigurationError: the store was made by another front end.
    """
    if store.front_end_digest != front_end.digest:
        raise ConfigurationError(
            f"The {store.content} store was made by the front end {store.front_end_digest}, the model is to "
            f"hear through {front_end.digest}: their parameters differ. Open the store of that front "
            f"end; the pipeline cache_{store.content}s makes it."
        )


def check_lengths(
    store: RecordingStore, recording_ids: npt.NDArray[np.object_], config: "PreTrainedConfig"
) -> None:
    """Refuse recordings that are too short for the network to hear anything.

    Raises:
        CorpusError: some are shorter than the first frame of an encoder.
    """
    least = fewest_frames(config)
    short = [name for name in recording_ids if store.frames(name) < least]
    if short:
        raise CorpusError(
            f"{len(short)} of {len(recording_ids)} recordings have fewer than the {least} samples that the"
            f" encoder needs for its first frame (the first is {short[0]}, with {store.frames(short[0])})."
            " Raise decoding.min_duration_s, so that they are quarantined."
        )


def check_hearing(params: ArchitectureParams, front_end: FrontEnd) -> None:
    """Refuse a front end that the network cannot hear through.

    Raises:
        ConfigurationError: which names each parameter that must change, and its value.
    """
    given = front_end.params.model_dump()
    wrong = {name: value for name, value in params.front_end().items() if given.get(name) != value}
    if wrong:
        told = ", ".join(f"{name}: {value}" for name, value in wrong.items())
        found = ", ".join(f"{name} {given.get(name)}" for name in wrong)
        named = "waveforms" if isinstance(front_end, WaveformFrontEnd) else "front_end"
        raise ConfigurationError(
            f"{_encoder_of(params)} was trained behind another front end than this with {found}. Set {named}:"
            f" {{{told}}}, or choose an encoder that takes any."
        )


def _encoder_of(params: ArchitectureParams) -> str:
    """The parameter that names what has learned before, and its value."""
    for name in ("backbone", "encoder"):
        if (value := getattr(params, name, None)) is not None:
            return f"{name} {value!r}"
    return f"kind {params.kind!r}"


def check_architecture(
    params: ArchitectureParams, front_end: FrontEnd, window: WindowParams, crop_seconds: float | None
) -> "PreTrainedModel":
    """Show the network of two classes one crop: a contradiction is known before anything is read.

    Args:
        params: of the architecture.
        front_end: that the network hears through; its spectrograms have one channel.
        window: of evaluation.
        crop_seconds: of training, those of the window where None.

    Raises:
        ConfigurationError: the network cannot be built, or does not take such crops or such a front end.
    """
    if isinstance(front_end, WaveformFrontEnd) and not hears_waveforms(params.kind):
        raise ConfigurationError(
            f"model.kind is {params.kind!r}, which hears spectrograms, and its pipeline gives it waveforms."
            " Set model.kind: wav2vec2, or train it in a model of the study that has its name."
        )
    check_hearing(params, front_end)
    config = params.config(
        n_bands=front_end.n_bands,
        vocabulary=("one", "other"),
        window_frames=front_end.frames(window.window_seconds),
        hop_frames=front_end.frames(window.hop_seconds),
        frames_per_second=front_end.frames_per_second,
    )
    channels = getattr(config, "input_channels", 1)
    if channels != 1:
        raise ConfigurationError(
            f"input_channels is {channels}, but the front end makes spectrograms of one channel. Set"
            " input_channels: 1."
        )
    return shown_one_crop(config, front_end.frames(crop_seconds or window.window_seconds))


def shown_one_crop(config: "PreTrainedConfig", frames: int) -> "PreTrainedModel":
    """The network of a configuration after it took a crop of so many frames, without weights: sizes only.

    Raises:
        ConfigurationError: it does not take such crops.
    """
    import torch

    from auricle.models.registry import build_model

    with torch.device("meta"):
        model: PreTrainedModel = build_model(config).train(False)
        model(input_values=torch.zeros(1, config.n_bands, frames))
    return model


def crop_frames_of(
    seconds: float,
    front_end: FrontEnd,
    store: RecordingStore,
    recording_ids: npt.NDArray[np.object_],
    *,
    whole: bool = False,
) -> int:
    """Frames of a training crop of ``seconds``.

    Args:
        seconds: of a crop.
        front_end: of the store.
        store: of what is heard.
        recording_ids: to learn from.
        whole: crops may be whole recordings, since nothing is padded to the length of a crop.

    Raises:
        ConfigurationError: no training recording is as long, so that every crop would be a padded whole.
    """
    frames = front_end.frames(seconds)
    longest = max(store.frames(recording_id) for recording_id in recording_ids)
    if frames > longest and whole:
        return longest
    if frames > longest:
        raise ConfigurationError(
            f"A training crop is {seconds:g} s ({frames} frames), longer than every training recording (the "
            f"longest: {longest} frames, {front_end.seconds(longest):.1f} s). Lower crop_seconds and "
            "window_seconds to what the recordings have."
        )
    return frames
