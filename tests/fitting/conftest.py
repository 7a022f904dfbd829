"""Recordings of two kinds, and a model that was trained on them."""

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from tone_lists import RATE, Lists

from auricle.inference.classifier import AudioClassifier


@pytest.fixture(scope="session")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Lists:
    """Twelve low and twelve high tones, in two folders; each player plays both once or twice."""
    folder = tmp_path_factory.mktemp("music")
    random = np.random.default_rng(5)
    files, labels = [], []
    times = np.arange(RATE) / RATE
    for number in range(24):
        label = ("low", "high")[number % 2]
        pitch = (250, 1500)[number % 2] * random.uniform(0.9, 1.1)
        samples = 0.4 * np.sin(2 * np.pi * pitch * times) + 0.02 * random.standard_normal(len(times))
        files.append(folder / ("a", "b")[number % 3 == 0] / f"{number}.wav")
        files[-1].parent.mkdir(exist_ok=True)
        sf.write(files[-1], samples, RATE)
        labels.append(label)
    return Lists(files, labels, [f"player {number // 3}" for number in range(24)])


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is known of the recordings: several trainings share it."""
    return tmp_path_factory.mktemp("known") / "cache"


@pytest.fixture(scope="session")
def described(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for forests, whose splits are by players or folds."""
    return tmp_path_factory.mktemp("described") / "cache"


@pytest.fixture(scope="session")
def cnn(lists: Lists, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> AudioClassifier:
    """A CNN trained on the lists."""
    return lists.fit(tmp_path_factory.mktemp("models") / "tones", cache=cache)
