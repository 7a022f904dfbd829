"""The log-mel front end: librosa's values for any parameters, refusals, digest, and saving."""

import json
import pickle
import warnings
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from auricle.audio.descriptors import DescriptorExtractor, DescriptorParams
from auricle.audio.extractor import load_extractor
from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.audio.mel import empty_bands
from auricle.errors import AudioError, BundleError

TOLERANCE_DB = 1e-3


def librosa_log_mel(waveform: np.ndarray, params: FrontEndParams) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="n_fft=.* is too large")
        power = librosa.feature.melspectrogram(
            y=waveform,
            sr=params.sample_rate,
            n_fft=params.n_fft,
            hop_length=params.hop_length,
            n_mels=params.n_mels,
            fmin=params.fmin,
            fmax=params.fmax,
        )
    return librosa.power_to_db(power, top_db=params.top_db)


def music(params: FrontEndParams, seconds: float = 2.0, seed: int = 0) -> np.ndarray:
    """Decaying harmonic notes over noise: a wide range of levels in time and frequency."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * params.sample_rate)) / params.sample_rate
    waveform = 10 ** rng.uniform(-6, -2) * rng.standard_normal(len(time))
    for start in np.arange(0, seconds, 0.4):
        pitch = rng.uniform(50, params.sample_rate / 10)
        envelope = np.where(time >= start, np.exp(-6 * np.maximum(time - start, 0)), 0)
        for harmonic in range(1, 5):
            waveform += 0.2 / harmonic * envelope * np.sin(2 * np.pi * harmonic * pitch * time)
    return waveform.astype(np.float32)


class TestEqualityWithLibrosa:
    @pytest.mark.parametrize(
        "changed",
        [
            {},
            {"sample_rate": 44_100, "n_mels": 256, "n_fft": 4096},
            {"sample_rate": 44_100, "hop_length": 441, "fmin": 20.0, "fmax": 16_000.0},
            {"sample_rate": 8_000, "n_fft": 512, "hop_length": 160, "n_mels": 40},
            {"sample_rate": 16_000, "n_fft": 400, "hop_length": 160, "n_mels": 80, "fmin": 60.0},
            {"n_fft": 2048, "hop_length": 2048, "n_mels": 64},
            {"n_fft": 8192, "hop_length": 100, "n_mels": 200},
            {"n_fft": 64, "hop_length": 16, "n_mels": 4},
            {"n_mels": 1},
            {"top_db": 40.0},
            {"top_db": 100.0},
        ],
        ids=str,
    )
    def test_parameters(self, changed: dict[str, Any]) -> None:
        params = FrontEndParams(**changed)
        waveform = music(params)
        np.testing.assert_allclose(
            LogMelFrontEnd(params)(waveform), librosa_log_mel(waveform, params), rtol=0, atol=TOLERANCE_DB
        )

    @given(
        n_fft=st.sampled_from([256, 512, 1000, 1024, 2048]),
        hop_share=st.floats(0.1, 1.0),
        n_mels=st.integers(1, 24),
        n_samples=st.integers(1, 9_000),
        seed=st.integers(0, 2**32 - 1),
    )
    @settings(max_examples=40, deadline=None)
    def test_any_length(self, n_fft: int, hop_share: float, n_mels: int, n_samples: int, seed: int) -> None:
        params = FrontEndParams(
            sample_rate=8_000, n_fft=n_fft, hop_length=max(1, int(hop_share * n_fft)), n_mels=n_mels
        )
        waveform = music(params, n_samples / 8_000, seed)
        expected = librosa_log_mel(waveform, params)
        result = LogMelFrontEnd(params)(waveform)
        assert result.shape == expected.shape
        np.testing.assert_allclose(result, expected, rtol=0, atol=TOLERANCE_DB)

    @pytest.mark.parametrize("level", [1e-3, 1e-4, 1e-5])
    @pytest.mark.parametrize("frequency", [60.0, 440.0, 3000.0])
    def test_noise_far_below_a_loud_tone(self, frequency: float, level: float) -> None:
        """Where float32 transforms alone are wrong by several thousandths of a dB."""
        params = FrontEndParams()
        time = np.arange(3 * params.sample_rate) / params.sample_rate
        noise = np.random.default_rng(0).standard_normal(len(time))
        waveform = (0.9 * np.sin(2 * np.pi * frequency * time) + level * noise).astype(np.float32)
        np.testing.assert_allclose(
            LogMelFrontEnd(params)(waveform), librosa_log_mel(waveform, params), rtol=0, atol=TOLERANCE_DB
        )

    def test_sixty_seconds_at_44100_in_256_bands(self) -> None:
        params = FrontEndParams(sample_rate=44_100, n_mels=256)
        fading = np.geomspace(1e-5, 0.3, 60 * params.sample_rate)
        waveform = (fading * np.random.default_rng(0).standard_normal(len(fading))).astype(np.float32)
        result = LogMelFrontEnd(params)(waveform)
        assert result.shape == (256, 5168)
        np.testing.assert_allclose(result, librosa_log_mel(waveform, params), rtol=0, atol=TOLERANCE_DB)

    @pytest.mark.parametrize("waveform", [np.zeros(5_000), np.ones(5_000), 1e9 * np.eye(1, 5_000, 2_500)[0]])
    def test_silence_and_extremes(self, waveform: np.ndarray) -> None:
        params = FrontEndParams()
        expected = librosa_log_mel(waveform.astype(np.float32), params)
        np.testing.assert_allclose(LogMelFrontEnd(params)(waveform), expected, rtol=0, atol=TOLERANCE_DB)

    @pytest.mark.real_data
    def test_real_music(self, real_data: Path) -> None:
        front_end = LogMelFrontEnd(FrontEndParams())
        tracks = sorted((real_data / "gtzan_mini" / "genres").rglob("*.ogg"))[::10]
        assert tracks
        for track in tracks:
            waveform, sample_rate = soundfile.read(track, dtype="float32")
            assert sample_rate == front_end.sample_rate
            expected = librosa_log_mel(waveform, front_end.params)
            np.testing.assert_allclose(front_end(waveform), expected, rtol=0, atol=TOLERANCE_DB)


class TestResult:
    def test_thirty_seconds_are_128_by_1292(self) -> None:
        front_end = LogMelFrontEnd(FrontEndParams())
        result = front_end(np.full(30 * 22_050, 0.1))
        assert result.shape == (128, 1292) == (front_end.n_bands, front_end.frames(30.0))
        assert result.dtype == np.float32

    def test_frames_lie_one_after_another_in_memory(self) -> None:
        assert LogMelFrontEnd(FrontEndParams())(np.full(22_050, 0.1)).T.flags.c_contiguous

    def test_seconds_count_hops(self) -> None:
        assert LogMelFrontEnd(FrontEndParams()).seconds(1292) == pytest.approx(1292 * 512 / 22_050)

    def test_half_precision_is_fine_enough_for_full_scale(self) -> None:
        spectrogram = LogMelFrontEnd(FrontEndParams())(music(FrontEndParams()))
        assert np.abs(spectrogram.astype(np.float16) - spectrogram).max() < 0.04

    def test_a_pickled_front_end_gives_the_same(self) -> None:
        front_end = LogMelFrontEnd(FrontEndParams())
        waveform = music(front_end.params)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(front_end))(waveform), front_end(waveform))


class TestRefusals:
    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_non_finite_samples(self, value: float) -> None:
        waveform = np.zeros(1_000, dtype=np.float32)
        waveform[123] = value
        with pytest.raises(AudioError, match=r"sample 123 of the waveform is -?(nan|inf)"):
            LogMelFrontEnd(FrontEndParams())(waveform)

    @pytest.mark.parametrize("shape", [(0,), (2, 100)])
    def test_not_mono_or_empty(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(AudioError, match="mono waveform of shape"):
            LogMelFrontEnd(FrontEndParams())(np.zeros(shape))

    @pytest.mark.parametrize(
        ("changed", "message"),
        [
            ({"fmax": 12_000.0}, "fmax 12000 Hz is above half the sample_rate 22050"),
            ({"fmin": 500.0, "fmax": 400.0}, "fmin 500 Hz is not below fmax 400"),
            ({"hop_length": 4096}, "hop_length 4096 is above n_fft 2048"),
            ({"n_mels": 800}, r"bands lie between two bins of n_fft 2048 .* raise n_fft"),
            ({"n_fft": 2049}, "multiple of 2"),
            ({"hop": 512}, "Extra inputs are not permitted"),
        ],
    )
    def test_parameters_that_cannot_work(self, changed: dict[str, Any], message: str) -> None:
        with pytest.raises(ValidationError, match=message):
            FrontEndParams(**changed)

    @given(
        n_fft=st.sampled_from([128, 512, 1024, 2048]),
        n_mels=st.integers(1, 300),
        fmin=st.floats(0, 2_000),
        fmax=st.floats(3_000, 11_025),
    )
    @settings(max_examples=60, deadline=None)
    def test_empty_bands_are_those_that_librosa_finds(
        self, n_fft: int, n_mels: int, fmin: float, fmax: float
    ) -> None:
        bank: dict[str, Any] = {"n_fft": n_fft, "n_mels": n_mels, "fmin": fmin, "fmax": fmax}
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Empty filters detected")
            weights = librosa.filters.mel(sr=22_050, **bank, dtype=np.float64)
        assert empty_bands(sample_rate=22_050, **bank) == np.count_nonzero(weights.max(axis=1) == 0)


class TestDigest:
    def test_is_twelve_hex_digits_and_the_same_in_every_process(self) -> None:
        # Written out: a digest that changes by accident throws away everybody's cache.
        assert LogMelFrontEnd(FrontEndParams()).digest == "534284082c8f"

    @pytest.mark.parametrize(
        "changed",
        [
            {"n_fft": 1024},
            {"hop_length": 256},
            {"n_mels": 64},
            {"fmin": 20.0},
            {"fmax": 8_000.0},
            {"top_db": 60.0},
        ],
        ids=str,
    )
    def test_changes_with_every_parameter(self, changed: dict[str, Any]) -> None:
        assert LogMelFrontEnd(FrontEndParams(**changed)).digest != LogMelFrontEnd(FrontEndParams()).digest

    def test_integers_and_floats_are_the_same_parameter(self) -> None:
        assert LogMelFrontEnd(FrontEndParams(top_db=80)).digest == LogMelFrontEnd(FrontEndParams()).digest

    def test_changes_with_the_version_of_the_code(self, monkeypatch: pytest.MonkeyPatch) -> None:
        before = LogMelFrontEnd(FrontEndParams()).digest
        monkeypatch.setattr("auricle.audio.frontend.LogMelFrontEnd.version", 99)
        assert LogMelFrontEnd(FrontEndParams()).digest != before


class TestSaving:
    def test_comes_back_as_it_was(self, tmp_path: Path) -> None:
        front_end = LogMelFrontEnd(FrontEndParams(n_mels=64, fmax=8_000.0))
        front_end.save_pretrained(tmp_path)
        loaded = LogMelFrontEnd.from_pretrained(tmp_path)
        assert loaded.params == front_end.params
        assert loaded.digest == front_end.digest

    @pytest.mark.parametrize(
        "extractor", [LogMelFrontEnd(FrontEndParams()), DescriptorExtractor(DescriptorParams())]
    )
    def test_is_loaded_by_its_type(
        self, extractor: LogMelFrontEnd | DescriptorExtractor, tmp_path: Path
    ) -> None:
        extractor.save_pretrained(tmp_path / "bundle")
        loaded = load_extractor(tmp_path / "bundle")
        assert type(loaded) is type(extractor)
        assert loaded.digest == extractor.digest

    @pytest.mark.parametrize(
        ("changed", "message"),
        [
            ({"feature_extractor_type": "Wav2Vec2FeatureExtractor"}, "names the feature extractor 'Wav2Vec2"),
            (
                {"feature_extractor_version": 0},
                "version 0 of LogMelFrontEnd, this Auricle computes version 1",
            ),
            ({"n_mels": -1}, "holds parameters that LogMelFrontEnd refuses"),
            ({"n_mel": 64}, "holds parameters that LogMelFrontEnd refuses"),
        ],
    )
    def test_refuses_what_it_does_not_know(
        self, changed: dict[str, Any], message: str, tmp_path: Path
    ) -> None:
        LogMelFrontEnd(FrontEndParams()).save_pretrained(tmp_path)
        path = tmp_path / "preprocessor_config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changed))
        with pytest.raises(BundleError, match=message):
            load_extractor(tmp_path)

    def test_refuses_the_type_that_was_not_asked_for(self, tmp_path: Path) -> None:
        DescriptorExtractor(DescriptorParams()).save_pretrained(tmp_path)
        with pytest.raises(BundleError, match="is of a 'DescriptorExtractor', expected 'LogMelFrontEnd'"):
            LogMelFrontEnd.from_pretrained(tmp_path)

    def test_refuses_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(BundleError, match=r"is missing: .* is not a complete bundle"):
            load_extractor(tmp_path)

    @pytest.mark.parametrize("content", ["{", "[1]", ""])
    def test_refuses_a_damaged_file(self, content: str, tmp_path: Path) -> None:
        (tmp_path / "preprocessor_config.json").write_text(content)
        with pytest.raises(BundleError, match="train or copy"):
            load_extractor(tmp_path)
