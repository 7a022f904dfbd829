"""Prediction on real recordings, compressed and of other rates, agrees with what their cache says."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from auricle.audio.decode import decode
from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.audio.limits import AudioLimits
from auricle.audio.store import SpectrogramStore
from auricle.inference.classifier import AudioClassifier
from auricle.inference.scoring import score_stored
from auricle.models.bundle import BundleRef, seal
from auricle.models.params import CnnParams, WindowParams
from auricle.models.registry import build_model

pytestmark = pytest.mark.real_data


@pytest.fixture
def files(real_data: Path) -> list[Path]:
    """An Ogg track of 30 s, a FLAC cry of 7 s at 8 kHz, a short MP3 note at 44.1 kHz."""
    patterns = ("gtzan_mini/genres/*/*.ogg", "donateacry/**/*.flac", "philharmonia_mini/**/*.mp3")
    return [sorted(real_data.glob(pattern))[0] for pattern in patterns]


@pytest.fixture
def front_end() -> LogMelFrontEnd:
    return LogMelFrontEnd(FrontEndParams())


@pytest.fixture
def bundle(tmp_path: Path, front_end: LogMelFrontEnd) -> BundleRef:
    """The default network, untrained: its answers are arbitrary, and must be the same both ways."""
    torch.manual_seed(3)
    windows = WindowParams()
    config = CnnParams().config(
        n_bands=front_end.n_bands,
        vocabulary=("a", "b", "c"),
        window_frames=front_end.frames(windows.window_seconds),
        hop_frames=front_end.frames(windows.hop_seconds),
    )
    path = tmp_path / "bundle"
    build_model(config).save_pretrained(path)
    front_end.save_pretrained(path)
    (path / "training.json").write_text("{}")
    return seal(path)


def test_files_and_their_cached_spectrograms_get_one_answer(files, bundle, front_end, tmp_path):
    ids = [f"{number:016x}" for number in range(len(files))]
    with SpectrogramStore.open(tmp_path / "store", front_end.digest, front_end.n_bands, mode="a") as store:
        for key, file in zip(ids, files, strict=True):
            store.append({key: front_end(decode(file, AudioLimits(), front_end.sample_rate).samples)})
        manifest = pd.DataFrame({"recording_id": ids, "split": "test", "status": "ok"})
        scored, embeddings = score_stored(bundle, store, manifest, device="cpu")
    predictions = AudioClassifier(bundle, device="cpu").predict(files)
    for number, prediction in enumerate(predictions):
        assert prediction.error is None
        np.testing.assert_allclose(
            list(prediction.probabilities.values()), scored.loc[number, ["a", "b", "c"]].tolist(), atol=2e-3
        )
        stored = embeddings["embedding"][number]
        assert np.abs(prediction.embedding - stored).max() < 0.01 * np.abs(stored).max()
    assert [len(prediction.windows) for prediction in predictions] == [19, 4, 1]
