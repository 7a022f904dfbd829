"""Networks that hear waveforms as ONNX: the twin of the front end, and whole files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import ResNetConfig, ResNetModel

from auricle.audio.frontend import FrontEnd, FrontEndParams, LogMelFrontEnd
from auricle.audio.stft import StftFrontEnd, StftParams
from auricle.audio.waveform_front_end import WaveformParams
from auricle.models.bundle import seal
from auricle.models.onnx_check import session_of
from auricle.models.onnx_front_end import front_end_in_torch
from auricle.models.onnx_waveform import Whole, onnx_of_waveforms
from auricle.models.registry import load_deep
from auricle.models.windows import predict_windows

RATE = 8_000
SMALL = {"sample_rate": RATE, "n_fft": 512, "hop_length": 160}
VGGISH = {"kind": "vggish", "sample_rate": 16_000, "n_fft": 512, "hop_length": 160, "n_mels": 64, "fmin": 125}
SECONDS = (0.31, 0.6, 1.0, 1.02, 2.7, 3.9)


def sounds(rate: int) -> list[np.ndarray]:
    """Decaying tones over faint noise: quiet bands lie deep below the loud ones."""
    random = np.random.default_rng(0)
    made = []
    for seconds in SECONDS:
        time = np.arange(round(seconds * rate)) / rate
        tone = np.exp(-2 * time) * (np.sin(2 * np.pi * 440 * time) / 2 + np.sin(3e3 * time**1.1) / 10)
        made.append((tone + random.normal(scale=1e-4, size=len(time))).astype(np.float32))
    return made


def batch_of(waveforms: list[np.ndarray]) -> dict[str, torch.Tensor]:
    """Recordings one below the other, with something loud behind the shorter ones."""
    lengths = [len(waveform) for waveform in waveforms]
    rows = np.full((len(lengths), max(lengths)), 0.7, dtype=np.float32)
    for row, waveform in zip(rows, waveforms, strict=True):
        row[: len(waveform)] = waveform
    return {"waveforms": torch.from_numpy(rows), "lengths": torch.tensor(lengths)}


@pytest.mark.parametrize(
    "front_end",
    [
        LogMelFrontEnd(FrontEndParams()),
        LogMelFrontEnd(FrontEndParams.model_validate(VGGISH)),
        StftFrontEnd(StftParams(fmax=8_000)),
        WaveformParams().make(),
        WaveformParams(do_normalize=False).make(),
    ],
    ids=["log_mel", "vggish", "stft", "waveform", "waveform as it is"],
)
def test_the_twin_gives_what_the_front_end_gives(front_end: FrontEnd) -> None:
    # Bins far below the peak hold the rounding noise of the project's own float32, but for the log-mel one.
    tolerance = {"log_mel": 1e-3, "vggish": 5e-3, "stft": 5e-3, "waveform": 2e-6}[front_end.params.kind]
    waveforms = sounds(front_end.sample_rate)
    values, frames = front_end_in_torch(front_end)(*batch_of(waveforms).values())
    for waveform, row, count in zip(waveforms, values.numpy(), frames.tolist(), strict=True):
        expected = front_end(waveform)
        assert count == expected.shape[1]
        np.testing.assert_allclose(row[:, :count], expected, atol=tolerance)
        behind = expected.min() if front_end.n_bands > 1 else 0.0
        np.testing.assert_allclose(row[:, count:], behind, atol=tolerance)


@pytest.fixture
def network(small_model: Callable[..., Any], tmp_path: Path) -> Callable[..., tuple[Any, FrontEnd]]:
    """A small network behind its front end, with windows of a second that overlap; its classes are apart."""

    def make(kind: str) -> tuple[Any, FrontEnd]:
        front_end: FrontEnd = LogMelFrontEnd(FrontEndParams(n_mels=33, **SMALL))
        if kind == "wav2vec2":
            front_end = WaveformParams(sample_rate=RATE).make()
        window = front_end.frames(1.0)
        config = {"n_bands": front_end.n_bands, "window_frames": window, "hop_frames": window // 2 + 3}
        if kind.startswith("note"):
            config |= {"frames_per_second": 50.0, "instruments": ("cello", "flute")}
        bands, more = config.pop("n_bands"), {}
        if kind == "transfer":
            shape: dict[str, Any] = {"hidden_sizes": [8, 16], "depths": [1, 1], "layer_type": "basic"}
            ResNetModel(ResNetConfig(embedding_size=8, **shape)).save_pretrained(tmp_path / "encoder")
            more = {"backbone": str(tmp_path / "encoder")}
        model = small_model(kind, n_bands=bands, config=config, **more)
        last = model.classifier.out_proj if kind == "wav2vec2" else model.classifier
        torch.nn.init.normal_(last.weight, std=1.0 if kind == "wav2vec2" else 0.02)
        model.config.calibration_temperature = 2.0
        return model.eval(), front_end

    return make


def expected_of(model: Any, front_end: FrontEnd, waveforms: list[np.ndarray], code: int | None) -> np.ndarray:
    config = model.config
    outputs = [
        predict_windows(
            model, front_end(waveform), config.window_frames, config.hop_frames, instrument=code
        ).probabilities.mean(axis=0)
        for waveform in waveforms
    ]
    return np.stack(outputs)


@pytest.mark.parametrize(
    "kind", ["cnn", "hybrid", "resnet", "cnn_lstm", "transfer", "note_analyzer_small", "wav2vec2"]
)
def test_cuts_windows_as_prediction_does(network: Callable[..., Any], kind: str) -> None:
    model, front_end = network(kind)
    given = batch_of(sounds(front_end.sample_rate))
    asks = kind.startswith("note")
    if asks:
        given["instruments"] = torch.full((len(SECONDS),), 2)
    with torch.inference_mode():
        said = Whole(model, front_end_in_torch(front_end)).eval()(**given)
    expected = expected_of(model, front_end, sounds(front_end.sample_rate), 2 if asks else None)
    assert expected.std(axis=0).max() > 1e-4
    np.testing.assert_allclose(said[0], expected, atol=2e-5)


@pytest.mark.parametrize("kind", ["note_analyzer", pytest.param("cnn", marks=pytest.mark.slow)])
def test_the_file_says_what_prediction_says(network: Callable[..., Any], kind: str, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    model, front_end = network(kind)
    model.save_pretrained(tmp_path / "bundle")
    front_end.save_pretrained(tmp_path / "bundle")
    (tmp_path / "bundle/training.json").write_text("{}")
    bundle = seal(tmp_path / "bundle")
    session = session_of(onnx_of_waveforms(bundle))
    told = session.get_modelmeta().custom_metadata_map
    assert json.loads(told["sample_rate"]) == RATE
    assert told["bundle_digest"] == bundle.digest
    waveforms = sounds(RATE)
    asks = kind.startswith("note")
    expected = expected_of(load_deep(bundle), front_end, waveforms, 1 if asks else None)
    for rows in ([0], [3], [5], [4, 1], [0, 1, 2, 3, 4, 5]):
        given = batch_of([waveforms[row] for row in rows])
        if asks:
            given["instruments"] = torch.ones(len(rows), dtype=torch.int64)
        said, calibrated, _ = session.run(None, {name: value.numpy() for name, value in given.items()})
        np.testing.assert_allclose(said, expected[rows], atol=2e-5)
        cooler = expected[rows] ** 0.5
        np.testing.assert_allclose(calibrated, cooler / cooler.sum(axis=1, keepdims=True), atol=2e-5)
