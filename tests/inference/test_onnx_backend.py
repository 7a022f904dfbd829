"""An exported model is held against recordings, computes by default on a CPU, and decides the same."""

import logging
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from auricle.audio.limits import AudioLimits
from auricle.errors import ConfigurationError, CorpusError, DivergedError
from auricle.inference.classifier import AudioClassifier
from auricle.inference.export import exported_file
from auricle.inference.load import load
from auricle.inference.onnx_network import FILE
from auricle.inference.onnx_recordings import compare, soundings
from auricle.inference.scorers import load_scorer
from auricle.models.bundle import BundleRef, seal
from auricle.models.onnx_check import check_in

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")
CPU = "cpu"


class TestComparison:
    def test_is_on_ten_lengths_of_the_corpus(self, content: bytes) -> None:
        told = check_in(content)["recordings"]
        assert len(set(told["seconds"])) == 10
        assert (min(told["seconds"]), max(told["seconds"])) == (0.25, 3.3)
        assert told["decisions"] == 10
        assert 0 < told["max_difference"] < 1e-4

    def test_recordings_that_are_gone_are_passed_over(self, timed: pd.DataFrame, recordings: Path) -> None:
        first = timed.loc[timed["split"] == "test", "path"].iloc[0]
        gone = timed.assign(path=timed["path"].replace({first: "gone.wav"}))
        assert len(soundings(gone, recordings, AudioLimits(), 8000)) == 10
        with pytest.raises(CorpusError, match="None of 6 usable recordings can be decoded"):
            soundings(timed, recordings / "elsewhere", AudioLimits(), 8000)

    def test_another_model_is_refused(
        self, cnn_bundle: BundleRef, timed: pd.DataFrame, recordings: Path, tmp_path: Path
    ) -> None:
        from safetensors.torch import load_file, save_file

        shutil.copytree(cnn_bundle.path, tmp_path / "other")
        weights = load_file(tmp_path / "other/model.safetensors")
        weights["classifier.bias"] += torch.tensor([0.0, 1e-2])
        save_file(weights, tmp_path / "other/model.safetensors", metadata={"format": "pt"})
        ours, theirs = (
            load_scorer(bundle, torch.device("cpu"), backend="torch")
            for bundle in (cnn_bundle, seal(tmp_path / "other"))
        )
        heard = soundings(timed, recordings, AudioLimits(), 8000)
        with pytest.raises(DivergedError, match=r"On 10 recordings the exported model differs by \d\.\de-03"):
            compare(cnn_bundle, ours, theirs, heard)


class TestBackend:
    def test_is_onnx_where_it_is_there_and_says_the_same(self, exported: BundleRef, recordings: Path) -> None:
        files = sorted(recordings.iterdir())
        by_onnx, by_torch = load(exported.path, device=CPU), load(exported.path, device=CPU, backend="torch")
        assert (by_onnx.backend, by_torch.backend) == ("onnx", "torch")
        for said, expected in zip(by_onnx.predict(files), by_torch.predict(files), strict=True):
            assert said.label == expected.label
            assert said.probabilities == pytest.approx(expected.probabilities, abs=1e-4)
            np.testing.assert_allclose(said.embedding, expected.embedding, atol=1e-4)

    def test_a_file_of_another_bundle_is_passed_over(
        self, exported: BundleRef, caplog: pytest.LogCaptureFixture
    ) -> None:
        (exported.path / "training.json").write_text('{"seed": 8}')
        retrained = seal_without_onnx(exported.path)
        with caplog.at_level(logging.WARNING):
            assert AudioClassifier(retrained, device=CPU).backend == "torch"
        assert "is of another bundle" in caplog.text
        assert "--pipelines=export" in caplog.text
        with pytest.raises(ConfigurationError, match="is of another bundle"):
            AudioClassifier(retrained, device=CPU, backend="onnx")

    def test_a_damaged_file_is_passed_over(
        self, exported: BundleRef, caplog: pytest.LogCaptureFixture
    ) -> None:
        (exported.path / FILE).write_bytes(b"no graph")
        with caplog.at_level(logging.WARNING):
            assert AudioClassifier(exported, device=CPU).backend == "torch"
        assert "cannot be loaded" in caplog.text

    def test_is_refused_where_it_cannot_be(self, cnn_bundle: BundleRef) -> None:
        with pytest.raises(ConfigurationError, match="is not there as ONNX"):
            AudioClassifier(cnn_bundle, device=CPU, backend="onnx")
        with pytest.raises(ConfigurationError, match=r"cuda was asked for|computes on the CPU here"):
            AudioClassifier(cnn_bundle, device="cuda", backend="onnx")

    def test_of_a_forest(
        self, forest_bundle: BundleRef, timed: pd.DataFrame, recordings: Path, tmp_path: Path
    ) -> None:
        pytest.importorskip("skl2onnx")
        shutil.copytree(forest_bundle.path, tmp_path / "forest")
        (tmp_path / "forest" / FILE).write_bytes(
            exported_file(forest_bundle, timed, recordings, AudioLimits())
        )
        by_onnx, by_trees = load(tmp_path / "forest"), load(tmp_path / "forest", backend="torch")
        assert (by_onnx.backend, by_trees.backend) == ("onnx", "scikit-learn")
        files = sorted(recordings.iterdir())
        for said, expected in zip(by_onnx.predict(files), by_trees.predict(files), strict=True):
            assert said.label == expected.label
            assert said.probabilities == pytest.approx(expected.probabilities, abs=1e-6)
            np.testing.assert_allclose(said.embedding, expected.embedding, atol=1e-5)


def seal_without_onnx(path: Path) -> BundleRef:
    """Seal a bundle, and leave its export outside, as it is of a bundle that was exported later."""
    held = path / FILE
    content = held.read_bytes()
    held.unlink()
    sealed = seal(path)
    held.write_bytes(content)
    return sealed
