"""A forest that is told the instrument: what it says then, and what it takes for unknown."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from auricle.audio.descriptors import DescriptorExtractor
from auricle.inference.classifier import AudioClassifier
from auricle.inference.scoring import score_features
from auricle.models.bundle import BundleRef, seal
from auricle.models.forest import fit_forest, forest_config, save_forest, with_instruments
from auricle.models.params import ForestParams

KNOWN = ("flute", "oboe")


@pytest.fixture
def playing(manifest: pd.DataFrame) -> pd.DataFrame:
    """The manifest with an instrument for each recording, in turn, so that it says nothing of the pitch."""
    return manifest.assign(instrument=[KNOWN[number % 2] for number in range(len(manifest))])


@pytest.fixture
def bundle(
    playing: pd.DataFrame, features: pd.DataFrame, descriptors: DescriptorExtractor, tmp_path: Path
) -> BundleRef:
    """A forest to which nothing but the instrument matters: its label is the instrument's name."""
    values = features[list(descriptors.names)].assign(**dict.fromkeys(descriptors.names, 0.0))
    values = with_instruments(values, playing["instrument"], KNOWN)
    forest = fit_forest(values, playing["instrument"], ForestParams(n_estimators=20, n_jobs=1))
    path = tmp_path / "told"
    path.mkdir()
    save_forest(forest, path / "model.skops")
    config = forest_config(forest, values, KNOWN) | {"instruments": list(KNOWN)}
    (path / "config.json").write_text(json.dumps(config))
    descriptors.save_pretrained(path)
    (path / "training.json").write_text("{}")
    return seal(path)


@pytest.fixture
def told(bundle: BundleRef) -> AudioClassifier:
    return AudioClassifier(bundle, device="cpu")


def test_the_instrument_is_heard(told: AudioClassifier, recordings: Path) -> None:
    assert told.instruments == KNOWN
    for name in KNOWN:
        assert told.predict(recordings / "0.wav", instrument=name).label == name


def test_it_holds_for_all_of_a_list(told: AudioClassifier, recordings: Path) -> None:
    several = told.predict([recordings / "0.wav", recordings / "3.wav"], instrument="oboe")
    assert [prediction.label for prediction in several] == ["oboe", "oboe"]


def test_any_other_name_is_unknown_and_is_said(
    told: AudioClassifier, recordings: Path, caplog: pytest.LogCaptureFixture
) -> None:
    unknown = told.predict(recordings / "0.wav")
    assert not caplog.text
    other = told.predict(recordings / "0.wav", instrument="tuba")
    assert other.probabilities == unknown.probabilities
    assert "'tuba' is taken as unknown: this model knows flute, oboe" in caplog.text


def test_a_model_without_instruments_says_so(
    forest_bundle: BundleRef, recordings: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plain = AudioClassifier(forest_bundle, device="cpu")
    said = plain.predict(recordings / "0.wav", instrument="flute")
    assert said.probabilities == plain.predict(recordings / "0.wav").probabilities
    assert "this model knows of no instruments" in caplog.text


def test_a_corpus_is_scored_with_the_instruments_of_its_manifest(
    bundle: BundleRef, told: AudioClassifier, features: pd.DataFrame, playing: pd.DataFrame, recordings: Path
) -> None:
    predictions, embeddings = score_features(bundle, features, playing)
    for number, row in enumerate(playing.itertuples()):
        said = told.predict(recordings / str(row.path), instrument=str(row.instrument))
        assert predictions.loc[number, list(KNOWN)].tolist() == list(said.probabilities.values())
        embedded = told.embed(recordings / str(row.path), instrument=str(row.instrument))
        np.testing.assert_array_equal(embedded, embeddings["embedding"][number])


@pytest.mark.parametrize("unknown", [None, float("nan"), "tuba"])
def test_unknown_is_all_zeros(unknown: object) -> None:
    rows = pd.DataFrame({"a": [1.0, 2.0]})
    table = with_instruments(rows, ["oboe", unknown], KNOWN)  # type: ignore[list-item]
    assert table.columns.tolist() == ["a", "instrument=flute", "instrument=oboe"]
    assert table.to_numpy().tolist() == [[1.0, 0.0, 1.0], [2.0, 0.0, 0.0]]
