"""The sound of a heat map: the waveform with what lies outside of it turned down."""

import librosa
import numpy as np
import numpy.typing as npt

from auricle.audio.frontend import FrontEnd

FloatArray = npt.NDArray[np.float32]


def filtered(waveform: FloatArray, heat: FloatArray, front_end: FrontEnd) -> FloatArray:
    """Weigh each moment and frequency of a waveform by a heat map over its spectrogram.

    Args:
        waveform: mono samples at the front end's rate [shape=(n,)].
        heat: 0 to 1 [shape=(n_bands, frames)]; a bin of the transform gets the mean over the bands that it is
            in, by their weights there, and nothing where no band reaches.
        front_end: that the spectrogram was made by.

    Returns:
        float32 [shape=(n,)].
    """
    n_fft, hop = front_end.params.n_fft, front_end.params.hop_length
    transform = librosa.stft(waveform, n_fft=n_fft, hop_length=hop)
    bands = front_end.weights()
    total = bands.sum(axis=0)
    shares = np.divide(bands, total, out=np.zeros_like(bands), where=total > 0)
    mask = librosa.util.fix_length(shares.T @ heat, size=transform.shape[1], axis=1)
    sound = librosa.istft(transform * mask, n_fft=n_fft, hop_length=hop, length=len(waveform))
    return np.asarray(sound, dtype=np.float32)
