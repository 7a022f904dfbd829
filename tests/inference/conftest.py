"""Two small bundles, a CNN's and a forest's, real audio files, and a corpus cached from them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
import torch
from ensemble_models import Models, ensemble_models
from tones import RATE, tone

from auricle.audio.decode import decode
from auricle.audio.descriptors import DescriptorExtractor, DescriptorParams
from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.audio.limits import AudioLimits
from auricle.audio.stft import StftFrontEnd, StftParams
from auricle.audio.store import SpectrogramStore
from auricle.inference.export import exported_file
from auricle.inference.onnx_network import FILE
from auricle.models.bundle import BundleRef, open_bundle, seal
from auricle.models.forest import fit_forest, forest_config, save_forest
from auricle.models.params import CnnParams, ForestParams, NoteAnalyzerParams
from auricle.models.registry import build_model

VOCABULARY = ("high", "low")


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six files of two classes, of various lengths and formats; the third is shorter than a window."""
    folder = tmp_path_factory.mktemp("recordings")
    for number, seconds in enumerate((2.0, 3.3, 0.4, 1.0, 2.5, 1.7)):
        samples = tone(seconds, 1500 if number % 2 else 300, seed=number)
        sf.write(folder / f"{number}.{'flac' if number == 1 else 'wav'}", samples, RATE)
    return folder


@pytest.fixture(scope="session")
def manifest(recordings: Path) -> pd.DataFrame:
    files = sorted(file.name for file in recordings.iterdir())
    return pd.DataFrame(
        {
            "recording_id": [f"{number:016x}" for number in range(len(files))],
            "path": files,
            "label": ["low", "high"] * 3,
            "split": ["train", "train", "validation", "test", "test", "unlabelled"],
            "fold": -1,
            "status": "ok",
        }
    )


@pytest.fixture(scope="session")
def front_end() -> LogMelFrontEnd:
    return LogMelFrontEnd(FrontEndParams(sample_rate=RATE, n_fft=512, hop_length=160, n_mels=32))


@pytest.fixture(scope="session")
def cnn_bundle(tmp_path_factory: pytest.TempPathFactory, front_end: LogMelFrontEnd) -> BundleRef:
    """A CNN after a few steps on noise, so that its batch normalization is not as it began."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("bundles") / "cnn"
    params = CnnParams(channels=(4, 8), hidden_size=16, embedding_size=8)
    model = build_model(
        params.config(n_bands=32, vocabulary=VOCABULARY, window_frames=front_end.frames(1.0), hop_frames=25)
    )
    optimizer = torch.optim.AdamW(model.train().parameters(), lr=1e-2)
    for _ in range(10):
        loss = model(torch.rand(8, 32, 51) * 80 - 60, labels=torch.arange(8) % 2).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval().save_pretrained(path)
    return finish(path, front_end)


@pytest.fixture(scope="session")
def timed(manifest: pd.DataFrame) -> pd.DataFrame:
    """The corpus, with how long its recordings last."""
    return manifest.assign(duration_s=[2.0, 3.3, 0.4, 1.0, 2.5, 1.7])


@pytest.fixture(scope="session")
def content(cnn_bundle: BundleRef, timed: pd.DataFrame, recordings: Path) -> bytes:
    """The CNN as ONNX, compared with it on the recordings."""
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    return exported_file(cnn_bundle, timed, recordings, AudioLimits())


@pytest.fixture
def exported(tmp_path: Path, cnn_bundle: BundleRef, content: bytes) -> BundleRef:
    """A bundle that holds its export, as one that was copied from elsewhere may."""
    shutil.copytree(cnn_bundle.path, tmp_path / "cnn")
    (tmp_path / "cnn" / FILE).write_bytes(content)
    return open_bundle(tmp_path / "cnn")


@pytest.fixture(scope="session")
def descriptors() -> DescriptorExtractor:
    return DescriptorExtractor(
        DescriptorParams(sample_rate=RATE, n_fft=512, hop_length=160, n_mels=32, n_mfcc=5)
    )


@pytest.fixture(scope="session")
def features(recordings: Path, manifest: pd.DataFrame, descriptors: DescriptorExtractor) -> pd.DataFrame:
    rows = [descriptors(decode(recordings / path, AudioLimits(), RATE).samples) for path in manifest["path"]]
    table = pd.DataFrame(np.stack(rows), columns=list(descriptors.names))
    table.insert(0, "recording_id", manifest["recording_id"])
    table.insert(1, "extractor", descriptors.digest)
    return table


@pytest.fixture(scope="session")
def forest_bundle(
    tmp_path_factory: pytest.TempPathFactory,
    features: pd.DataFrame,
    manifest: pd.DataFrame,
    descriptors: DescriptorExtractor,
) -> BundleRef:
    path = tmp_path_factory.mktemp("bundles") / "forest"
    path.mkdir()
    values = features[list(descriptors.names)]
    forest = fit_forest(values, manifest["label"], ForestParams(n_estimators=20, n_jobs=1))
    save_forest(forest, path / "model.skops")
    (path / "config.json").write_text(json.dumps(forest_config(forest, values, VOCABULARY)))
    return finish(path, descriptors)


@pytest.fixture
def models(tmp_path: Path, cnn_bundle: BundleRef, forest_bundle: BundleRef) -> Models:
    """Both of them, and their ensemble, in a folder of the test's own."""
    return ensemble_models(tmp_path / "genre", cnn_bundle, forest_bundle)


@pytest.fixture(scope="session")
def store(
    tmp_path_factory: pytest.TempPathFactory,
    recordings: Path,
    manifest: pd.DataFrame,
    front_end: LogMelFrontEnd,
) -> SpectrogramStore:
    root = tmp_path_factory.mktemp("spectrograms")
    with SpectrogramStore.open(root, front_end.digest, front_end.n_bands, mode="a") as writer:
        writer.append(
            {
                key: front_end(decode(recordings / path, AudioLimits(), RATE).samples)
                for key, path in zip(manifest["recording_id"], manifest["path"], strict=True)
            }
        )
    return SpectrogramStore.open(root, front_end.digest, front_end.n_bands)


@pytest.fixture(scope="session")
def note_bundle(tmp_path_factory: pytest.TempPathFactory) -> BundleRef:
    """A note analyzer with statistics of its own and classes far apart; a window of it lasts a second."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("bundles") / "notes"
    front_end = StftFrontEnd(StftParams(sample_rate=22_050, n_fft=512, hop_length=128))
    params = NoteAnalyzerParams(
        channels=(4, 8), kept_bands=2, time_channels=16, embedding_size=16, instrument_size=4
    )
    config = params.config(
        n_bands=257,
        vocabulary=("bad", "good", "worse"),
        window_frames=front_end.frames(1.0),
        hop_frames=front_end.frames(1.0),
        frames_per_second=front_end.frames_per_second,
        instruments=("cello", "flute"),
    )
    model = build_model(config).train()
    for _ in range(3):
        model(torch.rand(6, 257, 60) * 60 - 50, instruments=torch.tensor([0, 1, 2, 0, 1, 2]))
    torch.nn.init.normal_(model.classifier.weight)
    model.config.calibration_temperature = 2.0
    model.eval().save_pretrained(path)
    return finish(path, front_end)


def finish(path: Path, extractor: LogMelFrontEnd | StftFrontEnd | DescriptorExtractor) -> BundleRef:
    extractor.save_pretrained(path)
    (path / "training.json").write_text("{}")
    return seal(path)
