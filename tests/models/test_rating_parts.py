"""The encoders and classifiers that the rating model comes with."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import Wav2Vec2Config, Wav2Vec2Model

from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.audio.stft import StftFrontEnd, StftParams
from auricle.audio.waveform_front_end import WaveformFrontEnd, WaveformParams
from auricle.errors import BundleError, ConfigurationError
from auricle.models.bundle import seal
from auricle.models.rating.pair import checked_pair
from auricle.models.rating.params import PairParams
from auricle.models.registry import ENSEMBLE, FOREST, weights_file
from tiny_speech import GEOMETRY, TORCHAUDIO

CLASSIFIERS = ("MLPClassifier", "DeepClassifier", "ResidualClassifier")
RATE = 16_000
VGGISH = {"kind": "vggish", "sample_rate": 16_000, "n_fft": 512, "hop_length": 160, "n_mels": 64}
VGGISH |= {"fmin": 125.0, "fmax": 7_500.0, "top_db": 120.0}


def pair(encoder: str, classifier: str = "MLPClassifier", **arguments: Any) -> PairParams:
    return PairParams(
        encoder_class=f"auricle.models.encoders:{encoder}",
        encoder_kwargs=arguments,
        classifier_class=f"auricle.models.classifiers:{classifier}",
    )


@pytest.fixture
def speech_folder(tmp_path: Path) -> Path:
    """A tiny encoder with group normalization, as the base models have it."""
    torch.manual_seed(1)
    Wav2Vec2Model(Wav2Vec2Config(**GEOMETRY)).save_pretrained(tmp_path / "speech")
    return tmp_path / "speech"


@pytest.fixture
def bundle_of(tmp_path: Path, small_model: Callable[..., Any]) -> Callable[..., Path]:
    """A sealed bundle of an untrained network."""

    def make(kind: str, front_end: Any, **params: Any) -> Path:
        folder = tmp_path / kind
        model = small_model(kind, **params)
        model.save_pretrained(folder)
        front_end.save_pretrained(folder)
        (folder / "training.json").write_text("{}")
        seal(folder)
        return folder

    return make


class TestEveryPair:
    @pytest.mark.parametrize("classifier", CLASSIFIERS)
    def test_of_waveforms_keeps_the_contract(self, classifier: str) -> None:
        report = checked_pair(pair("WaveformCNN", classifier), RATE)
        assert report.encoder.shapes[0][1] == (4, 128)

    def test_of_spectrograms_keeps_the_contract(self) -> None:
        pytest.importorskip("torchaudio")
        for name in ("SpectrogramEncoder", "CoarseSpectrogramEncoder"):
            assert checked_pair(pair(name), 22_050).encoder.shapes[0][1] == (4, 256)

    @pytest.mark.parametrize("frozen", [False, True])
    def test_of_a_speech_folder_keeps_the_contract(self, speech_folder: Path, frozen: bool) -> None:
        report = checked_pair(pair("Wav2Vec2Encoder", source=str(speech_folder), frozen=frozen), RATE)
        assert (report.encoder.learning == 0) is frozen
        assert report.encoder.shapes[0][1] == (4, GEOMETRY["hidden_size"] if frozen else 256)

    def test_of_speech_of_torchaudio_keeps_the_contract(self) -> None:
        pytest.importorskip("torchaudio")
        report = checked_pair(pair("Wav2Vec2Encoder", architecture=TORCHAUDIO, embedding_dim=12), 22_050)
        assert report.encoder.shapes[0] == ((4, 22_050), (4, 12))
        assert report.encoder.learning == report.encoder.parameters

    def test_of_a_bundle_on_waveforms_keeps_the_contract(self, bundle_of: Callable[..., Path]) -> None:
        folder = bundle_of("wav2vec2", WaveformFrontEnd(WaveformParams()))
        assert checked_pair(pair("BundleEncoder", bundle=str(folder)), RATE).encoder.learning == 0
        assert (
            checked_pair(pair("BundleEncoder", bundle=str(folder), frozen=False), RATE).encoder.learning > 0
        )

    def test_of_a_bundle_on_spectrograms_keeps_the_contract(self, bundle_of: Callable[..., Path]) -> None:
        pytest.importorskip("torchaudio")
        folder = bundle_of("cnn", LogMelFrontEnd(FrontEndParams(n_mels=16, n_fft=512, hop_length=256)))
        assert checked_pair(pair("BundleEncoder", bundle=str(folder)), RATE).encoder.shapes[0][1] == (4, 8)


class TestSpectrogramsOnTheDevice:
    @pytest.mark.parametrize("rate", [22_050, 16_000])
    def test_are_those_of_the_front_end(self, rate: int) -> None:
        pytest.importorskip("torchaudio")
        from auricle.models.encoders.log_mel import LogMel

        params = FrontEndParams(sample_rate=rate)
        time = np.arange(2 * rate) / rate
        sounds = np.stack(
            [
                np.random.default_rng(0).normal(0, 0.1, len(time)),
                0.5 * np.sin(2 * np.pi * 440 * time),
                1e-3 * np.sin(2 * np.pi * 3_000 * time),
                np.zeros(len(time)),
            ]
        ).astype(np.float32)
        made = LogMel(params)(torch.from_numpy(sounds)).numpy()
        expected = np.stack([LogMelFrontEnd(params)(sound) for sound in sounds])
        np.testing.assert_allclose(made, expected, atol=5e-3)  # in dB, of clips between -100 and +30

    def test_need_a_package_that_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "torchaudio", None)
        with pytest.raises(ConfigurationError, match=r"needs torchaudio.*rating"):
            checked_pair(pair("SpectrogramEncoder"), RATE)


class TestABundleAsEncoder:
    def test_says_what_its_network_says(self, bundle_of: Callable[..., Path]) -> None:
        from auricle.models.bundle import open_bundle
        from auricle.models.encoders import BundleEncoder
        from auricle.models.registry import load_deep

        front_end = WaveformFrontEnd(WaveformParams())
        folder = bundle_of("wav2vec2", front_end)
        waveform = np.random.default_rng(0).normal(0.01, 0.1, RATE).astype(np.float32)
        network: Any = load_deep(open_bundle(folder))
        with torch.no_grad():
            expected = network(input_values=torch.from_numpy(front_end(waveform))[None]).embeddings
            found = BundleEncoder(RATE, bundle=str(folder)).eval()(torch.from_numpy(waveform)[None])
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)

    @pytest.mark.parametrize("kind", ["wav2vec2", "cnn"])
    def test_is_made_again_without_the_bundle(self, bundle_of: Callable[..., Path], kind: str) -> None:
        import shutil

        from auricle.models.encoders import BundleEncoder

        if kind == "cnn":
            pytest.importorskip("torchaudio")
        front_end = (
            WaveformFrontEnd(WaveformParams())
            if kind == "wav2vec2"
            else LogMelFrontEnd(FrontEndParams(n_mels=16, n_fft=512, hop_length=256))
        )
        folder = bundle_of(kind, front_end)
        encoder = BundleEncoder(RATE, bundle=str(folder)).eval()
        shutil.rmtree(folder)
        again = BundleEncoder(RATE, **json.loads(json.dumps(encoder.bundle_arguments()))).eval()
        again.load_state_dict(encoder.state_dict())
        heard = torch.randn(2, RATE)
        torch.testing.assert_close(again(heard), encoder(heard))

    def test_is_refused_where_it_cannot_be_one(
        self, bundle_of: Callable[..., Path], tmp_path: Path, small_model: Callable[..., Any]
    ) -> None:
        from auricle.models.encoders import BundleEncoder

        with pytest.raises(ConfigurationError, match="BundleEncoder has no bundle"):
            BundleEncoder(RATE)
        with pytest.raises(BundleError, match="no such folder"):
            BundleEncoder(RATE, bundle=str(tmp_path / "nothing"))
        stft = bundle_of("note_analyzer", StftFrontEnd(StftParams()))
        with pytest.raises(ConfigurationError, match="hears by a StftFrontEnd"):
            BundleEncoder(RATE, bundle=str(stft))
        flat = bundle_of("cnn", LogMelFrontEnd(FrontEndParams(n_mels=16, n_fft=512)), head="flatten")
        with pytest.raises(ConfigurationError, match="takes 24 frames and no others"):
            BundleEncoder(RATE, bundle=str(flat))
        vggish = bundle_of("hybrid", LogMelFrontEnd(FrontEndParams.model_validate(VGGISH)))
        with pytest.raises(ConfigurationError, match="of kind 'vggish', and BundleEncoder can take"):
            BundleEncoder(RATE, bundle=str(vggish))
        told = bundle_of("note_analyzer_small", LogMelFrontEnd(FrontEndParams(n_mels=16, n_fft=512)))
        with pytest.raises(ConfigurationError, match="is told an instrument"):
            BundleEncoder(RATE, bundle=str(told))

    @pytest.mark.parametrize("kind", [FOREST, ENSEMBLE])
    def test_is_refused_of_what_is_no_network(self, bundle_of: Callable[..., Path], kind: str) -> None:
        from auricle.models.encoders import BundleEncoder

        folder = bundle_of("cnn", LogMelFrontEnd(FrontEndParams(n_mels=16, n_fft=512)))
        config = json.loads((folder / "config.json").read_text()) | {"model_type": kind}
        (folder / "config.json").write_text(json.dumps(config))
        (folder / weights_file(kind, folder)).write_text("{}")
        seal(folder)
        with pytest.raises(
            ConfigurationError, match=f"model_type '{kind}', and BundleEncoder takes networks"
        ):
            BundleEncoder(RATE, bundle=str(folder))


class TestASpeechEncoder:
    def test_that_is_frozen_has_embeddings_of_its_own_size_alone(self, speech_folder: Path) -> None:
        with pytest.raises(ConfigurationError, match="Leave embedding_dim out"):
            checked_pair(
                pair("Wav2Vec2Encoder", source=str(speech_folder), frozen=True, embedding_dim=8), RATE
            )

    def test_is_made_again_without_its_folder(self, speech_folder: Path) -> None:
        import shutil

        from auricle.models.encoders import Wav2Vec2Encoder

        encoder = Wav2Vec2Encoder(RATE, source=str(speech_folder), frozen=True).eval()
        shutil.rmtree(speech_folder)
        again = Wav2Vec2Encoder(RATE, **json.loads(json.dumps(encoder.bundle_arguments()))).eval()
        again.load_state_dict(encoder.state_dict())
        heard = torch.randn(2, RATE)
        torch.testing.assert_close(again(heard), encoder(heard))

    def test_of_torchaudio_begins_at_random_and_so_cannot_be_frozen(self) -> None:
        with pytest.raises(ConfigurationError, match="it would never learn"):
            checked_pair(pair("Wav2Vec2Encoder", frozen=True), RATE)
