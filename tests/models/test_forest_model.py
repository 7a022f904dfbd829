"""The forest: reproducible fitting, honest probabilities, importances, and storage that trusts nobody."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from pydantic import ValidationError
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.tree import ExtraTreeClassifier

from auricle.errors import BundleError
from auricle.models.forest import (
    fit_forest,
    forest_config,
    forest_embeddings,
    forest_probabilities,
    load_forest,
    permutation_importances,
    save_forest,
)
from auricle.models.params import ForestParams

VOCABULARY = ("blues", "disco", "metal")
SMALL = ForestParams(n_estimators=10, n_jobs=1)


@pytest.fixture
def forest(labelled_features) -> RandomForestClassifier:
    return fit_forest(*labelled_features, SMALL)


@pytest.fixture
def saved(forest, tmp_path) -> Path:
    save_forest(forest, tmp_path / "model.skops")
    return tmp_path / "model.skops"


class TestFitting:
    def test_it_learns(self, forest, labelled_features):
        features, labels = labelled_features
        probabilities = forest_probabilities(forest, features, VOCABULARY)
        assert (np.array(VOCABULARY)[probabilities.argmax(axis=1)] == labels).mean() > 0.95

    def test_the_same_seed_gives_the_same_forest_on_any_number_of_cores(self, labelled_features):
        features, labels = labelled_features
        one, two, other = (
            forest_probabilities(
                fit_forest(features, labels, ForestParams(n_estimators=10, n_jobs=jobs, seed=seed)),
                features,
                VOCABULARY,
            )
            for jobs, seed in ((1, 3), (2, 3), (1, 4))
        )
        np.testing.assert_array_equal(one, two)
        assert (one != other).any()

    def test_classes_are_balanced(self, forest):
        assert forest.class_weight == "balanced"

    @pytest.mark.parametrize(
        "wrong", [{"n_estimators": 0}, {"max_features": 0.0}, {"max_features": "all"}, {"n_jobs": 0}]
    )
    def test_parameters_that_cannot_work_are_refused(self, wrong):
        with pytest.raises(ValidationError, match=next(iter(wrong))):
            ForestParams(**wrong)


class TestProbabilities:
    def test_columns_follow_the_vocabulary_and_a_class_never_seen_has_none(self, forest, labelled_features):
        features, _ = labelled_features
        straight = forest_probabilities(forest, features, VOCABULARY)
        turned = forest_probabilities(forest, features, ("metal", "jazz", "blues", "disco"))
        np.testing.assert_array_equal(turned[:, [2, 3, 0]], straight)
        assert not turned[:, 1].any()
        assert straight.dtype == np.float32
        np.testing.assert_allclose(straight.sum(axis=1), 1, atol=1e-6)

    def test_features_are_found_by_name_not_by_position(self, forest, labelled_features):
        features, _ = labelled_features
        shuffled = features[["d", "c", "b", "a", "telling"]].assign(unknown=1.0)
        np.testing.assert_array_equal(
            forest_probabilities(forest, shuffled, VOCABULARY),
            forest_probabilities(forest, features, VOCABULARY),
        )

    def test_a_missing_feature_is_named(self, forest, labelled_features):
        with pytest.raises(BundleError, match="1 features that are not there, such as 'telling'"):
            forest_probabilities(forest, labelled_features[0].drop(columns="telling"), VOCABULARY)


class TestEmbeddings:
    def test_the_training_set_is_standardized_and_constants_are_centred(self, forest, labelled_features):
        features = labelled_features[0].assign(a=np.float32(4.0))
        embeddings = forest_embeddings(features, forest_config(forest, features, VOCABULARY))
        assert embeddings.dtype == np.float32
        np.testing.assert_allclose(embeddings.mean(axis=0), 0, atol=1e-5)
        np.testing.assert_allclose(embeddings.std(axis=0), [0, 1, 1, 1, 1], atol=1e-5)


class TestImportances:
    def test_the_feature_that_tells_comes_first(self, forest, labelled_features):
        table = permutation_importances(forest, *labelled_features, seed=0, repeats=3)
        assert table.columns.tolist() == ["feature", "importance", "deviation"]
        assert table["feature"][0] == "telling"
        assert table["importance"][0] > 0.3
        assert table["importance"].is_monotonic_decreasing

    def test_the_same_seed_gives_the_same_figures(self, forest, labelled_features):
        first, second = (permutation_importances(forest, *labelled_features, seed=5, repeats=2) for _ in "ab")
        pd.testing.assert_frame_equal(first, second)


class TestStorage:
    def test_it_comes_back_with_identical_probabilities(self, forest, saved, labelled_features):
        features, _ = labelled_features
        loaded = load_forest(saved)
        np.testing.assert_array_equal(loaded.predict_proba(features), forest.predict_proba(features))
        assert loaded.feature_names_in_.tolist() == features.columns.tolist()
        assert loaded.classes_.tolist() == list(VOCABULARY)

    def test_no_pickle_is_in_the_file(self, saved):
        with zipfile.ZipFile(saved) as archive:
            assert {Path(name).suffix for name in archive.namelist()} == {".json", ".npy"}
            for name in archive.namelist():
                if name.endswith(".npy"):
                    np.load(io.BytesIO(archive.read(name)), allow_pickle=False)

    @pytest.mark.parametrize("kind", [LogisticRegression, ExtraTreesClassifier])
    def test_another_estimator_is_refused(self, labelled_features, tmp_path, kind):
        other = kind().fit(labelled_features[0], labelled_features[1])
        skops.io.dump(other, tmp_path / "model.skops")
        with pytest.raises(BundleError, match=f"it holds a {kind.__name__}, not a RandomForestClassifier"):
            load_forest(tmp_path / "model.skops")

    def test_a_file_with_a_type_beyond_the_forests_is_refused_before_it_is_built(self, forest, tmp_path):
        forest.estimators_[0].note = Path("somewhere")
        skops.io.dump(forest, tmp_path / "model.skops")
        with pytest.raises(BundleError, match=r"types that a forest does not need.*pathlib"):
            load_forest(tmp_path / "model.skops")

    @pytest.mark.parametrize("content", [b"", b"not a zip", None])
    def test_a_damaged_file_is_refused(self, saved, content):
        saved.write_bytes(saved.read_bytes()[:2000] if content is None else content)
        with pytest.raises(BundleError, match=r"cannot be read as a forest.*damaged"):
            load_forest(saved)

    def test_a_missing_file_is_refused(self, tmp_path):
        with pytest.raises(BundleError, match="cannot be read as a forest"):
            load_forest(tmp_path / "model.skops")


def rewrite(file: Path, change) -> None:
    """Rewrite a saved forest; `change` gets each of its arrays and returns what takes its place."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for name, content in members.items():
        if name.endswith(".npy"):
            array = np.load(io.BytesIO(content), allow_pickle=False).copy()
            buffer = io.BytesIO()
            np.save(buffer, change(array))
            members[name] = buffer.getvalue()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def in_nodes(field: str, value: int, *, leaf: bool = False):
    """Sets a field of the first inner node, or of the first leaf, of every tree."""

    def change(array: np.ndarray) -> np.ndarray:
        if array.dtype.names and field in array.dtype.names:
            is_leaf = array["left_child"] == -1
            array[field][np.flatnonzero(is_leaf if leaf else ~is_leaf)[0]] = value
        return array

    return change


def in_values(value: float):
    """Sets a share of a class in every tree."""

    def change(array: np.ndarray) -> np.ndarray:
        if array.ndim == 3:
            array[0, 0, 0] = value
        return array

    return change


def without_nodes(array: np.ndarray) -> np.ndarray:
    """Empties every tree."""
    return array[:0] if array.dtype.names or array.ndim == 3 else array


class TestTamperedTrees:
    """scikit-learn follows these arrays in C: each of them would read foreign memory, or never end."""

    def test_rewriting_without_a_change_leaves_it_readable(self, forest, saved, labelled_features):
        rewrite(saved, lambda array: array)
        np.testing.assert_array_equal(
            load_forest(saved).predict_proba(labelled_features[0]), forest.predict_proba(labelled_features[0])
        )

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (in_nodes("left_child", 10**6), "tree 0 has a left_child that points backwards or outside"),
            (in_nodes("right_child", 10**6), "tree 0 has a right_child that points backwards or outside"),
            (in_nodes("left_child", 0), "tree 0 has a left_child that points backwards"),
            (in_nodes("right_child", 0), "tree 0 has a right_child that points backwards"),
            (in_nodes("left_child", -2), "tree 0 has a left_child that points backwards or outside"),
            (in_nodes("right_child", -1), "tree 0 has a right_child that points backwards or outside"),
            (in_nodes("feature", 5), "tree 0 splits on a feature outside the 5"),
            (in_nodes("feature", -2), "tree 0 splits on a feature outside the 5"),
            (in_nodes("feature", 2**40), "tree 0 splits on a feature outside the 5"),
            (in_nodes("right_child", 1, leaf=True), "tree 0 has a leaf with a child"),
            (without_nodes, "tree 0 has node arrays of the wrong length|cannot be read as a forest"),
            (in_values(float("nan")), "tree 0 has a share of a class that is no finite number"),
            (in_values(-1.0), "tree 0 has a share of a class that is no finite number from 0 on"),
        ],
    )
    def test_a_tree_out_of_bounds_is_refused(self, saved, change, reason):
        rewrite(saved, change)
        with pytest.raises(BundleError, match=reason):
            load_forest(saved)

    @pytest.mark.parametrize(
        ("attribute", "value", "reason"),
        [
            ("n_features_in_", 6, "its feature names do not fit"),
            ("classes_", np.array(["blues", "disco"]), "its classes do not fit"),
            ("estimators_", [], "it has no trees"),
            ("n_outputs_", 2, "its classes do not fit"),
        ],
    )
    def test_parts_that_do_not_fit_together_are_refused(self, forest, tmp_path, attribute, value, reason):
        setattr(forest, attribute, value)
        save_forest(forest, tmp_path / "model.skops")
        with pytest.raises(BundleError, match=reason):
            load_forest(tmp_path / "model.skops")

    def test_a_tree_of_another_kind_is_refused(self, forest, labelled_features, tmp_path):
        forest.estimators_[1] = ExtraTreeClassifier().fit(*labelled_features)
        save_forest(forest, tmp_path / "model.skops")
        with pytest.raises(BundleError, match="tree 1 is a ExtraTreeClassifier"):
            load_forest(tmp_path / "model.skops")

    def test_a_tree_that_claims_other_classes_is_refused(self, forest, tmp_path):
        forest.estimators_[2].n_classes_ = 4
        save_forest(forest, tmp_path / "model.skops")
        with pytest.raises(BundleError, match="tree 2 has other classes than the forest"):
            load_forest(tmp_path / "model.skops")

    def test_a_tree_of_another_forest_is_refused(self, forest, labelled_features, tmp_path):
        features, labels = labelled_features
        narrow = fit_forest(features[["telling", "a"]], labels, SMALL)
        forest.estimators_[3] = narrow.estimators_[0]
        save_forest(forest, tmp_path / "model.skops")
        with pytest.raises(BundleError, match="tree 3 has other features or classes than the forest"):
            load_forest(tmp_path / "model.skops")
