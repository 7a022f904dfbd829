"""An encoder in ONNX through a whole training: the head learns, the bundle has all, prediction agrees."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from tiny_corpus import LABELS, TRAIN

from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.audio.store import SpectrogramStore
from auricle.errors import BundleError, ConfigurationError
from auricle.inference.scorers import DeepScorer
from auricle.models.bundle import open_bundle
from auricle.models.params import TransferParams
from auricle.models.windows import WindowParams
from auricle.training.deep import fit_deep
from tiny_vggish import FRONT_END, tiny_vggish

WINDOW = WindowParams(window_seconds=1.2, hop_seconds=1.2)
FRONT = LogMelFrontEnd(FrontEndParams(**FRONT_END))
PITCHES = {"noise": None, "pulse": 400.0, "sweep": 3000.0}


def waveform(label: str, number: int) -> np.ndarray:
    """1.5 s of noise, or of a tone in noise."""
    time = np.arange(24_000) / 16_000
    sound = np.random.default_rng(number).normal(0, 0.02, len(time))
    pitch = PITCHES[label]
    return (sound if pitch is None else sound + 0.3 * np.sin(2 * np.pi * pitch * time)).astype(np.float32)


@pytest.fixture(scope="module")
def manifest() -> pd.DataFrame:
    rows = [
        {
            **{"recording_id": f"{label}{number:012d}", "path": f"{label}/{number}.wav", "label": label},
            **{"labels": [label], "group": f"{label}{number}", "fold": -1, "status": "ok", "reason": None},
            "split": ("validation", "test", "train")[min(number, 2)],
        }
        for label in LABELS
        for number in range(6)
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny-vggish")
    tiny_vggish(folder / "tiny.onnx")
    return folder


@pytest.fixture(scope="module")
def store(manifest: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> SpectrogramStore:
    folder = tmp_path_factory.mktemp("store")
    with SpectrogramStore.open(folder, FRONT.digest, FRONT.n_bands, mode="a") as opened:
        opened.append(
            {
                row.recording_id: FRONT(waveform(row.label, int(row.recording_id[-2:])))
                for row in manifest.itertuples()
            }
        )
    return SpectrogramStore.open(folder, FRONT.digest, FRONT.n_bands)


def test_learns_and_predicts_the_same_from_its_bundle_alone(
    manifest: pd.DataFrame, store: SpectrogramStore, encoder: Path, workdir: Path
) -> None:
    params = TransferParams(backbone=str(encoder), frozen=True, dropout=0.0)
    training = TRAIN.model_copy(update={"epochs": 12})
    draft = fit_deep(manifest, store, FRONT, params, training, WINDOW, workdir)
    bundle = open_bundle(draft.path)
    history = bundle.training["history"]
    assert history[-1]["eval_loss"] < 0.7 * np.log(len(LABELS))
    assert bundle.config["backbone_settings"]["sha256"]

    (encoder / "tiny.onnx").rename(encoder / "gone")
    scorer = DeepScorer(bundle, torch.device("cpu"))
    tested = manifest[manifest["split"] == "test"]
    for row in tested.itertuples():
        said = scorer(waveform(row.label, int(row.recording_id[-2:])))
        assert bundle.vocabulary[int(said.probabilities.mean(axis=0).argmax())] == row.label
    (encoder / "gone").rename(encoder / "tiny.onnx")

    with (draft.path / "model.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\xff")
    with pytest.raises(BundleError, match=r"model\.safetensors is damaged: its SHA-256"):
        open_bundle(draft.path)


def test_a_training_behind_another_front_end_is_refused(
    manifest: pd.DataFrame, encoder: Path, workdir: Path, tmp_path: Path
) -> None:
    other = LogMelFrontEnd(FRONT.params.model_copy(update={"kind": "log_mel"}))
    spectrograms = {
        row.recording_id: other(waveform(row.label, int(row.recording_id[-2:])))
        for row in manifest.itertuples()
    }
    with SpectrogramStore.open(tmp_path, other.digest, other.n_bands, mode="a") as opened:
        opened.append(spectrograms)
    params = TransferParams(backbone=str(encoder), frozen=True)
    with (
        SpectrogramStore.open(tmp_path, other.digest, other.n_bands) as kept,
        pytest.raises(ConfigurationError, match=r"Set front_end: \{kind: vggish\}"),
    ):
        fit_deep(manifest, kept, other, params, TRAIN, WINDOW, workdir)
