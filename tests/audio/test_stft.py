"""The STFT front end against librosa, and how bundles and parameters name it."""

from pathlib import Path

import librosa
import numpy as np
import pytest
from pydantic import ValidationError

from auricle.audio.front_ends import FrontEndChoice, load_front_end
from auricle.audio.frontend import LogMelFrontEnd
from auricle.audio.stft import StftFrontEnd, StftParams


def waveform(seconds: float, sample_rate: int = 22_050) -> np.ndarray:
    random = np.random.default_rng(3)
    time = np.arange(int(seconds * sample_rate)) / sample_rate
    return (0.3 * np.sin(2 * np.pi * 440 * time) + 0.01 * random.standard_normal(len(time))).astype(
        np.float32
    )


@pytest.mark.parametrize("seconds", [0.01, 0.25, 2.0])
def test_equals_librosa(seconds: float) -> None:
    samples = waveform(seconds)
    found = StftFrontEnd(StftParams())(samples)
    magnitude = np.abs(librosa.stft(samples, n_fft=512, hop_length=128))
    expected = librosa.amplitude_to_db(magnitude, ref=1.0, amin=1e-5, top_db=80.0)
    assert found.shape == expected.shape == (257, 1 + len(samples) // 128)
    np.testing.assert_allclose(found, expected, atol=2e-2)


def test_keeps_bins_up_to_fmax() -> None:
    front_end = StftFrontEnd(StftParams(fmax=8_000))
    assert front_end.n_bands == int(8_000 * 512 / 22_050) + 1
    np.testing.assert_array_equal(
        front_end(waveform(0.3)), StftFrontEnd(StftParams())(waveform(0.3))[: front_end.n_bands]
    )
    assert front_end.magnitudes(front_end(waveform(0.3))).shape[0] == 257


def test_comes_back_from_a_bundle(tmp_path: Path) -> None:
    front_end = StftFrontEnd(StftParams(n_fft=256, hop_length=64))
    front_end.save_pretrained(tmp_path)
    loaded = load_front_end(tmp_path)
    assert isinstance(loaded, StftFrontEnd)
    assert loaded.digest == front_end.digest
    assert loaded.digest != StftFrontEnd(StftParams()).digest
    np.testing.assert_array_equal(loaded(waveform(0.1)), front_end(waveform(0.1)))


def test_parameters_choose_by_kind() -> None:
    assert isinstance(FrontEndChoice.model_validate({"kind": "stft"}).make(), StftFrontEnd)
    assert isinstance(FrontEndChoice.model_validate({"kind": "log_mel"}).make(), LogMelFrontEnd)
    with pytest.raises(ValidationError, match="n_mels"):
        FrontEndChoice.model_validate({"kind": "stft", "n_mels": 64})


@pytest.mark.parametrize("wrong", [{"hop_length": 513}, {"fmax": 12_000}])
def test_refuses_what_contradicts_itself(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="lower"):
        StftParams(**wrong)


def test_magnitudes_are_those_of_the_transform() -> None:
    samples = waveform(0.5)
    front_end = StftFrontEnd(StftParams())
    expected = np.abs(librosa.stft(samples, n_fft=512, hop_length=128))
    found = front_end.magnitudes(front_end(samples))
    loud = expected > expected.max() * 1e-3
    np.testing.assert_allclose(found[loud], expected[loud], rtol=1e-2)
