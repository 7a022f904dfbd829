"""A crop of an altered copy of a recording, without decoding or altering the rest of the recording."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from auricle.audio.decode import decode_part
from auricle.audio.frontend import FrontEnd
from auricle.audio.limits import AudioLimits
from auricle.audio.waveform_augment import Change

# Samples at both ends of what is altered that hear where it was cut: two transforms of librosa.
MARGIN = 4_096


def altered_frames(frames: int, change: Change) -> int:
    """Frames that an altered copy of a recording of so many frames has, at the least."""
    return 1 + int((frames - 1) / change.tempo)


def altered_crop(
    path: Path,
    change: Change,
    start: int,
    frames: int,
    *,
    loudest: float,
    front_end: FrontEnd,
    limits: AudioLimits,
) -> NDArray[np.float16]:
    """So many frames of an altered copy, as they are in the spectrogram of the whole copy but for two things.

    Noise lies below the mean power of the part that is decoded, not of the recording; and another pitch or
    tempo begins with other phases, which moves single values by some dB.

    Args:
        path: the recording.
        change: what is altered.
        start: first frame of the crop, counted in the copy.
        frames: of the crop.
        loudest: of the recording's own spectrogram in dB, from which `top_db` is counted.
        front_end: that hears it.
        limits: of decoding.

    Returns:
        float16 [shape=(n_bands, frames)], fewer frames where the copy ends.

    Raises:
        AudioError: the file cannot be used.
    """
    hop, rate = front_end.params.hop_length, front_end.sample_rate
    margin = -(-(front_end.params.n_fft // 2 + MARGIN) // hop)
    before = min(margin, start)
    first, last = (round(frame * hop * change.tempo) for frame in (start - before, start + frames + margin))
    samples = decode_part(path, limits, rate, first, last - first).samples
    spectrogram = front_end(change(samples, rate))[:, before : before + frames]
    floor = np.float32(loudest - front_end.params.top_db)
    return np.maximum(spectrogram, floor).astype(np.float16)
