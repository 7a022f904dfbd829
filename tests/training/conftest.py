"""Fixtures of the training tests."""

from pathlib import Path

import pytest
from sounding_corpus import SoundingCorpus, sounding_corpus
from tiny_corpus import TinyCorpus, tiny_corpus
from waveform_corpus import WaveformCorpus, waveform_corpus


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> TinyCorpus:
    """Three classes of six recordings, hold-out."""
    return tiny_corpus(tmp_path_factory.mktemp("holdout"))


@pytest.fixture(scope="session")
def folded(tmp_path_factory: pytest.TempPathFactory) -> TinyCorpus:
    """Three classes of six recordings in three folds."""
    return tiny_corpus(tmp_path_factory.mktemp("folds"), folds=3)


@pytest.fixture
def workdir(tmp_path: Path) -> Path:
    """Where a test's unfinished trainings live."""
    return tmp_path / "work"


@pytest.fixture(scope="session")
def sounding(tmp_path_factory: pytest.TempPathFactory) -> SoundingCorpus:
    """Three classes of six recordings that can be decoded and altered, hold-out."""
    return sounding_corpus(tmp_path_factory.mktemp("sounding"))


@pytest.fixture(scope="session")
def sounding_folds(tmp_path_factory: pytest.TempPathFactory) -> SoundingCorpus:
    """The same in three folds."""
    return sounding_corpus(tmp_path_factory.mktemp("sounding-folds"), folds=3)


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> WaveformCorpus:
    """Three classes of six waveforms, hold-out."""
    return waveform_corpus(tmp_path_factory.mktemp("spoken"))
