"""What must hold before a deep training starts: the front end of the store, crops that fit."""

import numpy as np
import numpy.typing as npt

from auricle.audio.frontend import LogMelFrontEnd
from auricle.audio.store import SpectrogramStore
from auricle.errors import ConfigurationError


def check_front_end(store: SpectrogramStore, front_end: LogMelFrontEnd) -> None:
    """Refuse a store of another front end.

    Raises:
        ConfigurationError: the store was made by another front end.
    """
    if store.front_end_digest != front_end.digest:
        raise ConfigurationError(
            f"The spectrogram store was made by the front end {store.front_end_digest}, the model is to "
            f"hear through {front_end.digest}: their parameters differ. Open the store of that front "
            "end; the pipeline cache_spectrograms makes it."
        )


def crop_frames_of(
    seconds: float, front_end: LogMelFrontEnd, store: SpectrogramStore, recording_ids: npt.NDArray[np.object_]
) -> int:
    """Frames of a training crop of ``seconds``.

    Raises:
        ConfigurationError: no training recording is as long, so that every crop would be a padded whole.
    """
    frames = front_end.frames(seconds)
    longest = max(store.frames(recording_id) for recording_id in recording_ids)
    if frames > longest:
        raise ConfigurationError(
            f"A training crop is {seconds:g} s ({frames} frames), longer than every training recording (the "
            f"longest: {longest} frames, {front_end.seconds(longest):.1f} s). Lower crop_seconds and "
            "window_seconds to what the recordings have."
        )
    return frames
