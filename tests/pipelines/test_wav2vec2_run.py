"""Speech encoders in the project: from recordings to figures, beside the models on spectrograms."""

import json
import logging
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from project_runs import copy_project, make_project, run_project

import auricle
from auricle.audio.waveform_front_end import WaveformParams
from auricle.audio.waveform_store import WaveformStore
from auricle.errors import ConfigurationError
from auricle.models.onnx_check import check_in
from auricle.similarity import open_index

CRIES = {"studies": ["cry"]}


class TestRefusals:
    """What is made for spectrograms is refused before any node runs."""

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"variants.count": 2}, "asks for altered copies.*Set train.variants: false"),
            ({"wav2vec2.train.augment.enabled": True}, "augment varies spectrograms.*mask_time_prob"),
            (
                {"wav2vec2.model.mask_feature_length": 17, "wav2vec2.model.mask_feature_prob": 0.1},
                "hidden_size 16",
            ),
        ],
    )
    def test_before_anything_is_read(self, project: Path, params: dict[str, Any], message: str) -> None:
        given = {f"cry.{name}": value for name, value in params.items()}
        with pytest.raises(ConfigurationError, match=message):
            run_project(project, ["train_wav2vec2"], params=CRIES | given)
        assert not (project / "data/ci/02_intermediate").exists()

    def test_of_a_search_that_it_has_no_part_in(self, project: Path) -> None:
        with pytest.raises(ConfigurationError, match=r"'wav2vec2', which is no network on spectrograms.*cnn"):
            run_project(project, ["sweep"], params=CRIES | {"cry.sweep.model": "wav2vec2"})


@pytest.fixture(scope="module")
def cries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which a speech encoder was trained on cries; tests read it and leave it as it is."""
    folder = make_project(tmp_path_factory.mktemp("cries") / "project")
    for pipeline in ("train_wav2vec2", "experiments"):
        run_project(folder, [pipeline], params=CRIES)
    return folder


@pytest.mark.long
class TestRun:
    def test_ends_in_figures_beside_the_baseline(self, cries: Path) -> None:
        reporting = cries / "data/ci/08_reporting/cry"
        comparison = json.loads((reporting / "comparison.json").read_text())
        assert "wav2vec2" in comparison["models"]
        assert "wav2vec 2.0" in (reporting / "report.html").read_text()
        assert "wav2vec" in (reporting / "experiments/experiments.html").read_text()

    def test_makes_no_spectrograms(self, cries: Path) -> None:
        assert {folder.name for folder in (cries / "data/ci/04_feature/cry").iterdir()} == {"waveforms"}

    def test_predicts_every_usable_recording(self, cries: Path) -> None:
        manifest = pd.read_parquet(cries / "data/ci/02_intermediate/cry/manifest.parquet")
        (table,) = (cries / "data/ci/07_model_output/cry/wav2vec2").glob("*/predictions.parquet")
        usable = manifest.loc[manifest["status"] == "ok", "recording_id"]
        assert set(pd.read_parquet(table)["recording_id"]) == set(usable)
        store = WaveformStore.open(cries / "data/ci/04_feature/cry/waveforms", WaveformParams().make().digest)
        assert set(store.ids()) == set(usable)

    def test_is_loaded_by_name(self, cries: Path) -> None:
        model = auricle.load("cry.wav2vec2", run_root=cries / "data/ci", device="cpu")
        manifest = pd.read_parquet(cries / "data/ci/02_intermediate/cry/manifest.parquet")
        path = manifest.loc[manifest["status"] == "ok", "path"].iloc[0]
        assert model.sample_rate == 16_000
        assert model.predict(str(cries / "data/ci/01_raw/demo_cry" / path)).label in model.labels

    def test_is_exported_and_then_computed_by_onnx(self, cries: Path, tmp_path: Path) -> None:
        pytest.importorskip("onnxruntime")
        cries = copy_project(cries, tmp_path / "project")
        run_project(cries, ["export"], params=CRIES)
        (file,) = (cries / "data/ci/06_models/cry/wav2vec2/onnx").glob("*/model.onnx")
        check = json.loads(file.with_name("check.json").read_text())
        assert check["max_difference"] < 1e-4
        assert len(check["recordings"]["seconds"]) == 10
        heard = check_in(file.with_name("model_waveform.onnx").read_bytes())["recordings"]
        assert heard["max_difference"] < 1e-4
        assert heard["decisions"] == 10
        run_root = cries / "data/ci"
        manifest = pd.read_parquet(run_root / "02_intermediate/cry/manifest.parquet")
        path = run_root / "01_raw/demo_cry" / manifest.loc[manifest["status"] == "ok", "path"].iloc[0]
        by_onnx = auricle.load("cry.wav2vec2", run_root=run_root, device="cpu")
        by_torch = auricle.load("cry.wav2vec2", run_root=run_root, device="cpu", backend="torch")
        assert (by_onnx.backend, by_torch.backend) == ("onnx", "torch")
        said, expected = by_onnx.predict(path), by_torch.predict(path)
        assert said.label == expected.label
        assert said.probabilities == pytest.approx(expected.probabilities, abs=1e-4)

    def test_feeds_the_similarity_index(self, cries: Path) -> None:
        run_project(cries, ["similarity"], params=CRIES)
        root = cries / "data/ci"
        manifest = pd.read_parquet(root / "02_intermediate/cry/manifest.parquet").query("status == 'ok'")
        index = open_index("cry.wav2vec2", run_root=root)
        assert set(index.recordings["recording_id"]) == set(manifest["recording_id"])
        path = manifest["path"].iloc[0]
        by_path, by_file = index.query(path), index.query(root / "01_raw/demo_cry" / path)
        assert by_file.neighbours["recording_id"].tolist() == by_path.neighbours["recording_id"].tolist()
        figures = json.loads((root / "08_reporting/cry/similarity.json").read_text())
        assert figures["models"]["wav2vec2"]["label_agreement"]["value"] is not None

    def test_again_prepares_nothing(self, cries: Path, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.INFO):
            run_project(cries, ["cache_waveforms"], params=CRIES)
        assert "0 waveforms to prepare" in caplog.text
