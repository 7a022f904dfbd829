"""The forest is trained by the same protocol as the deep models, and ends in the same kind of bundle."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny_corpus import LABELS, TinyCorpus

from auricle.audio.descriptors import DescriptorExtractor, DescriptorParams
from auricle.errors import CorpusError
from auricle.models.bundle import BundleRef, open_bundle
from auricle.models.forest import ForestParams, load_forest
from auricle.training.forest import fit_random_forest

EXTRACTOR = DescriptorExtractor(DescriptorParams(n_mfcc=2))
PARAMS = ForestParams(n_estimators=10, max_features=1.0, importance_repeats=1, n_jobs=1)
TELLING = "mfcc_01_mean"


def features_of(corpus: TinyCorpus) -> pd.DataFrame:
    """One feature tells the label, three are noise, the rest constant; also rows by another extractor."""
    random = np.random.default_rng(0)
    names = list(EXTRACTOR.names)
    table = pd.DataFrame(0.0, index=corpus.manifest.index, columns=names)
    table[names[-3:]] = random.normal(size=(len(table), 3))
    table[TELLING] = corpus.manifest["label"].map(LABELS.index) + random.normal(0, 0.05, len(table))
    table.insert(0, "recording_id", corpus.manifest["recording_id"])
    table.insert(1, "extractor", EXTRACTOR.digest)
    return pd.concat([table.assign(extractor="another", **{TELLING: 0.0}), table], ignore_index=True)


@pytest.fixture(scope="module")
def path(corpus: TinyCorpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of a forest, for the tests that only look at it."""
    workdir = tmp_path_factory.mktemp("work")
    return fit_random_forest(corpus.manifest, features_of(corpus), EXTRACTOR, PARAMS, workdir).path


class TestHoldout:
    def test_ends_in_a_sealed_bundle(self, path: Path) -> None:
        bundle = open_bundle(path)
        assert bundle.vocabulary == ("noise", "pulse", "sweep")
        assert bundle.out_of_fold is None
        assert list(load_forest(path / "model.skops").classes_) == ["noise", "pulse", "sweep"]

    def test_learns_from_the_training_split_only(self, corpus: TinyCorpus, path: Path) -> None:
        table = features_of(corpus).query("extractor != 'another'").set_index("recording_id")
        train = corpus.manifest.query("split == 'train'")["recording_id"]
        config = open_bundle(path).config
        assert config["feature_names"] == list(EXTRACTOR.names)
        mean = table.loc[train, list(EXTRACTOR.names)].mean()
        assert config["feature_mean"] == pytest.approx(mean.tolist())

    def test_measures_importances_on_validation(self, path: Path) -> None:
        content = json.loads((path / "training.json").read_text())
        assert content["importances_from"] == "validation"
        assert content["importances"][0]["feature"] == TELLING
        assert len(content["importances"]) == len(EXTRACTOR.names)
        assert content["protocol"] == "holdout"
        assert content["front_end_digest"] == EXTRACTOR.digest


class TestFolds:
    def test_predict_every_recording_once_out_of_fold(self, folded: TinyCorpus, workdir: Path) -> None:
        draft = fit_random_forest(folded.manifest, features_of(folded), EXTRACTOR, PARAMS, workdir)
        bundle = open_bundle(draft.path)
        assert bundle.out_of_fold is not None
        assert bundle.training["importances_from"] == "out_of_fold"
        assert bundle.training["importances"][0]["feature"] == TELLING
        table = bundle.out_of_fold.set_index("recording_id")
        truth = folded.manifest.set_index("recording_id")["label"]
        assert sorted(table.index) == sorted(truth.index)
        assert (table[list(bundle.vocabulary)].idxmax(axis=1) == truth[table.index]).mean() > 0.9

    def test_give_a_class_that_a_fold_never_saw_probability_zero(
        self, folded: TinyCorpus, workdir: Path
    ) -> None:
        rare = (folded.manifest["label"] == "pulse") & (folded.manifest["fold"] != 0)
        manifest = folded.manifest.assign(label=folded.manifest["label"].where(~rare, "noise"))
        draft = fit_random_forest(manifest, features_of(folded), EXTRACTOR, PARAMS, workdir)
        table = open_bundle(draft.path).out_of_fold
        assert table is not None
        of_fold_0 = table["recording_id"].isin(manifest.query("fold == 0")["recording_id"])
        assert (table.loc[of_fold_0, "pulse"] == 0).all()


def test_a_recording_without_features_is_left_out(
    corpus: TinyCorpus, workdir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    draft = fit_random_forest(corpus.manifest, features_of(corpus).iloc[:-1], EXTRACTOR, PARAMS, workdir)
    assert open_bundle(draft.path).training["data"]["recordings"] == 17
    assert "1 of 18 usable recordings have no row of features" in caplog.text


class TestRefusals:
    def test_missing_features(self, corpus: TinyCorpus, workdir: Path) -> None:
        features = features_of(corpus).iloc[:-2]
        with pytest.raises(CorpusError, match=r"2 of 18 usable recordings have no .*extract_features"):
            fit_random_forest(corpus.manifest, features, EXTRACTOR, PARAMS, workdir)

    def test_features_of_another_extractor(self, corpus: TinyCorpus, workdir: Path) -> None:
        features = features_of(corpus).query("extractor == 'another'")
        with pytest.raises(CorpusError, match="18 of 18 usable recordings have no row of features"):
            fit_random_forest(corpus.manifest, features, EXTRACTOR, PARAMS, workdir)


class TestInstruments:
    """The label is told by the instrument alone: all features are one constant."""

    def fit(
        self, corpus: TinyCorpus, workdir: Path, instruments: "pd.Series[str]", **params: bool
    ) -> BundleRef:
        features = features_of(corpus).assign(**dict.fromkeys(EXTRACTOR.names, 0.0))
        asked = PARAMS.model_copy(update={"use_instrument": True} | params)
        manifest = corpus.manifest.assign(instrument=instruments)
        return open_bundle(fit_random_forest(manifest, features, EXTRACTOR, asked, workdir).path)

    def playing(self, corpus: TinyCorpus) -> "pd.Series[str]":
        return corpus.manifest["label"].map(dict(zip(LABELS, ("flute", "oboe", "tuba"), strict=True)))

    def test_are_inputs_where_they_are_asked_for(self, folded: TinyCorpus, workdir: Path) -> None:
        bundle = self.fit(folded, workdir, self.playing(folded))
        assert bundle.config["instruments"] == ["flute", "oboe", "tuba"]
        table = bundle.out_of_fold
        assert table is not None
        truth = folded.manifest.set_index("recording_id")["label"].loc[table["recording_id"]]
        assert table[list(bundle.vocabulary)].idxmax(axis=1).tolist() == truth.tolist()

    def test_are_none_by_default(self, folded: TinyCorpus, workdir: Path) -> None:
        bundle = self.fit(folded, workdir, self.playing(folded), use_instrument=False)
        assert bundle.config["instruments"] == []
        assert not [name for name in bundle.config["feature_names"] if name.startswith("instrument")]

    def test_are_those_of_the_training_split(self, corpus: TinyCorpus, workdir: Path) -> None:
        playing = self.playing(corpus).where(corpus.manifest["split"] == "train", "ocarina")
        assert self.fit(corpus, workdir, playing).config["instruments"] == ["flute", "oboe", "tuba"]

    def test_that_the_corpus_does_not_tell_are_refused(self, corpus: TinyCorpus, workdir: Path) -> None:
        nothing = pd.Series(None, index=corpus.manifest.index, dtype="str")
        with pytest.raises(CorpusError, match="names the instrument of no recording to learn from"):
            self.fit(corpus, workdir, nothing)
