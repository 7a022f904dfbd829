"""Forests as ONNX: what scikit-learn says of them, also of recordings that lie on the trees' thresholds."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from auricle.audio.descriptors import DescriptorExtractor, DescriptorParams
from auricle.errors import DivergedError, NotExportableError
from auricle.models.bundle import BundleRef, seal
from auricle.models.forest import fit_forest, forest_config, save_forest
from auricle.models.onnx_check import session_of
from auricle.models.onnx_forest import check_forest, onnx_of_forest
from auricle.models.params import ForestParams
from auricle.models.temperature import scale

pytest.importorskip("onnxruntime")
VOCABULARY = ("blues", "disco", "jazz", "metal")
FEATURES = pd.DataFrame(
    np.random.default_rng(0).normal(size=(120, 6)).astype(np.float32), columns=list("abcdef")
)
ONE = np.array([("blues", "disco", "metal")[number % 3] for number in range(120)])  # jazz was never heard
TWO = np.where(FEATURES["a"] > 0, "blues", "disco")
# The third label every recording has, the fourth none.
SEVERAL = np.stack([FEATURES["a"] > 0, FEATURES["b"] > 1, FEATURES["a"] > -9, FEATURES["a"] > 9], axis=1)


@pytest.fixture
def forest(tmp_path: Path) -> Callable[..., BundleRef]:
    def make(labels: np.ndarray, name: str = "forest", **config: object) -> BundleRef:
        path = tmp_path / name
        path.mkdir()
        vocabulary = VOCABULARY[:2] if labels is TWO else VOCABULARY
        truth = labels.astype(int) if labels.ndim == 2 else labels
        trees = fit_forest(FEATURES, truth, ForestParams(n_estimators=30, n_jobs=1))
        save_forest(trees, path / "model.skops")
        (path / "config.json").write_text(json.dumps(forest_config(trees, FEATURES, vocabulary) | config))
        DescriptorExtractor(DescriptorParams()).save_pretrained(path)
        (path / "training.json").write_text("{}")
        return seal(path)

    return make


@pytest.mark.parametrize("labels", [ONE, TWO, SEVERAL], ids=["one of four", "one of two", "several"])
def test_says_what_scikit_learn_says(forest: Callable[..., BundleRef], labels: np.ndarray) -> None:
    pytest.importorskip("skl2onnx")
    bundle = forest(labels)
    told = check_forest(onnx_of_forest(bundle), bundle)
    assert told["max_difference"] < 1e-6
    assert told["rows"] > 100


def test_tells_of_itself_and_calibrates(forest: Callable[..., BundleRef]) -> None:
    pytest.importorskip("skl2onnx")
    bundle = forest(ONE, calibration_temperature=2.5)
    session = session_of(onnx_of_forest(bundle))
    told = session.get_modelmeta().custom_metadata_map
    assert json.loads(told["labels"]) == list(VOCABULARY)
    assert json.loads(told["feature_names"]) == list("abcdef")
    assert told["bundle_digest"] == bundle.digest
    assert {"auricle", "scikit-learn", "skl2onnx"} <= json.loads(told["versions"]).keys()
    said = dict(
        zip(
            [value.name for value in session.get_outputs()],
            session.run(None, {"features": FEATURES.to_numpy()}),
            strict=True,
        )
    )
    assert (said["probabilities"][:, 2] == 0).all()
    expected = scale(said["probabilities"].astype(np.float64), 2.5)
    np.testing.assert_allclose(said["calibrated_probabilities"], expected, atol=1e-6)


def test_a_file_of_other_trees_is_found_out(forest: Callable[..., BundleRef]) -> None:
    pytest.importorskip("skl2onnx")
    content = onnx_of_forest(forest(ONE))
    with pytest.raises(DivergedError, match="differs from scikit-learn"):
        check_forest(content, forest(ONE[::-1], "another"))


def test_without_the_package_it_is_not_exportable(
    forest: Callable[..., BundleRef], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    with pytest.raises(NotExportableError, match=r"needs skl2onnx.*extra 'onnx'"):
        onnx_of_forest(forest(ONE))
