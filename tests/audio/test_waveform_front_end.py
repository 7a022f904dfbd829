"""What speech encoders hear: the samples that transformers' own feature extractor gives."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from transformers import Wav2Vec2FeatureExtractor

from auricle.audio.extractor import load_extractor
from auricle.audio.front_ends import load_front_end
from auricle.audio.waveform_front_end import WaveformFrontEnd, WaveformParams
from auricle.errors import AudioError


@pytest.fixture
def waveform() -> np.ndarray:
    return np.random.default_rng(0).normal(0.02, 0.1, size=4_801).astype(np.float32)


class TestSamples:
    @pytest.mark.parametrize("do_normalize", [True, False])
    def test_are_those_of_transformers(self, waveform: np.ndarray, do_normalize: bool) -> None:
        theirs = Wav2Vec2FeatureExtractor(do_normalize=do_normalize)
        found = WaveformParams(do_normalize=do_normalize).make()(waveform)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found[0], theirs(waveform, sampling_rate=16_000)["input_values"][0])

    def test_have_mean_0_and_variance_1_however_loud_they_were(self, waveform: np.ndarray) -> None:
        front_end = WaveformParams().make()
        loud, soft = front_end(waveform), front_end(0.01 * waveform)
        assert loud.mean() == pytest.approx(0, abs=1e-6)
        assert loud.std() == pytest.approx(1, abs=1e-4)
        np.testing.assert_allclose(soft, loud, rtol=0.06)  # transformers adds 1e-7 to the variance

    def test_of_silence_are_0(self) -> None:
        assert not WaveformParams().make()(np.zeros(100, dtype=np.float32)).any()

    @pytest.mark.parametrize("bad", [np.zeros(0), np.zeros((2, 9)), np.array([0.0, np.nan])])
    def test_of_what_is_no_waveform_are_refused(self, bad: np.ndarray) -> None:
        with pytest.raises(AudioError):
            WaveformParams().make()(bad)


class TestFrames:
    def test_are_samples(self) -> None:
        front_end = WaveformParams(sample_rate=8_000).make()
        assert front_end.n_bands == 1
        assert front_end.frames(1.5) == 12_000
        assert front_end.frames_per_second == 8_000.0
        assert front_end.seconds(2_000) == 0.25
        assert front_end.half_frame_s < 1e-4


class TestConfiguration:
    def test_comes_back_from_a_bundle(self, tmp_path: Path, waveform: np.ndarray) -> None:
        saved = WaveformParams(do_normalize=False).make()
        saved.save_pretrained(tmp_path)
        loaded = load_front_end(tmp_path)
        assert isinstance(loaded, WaveformFrontEnd)
        assert loaded.digest == saved.digest == load_extractor(tmp_path).digest
        np.testing.assert_array_equal(loaded(waveform), saved(waveform))

    def test_every_parameter_is_part_of_the_digest(self) -> None:
        made = [WaveformParams(), WaveformParams(sample_rate=8_000), WaveformParams(do_normalize=False)]
        assert len({params.make().digest for params in made}) == 3

    def test_goes_to_child_processes(self, waveform: np.ndarray) -> None:
        front_end = WaveformParams().make()
        copy = pickle.loads(pickle.dumps(front_end))
        np.testing.assert_array_equal(copy(waveform), front_end(waveform))

    @pytest.mark.parametrize("wrong", [{"sample_rate": 100}, {"n_fft": 512}, {"kind": "log_mel"}])
    def test_what_it_does_not_have_is_refused(self, wrong: dict[str, object]) -> None:
        with pytest.raises(ValidationError):
            WaveformParams.model_validate(wrong)
