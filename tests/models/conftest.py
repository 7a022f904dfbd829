"""A small model, a fitted forest and a sealed bundle: enough to test every promise in seconds."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auricle.models.bundle import seal
from auricle.models.params import CnnParams
from tiny_speech import GEOMETRY

VOCABULARY = ("blues", "disco", "metal")


@pytest.fixture
def small_cnn() -> Callable[..., Any]:
    """Makes a CNN of 16 bands and few filters: `small_cnn(head="flatten")`, seeded."""
    import torch

    from auricle.models.registry import build_model

    def make(
        *, n_bands: int = 16, window_frames: int = 24, vocabulary=VOCABULARY, seed=0, config=None, **params
    ):
        torch.manual_seed(seed)
        settings = {"channels": (4, 8), "hidden_size": 16, "embedding_size": 8} | params
        return build_model(
            CnnParams(**settings).config(
                n_bands=n_bands,
                vocabulary=vocabulary,
                window_frames=window_frames,
                hop_frames=window_frames // 2,
                **(config or {}),
            )
        )

    return make


@pytest.fixture
def labelled_features() -> tuple[pd.DataFrame, list[str]]:
    """90 rows of 5 features, of which only `telling` says anything about the label."""
    rng = np.random.default_rng(0)
    labels = [VOCABULARY[row % 3] for row in range(90)]
    table = pd.DataFrame(rng.normal(size=(90, 5)), columns=["a", "telling", "b", "c", "d"]).astype(np.float32)
    table["telling"] += np.float32(3) * np.array(
        [VOCABULARY.index(label) for label in labels], dtype=np.float32
    )
    return table, labels


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A sealed bundle; its weights are not a model's, since opening reads bytes only."""
    return write_bundle(tmp_path / "bundle")


@pytest.fixture
def make_bundle() -> Callable[..., Path]:
    """Makes one at a path, that differs from others by its seed."""

    def make(path: Path, *, seed: int) -> Path:
        write_bundle(path)
        (path / "training.json").write_text(
            json.dumps({"seed": seed, "data": {"digest": f"of seed {seed}"}, "git_revision": "abc"})
        )
        seal(path)
        return path

    return make


def write_bundle(path: Path, **changes) -> Path:
    path.mkdir(parents=True)
    config = {
        "auricle_bundle": 1,
        "model_type": "auricle_spectrogram_cnn",
        "id2label": {str(index): label for index, label in enumerate(VOCABULARY)},
    } | changes
    (path / "config.json").write_text(json.dumps(config))
    (path / "model.safetensors").write_bytes(bytes(range(256)) * 8)
    (path / "preprocessor_config.json").write_text('{"feature_extractor_type": "LogMelFrontEnd"}')
    (path / "training.json").write_text('{"seed": 7}')
    (path / "README.md").write_text("# A card")
    pd.DataFrame({"recording_id": ["0"], "blues": np.float32([0.5])}).to_parquet(path / "out_of_fold.parquet")
    seal(path)
    return path


SMALL = {
    "cnn": {"channels": (4, 8), "hidden_size": 16, "embedding_size": 8},
    "hybrid": {"channels": (4, 8), "lstm_size": 6, "embedding_size": 8},
    "resnet": {"base_channels": 8, "blocks": (1, 2), "attention_reduction": 4, "embedding_size": 8},
    "cnn_lstm": {
        "base_channels": 8,
        "blocks": (1, 2),
        "attention_reduction": 4,
        "embedding_size": 16,
        "segment_frames": 7,
        "segment_hop": 4,
        "lstm_size": 4,
    },
    "note_analyzer": {
        "channels": (4, 8),
        "kept_bands": 2,
        "time_channels": 12,
        "embedding_size": 8,
        "instrument_size": 4,
    },
    "note_analyzer_small": {"channels": (16, 32), "embedding_size": 8, "instrument_size": 4},
    "wav2vec2": {"tiny": GEOMETRY},
    "transfer": {},
}


@pytest.fixture
def small_model() -> Callable[..., Any]:
    """Makes a model of any kind with 16 bands and few filters: `small_model("hybrid")`, seeded."""
    import torch

    from auricle.models.params import ModelParams
    from auricle.models.registry import build_model

    def make(kind: str, *, vocabulary=VOCABULARY, n_bands: int = 16, config=None, **params):
        torch.manual_seed(0)
        chosen = ModelParams.model_validate({"kind": kind} | SMALL[kind] | params).root
        shape = {"n_bands": n_bands, "window_frames": 24, "hop_frames": 12}
        if kind == "wav2vec2":
            shape = {"n_bands": 1, "window_frames": 4000, "hop_frames": 2000}
        return build_model(chosen.config(vocabulary=vocabulary, **(shape | (config or {}))))

    return make
