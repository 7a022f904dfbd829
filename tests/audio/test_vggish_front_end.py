"""The front end of kind vggish: what AudioSet's VGGish takes the logarithm of, by its published formula."""

import numpy as np
import pytest
from pydantic import ValidationError
from transformers.audio_utils import mel_filter_bank

from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.audio.mel import empty_bands, mel_weights

RATE, WINDOW, HOP, N_FFT = 16_000, 400, 160, 512
VGGISH = {
    **{"kind": "vggish", "sample_rate": RATE, "n_fft": N_FFT, "hop_length": HOP, "n_mels": 64},
    **{"fmin": 125.0, "fmax": 7500.0, "top_db": 120.0},
}
BANDS = {"sample_rate": RATE, "n_fft": N_FFT, "n_mels": 64, "fmin": 125.0, "fmax": 7500.0}


def published_log_mel(waveform: np.ndarray) -> np.ndarray:
    """`mel_features.log_mel_spectrogram` of tensorflow/models, research/audioset/vggish: (frames, 64)."""
    starts = np.arange(0, len(waveform) - WINDOW + 1, HOP)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi / WINDOW * np.arange(WINDOW))
    windowed = np.stack([waveform[start : start + WINDOW] * hann for start in starts])
    magnitudes = np.abs(np.fft.rfft(windowed, N_FFT))
    mel = mel_filter_bank(257, 64, 125, 7500, RATE, mel_scale="htk", triangularize_in_mel_space=True)
    return np.log(magnitudes @ mel + 0.01)


def music(seconds: float = 2.0) -> np.ndarray:
    """A falling chord over faint noise, near full scale at first and nearly silent in the end."""
    time = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(0).normal(0, 1e-4, len(time))
    chord = sum(np.sin(2 * np.pi * pitch * time) for pitch in (196.0, 440.0, 1318.5, 5200.0)) / 4
    return (0.95 * chord * np.exp(-4 * time) + noise).astype(np.float32)


def test_is_what_vggish_was_trained_on_once_its_offset_is_added() -> None:
    waveform = music()
    spectrogram = LogMelFrontEnd(FrontEndParams(**VGGISH))(waveform)
    found = np.log(10 ** (spectrogram.T / 20) + 0.01)
    expected = published_log_mel(np.concatenate([np.zeros(WINDOW // 2), waveform, np.zeros(WINDOW)]))
    np.testing.assert_allclose(found, expected[: len(found)], rtol=0, atol=2e-3)


def test_the_store_of_float16_keeps_it() -> None:
    spectrogram = LogMelFrontEnd(FrontEndParams(**VGGISH))(music())
    kept = spectrogram.astype(np.float16).astype(np.float32)
    difference = np.log(10 ** (kept / 20) + 0.01) - np.log(10 ** (spectrogram / 20) + 0.01)
    assert np.abs(difference).max() < 5e-3


def test_bands_are_htks() -> None:
    expected = mel_filter_bank(257, 64, 125, 7500, RATE, mel_scale="htk", triangularize_in_mel_space=True)
    np.testing.assert_allclose(mel_weights(**BANDS, scale="htk"), expected.T, atol=1e-6)
    assert not np.allclose(mel_weights(**BANDS, scale="slaney"), expected.T, atol=1e-3)


@pytest.mark.parametrize("n_mels", [64, 96, 128, 200])
def test_empty_bands_are_counted_from_the_same_scale(n_mels: int) -> None:
    bands = BANDS | {"n_mels": n_mels}
    counted = empty_bands(**bands, scale="htk")
    assert counted == int((mel_weights(**bands, scale="htk").max(axis=1) == 0).sum())
    assert (counted > 0) == (n_mels > 96)


def test_does_not_move_the_other_kinds_digest() -> None:
    assert LogMelFrontEnd(FrontEndParams()).digest == "534284082c8f"
    other = FrontEndParams(**{**VGGISH, "kind": "log_mel"})
    assert LogMelFrontEnd(other).digest != LogMelFrontEnd(FrontEndParams(**VGGISH)).digest


def test_refuses_a_transform_shorter_than_the_window_and_hops_beyond_it() -> None:
    with pytest.raises(ValidationError, match="25 ms has 400 samples: n_fft 256 must be no less"):
        FrontEndParams(**{**VGGISH, "n_fft": 256})
    with pytest.raises(ValidationError, match="hop_length 512 no more"):
        FrontEndParams(**{**VGGISH, "hop_length": 512})
