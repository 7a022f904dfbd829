"""The temperature in a bundle is that of recordings which its model did not learn from."""

from pathlib import Path

import pandas as pd
import pytest
from test_forest import EXTRACTOR, PARAMS, features_of
from tiny_corpus import TinyCorpus

from auricle.corpora.labels import MULTI, LabelParams
from auricle.inference.scoring import score_features, score_stored
from auricle.models.bundle import BundleRef, labels_of, open_bundle
from auricle.models.temperature import fit_temperature
from auricle.training.forest import fit_random_forest

PARENTS = {"pulse": "striped", "sweep": "striped"}


def fitted_on(table: pd.DataFrame, corpus: TinyCorpus, bundle: BundleRef) -> float:
    truth = corpus.manifest.set_index("recording_id")["label"][table["recording_id"]]
    places = pd.Index(bundle.vocabulary).get_indexer(pd.Index(truth))
    return fit_temperature(table[list(bundle.vocabulary)].to_numpy("float64"), places)


class TestForest:
    def test_is_fitted_on_validation(self, corpus: TinyCorpus, workdir: Path) -> None:
        features = features_of(corpus)
        labels = LabelParams(parents=PARENTS)
        draft = fit_random_forest(corpus.manifest, features, EXTRACTOR, PARAMS, workdir, labels)
        bundle = open_bundle(draft.path)
        predictions, _ = score_features(bundle, features, corpus.manifest)
        expected = fitted_on(predictions[predictions["split"] == "validation"], corpus, bundle)
        assert bundle.config["calibration_temperature"] == pytest.approx(expected, rel=1e-3)
        assert bundle.vocabulary == ("noise", "pulse", "sweep")  # levels above are no classes
        assert labels_of(bundle.config).parents == PARENTS

    def test_under_k_fold_on_predictions_out_of_fold(self, folded: TinyCorpus, workdir: Path) -> None:
        draft = fit_random_forest(folded.manifest, features_of(folded), EXTRACTOR, PARAMS, workdir)
        bundle = open_bundle(draft.path)
        assert bundle.out_of_fold is not None
        expected = fitted_on(bundle.out_of_fold, folded, bundle)
        assert bundle.config["calibration_temperature"] == pytest.approx(expected, rel=1e-3)

    def test_of_several_labels_there_is_none(self, corpus: TinyCorpus, workdir: Path) -> None:
        labels = LabelParams(problem_type=MULTI)
        draft = fit_random_forest(corpus.manifest, features_of(corpus), EXTRACTOR, PARAMS, workdir, labels)
        assert "calibration_temperature" not in open_bundle(draft.path).config


def test_of_a_network_it_is_fitted_on_validation(corpus: TinyCorpus, workdir: Path) -> None:
    bundle = open_bundle(corpus.fit(workdir, labels=LabelParams(parents=PARENTS)).path)
    predictions, _ = score_stored(bundle, corpus.store, corpus.manifest, device="cpu")
    expected = fitted_on(predictions[predictions["split"] == "validation"], corpus, bundle)
    assert bundle.config["calibration_temperature"] == pytest.approx(expected, rel=1e-3)
    assert bundle.config["thresholds"] is None
    assert labels_of(bundle.config).parents == PARENTS
