"""Scoring a corpus gives the tables of the contract, out-of-fold rows in place of the final model's."""

import logging
import shutil

import numpy as np
import pandas as pd
import pytest

from auricle.errors import BundleError, CorpusError
from auricle.inference.scoring import score_features, score_stored
from auricle.models.bundle import open_bundle, seal


@pytest.fixture(params=["cnn", "forest"])
def score(request, cnn_bundle, forest_bundle, store, features):
    """Scores with either kind of model: `score(manifest)`, `score(manifest, bundle=...)`."""
    if request.param == "cnn":
        made = lambda manifest, bundle=cnn_bundle: score_stored(bundle, store, manifest, device="cpu")  # noqa: E731
        made.bundle = cnn_bundle
    else:
        made = lambda manifest, bundle=forest_bundle: score_features(bundle, features, manifest)  # noqa: E731
        made.bundle = forest_bundle
    return made


def with_out_of_fold(bundle, path, table: pd.DataFrame):
    shutil.copytree(bundle.path, path)
    table.to_parquet(path / "out_of_fold.parquet", index=False)
    seal(path)
    return open_bundle(path)


class TestTables:
    def test_predictions_have_the_contracts_columns_and_types(self, score, manifest):
        predictions, _ = score(manifest)
        assert predictions.columns.tolist() == ["recording_id", "split", "high", "low"]
        assert predictions["recording_id"].tolist() == manifest["recording_id"].tolist()
        assert predictions["split"].tolist() == manifest["split"].tolist()
        assert (predictions.dtypes[["high", "low"]] == np.float32).all()
        np.testing.assert_allclose(predictions[["high", "low"]].sum(axis=1), 1, atol=1e-6)

    def test_embeddings_have_one_fixed_size_float32_vector_each(self, score, manifest, tmp_path):
        _, embeddings = score(manifest)
        assert embeddings.columns.tolist() == ["recording_id", "embedding"]
        assert {vector.dtype for vector in embeddings["embedding"]} == {np.dtype(np.float32)}
        assert len({vector.shape for vector in embeddings["embedding"]}) == 1
        embeddings.to_parquet(tmp_path / "embeddings.parquet")
        read = pd.read_parquet(tmp_path / "embeddings.parquet")["embedding"][0]
        assert read.dtype == np.float32
        np.testing.assert_array_equal(read, embeddings["embedding"][0])

    def test_quarantined_recordings_are_left_out(self, score, manifest):
        partly = manifest.copy()
        partly.loc[1, "status"] = "quarantined"
        predictions, embeddings = score(partly)
        kept = manifest["recording_id"].drop(1).tolist()
        assert predictions["recording_id"].tolist() == embeddings["recording_id"].tolist() == kept

    def test_the_order_of_the_manifest_changes_no_score(self, score, manifest):
        straight, _ = score(manifest)
        turned, _ = score(manifest.iloc[::-1])
        turned = turned.set_index("recording_id").loc[straight["recording_id"]].reset_index()
        pd.testing.assert_frame_equal(turned, straight, atol=1e-5)


class TestMissingInput:
    def test_recordings_without_input_are_counted_in_a_warning(self, score, manifest, caplog):
        extra = pd.DataFrame([manifest.iloc[0].to_dict() | {"recording_id": "f" * 16}])
        with caplog.at_level(logging.WARNING):
            predictions, _ = score(pd.concat([manifest, extra], ignore_index=True))
        assert len(predictions) == len(manifest)
        assert "1 of 7 usable recordings have no" in caplog.text

    def test_no_input_at_all_is_an_error_with_the_command(self, score, manifest):
        with pytest.raises(CorpusError, match=r"6 of 6 usable recordings.*kedro run --pipelines="):
            score(manifest.assign(recording_id=[f"{number:016x}" for number in range(100, 106)]))

    def test_rows_of_another_extractor_do_not_count(self, forest_bundle, features, manifest):
        old = features.assign(extractor="0" * 12, **dict.fromkeys(features.columns[2:], np.float32(0)))
        both = pd.concat([old, features], ignore_index=True)
        expected, _ = score_features(forest_bundle, features, manifest)
        pd.testing.assert_frame_equal(score_features(forest_bundle, both, manifest)[0], expected)
        with pytest.raises(CorpusError, match="extract_features"):
            score_features(forest_bundle, old, manifest)


class TestOutOfFold:
    def test_they_replace_the_rows_of_the_final_model(self, score, manifest, tmp_path):
        ids = manifest["recording_id"]
        table = pd.DataFrame({"low": [0.25, 0.75], "recording_id": [ids[3], ids[0]], "high": [0.75, 0.25]})
        before, embeddings_before = score(manifest)
        after, embeddings = score(manifest, with_out_of_fold(score.bundle, tmp_path / "b", table))
        after = after.set_index("recording_id")
        assert after.loc[ids[3]].tolist() == ["out_of_fold", 0.75, 0.25]
        assert after.loc[ids[0]].tolist() == ["out_of_fold", 0.25, 0.75]
        rest = [1, 2, 4, 5]
        pd.testing.assert_frame_equal(
            after.loc[ids[rest]].reset_index(), before.loc[rest].reset_index(drop=True)
        )
        assert (after.dtypes[["high", "low"]] == np.float32).all()
        assert after.index.tolist() == ids.tolist()
        for one, other in zip(embeddings["embedding"], embeddings_before["embedding"], strict=True):
            np.testing.assert_array_equal(one, other)

    def test_recordings_that_left_the_corpus_stay_out(self, score, manifest, tmp_path):
        table = pd.DataFrame({"recording_id": ["f" * 16], "high": [1.0], "low": [0.0]})
        predictions, _ = score(manifest, with_out_of_fold(score.bundle, tmp_path / "b", table))
        pd.testing.assert_frame_equal(predictions, score(manifest)[0])

    def test_a_table_of_other_classes_is_refused(self, score, manifest, tmp_path):
        table = pd.DataFrame({"recording_id": ["f" * 16], "high": [1.0]})
        with pytest.raises(BundleError, match=r"out_of_fold.parquet.*lacks the columns \['low'\]"):
            score(manifest, with_out_of_fold(score.bundle, tmp_path / "b", table))
