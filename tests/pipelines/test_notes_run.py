"""The study of notes from the rendering to the report: labels of a hierarchy, the instrument as an input."""

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from project_runs import copy_project, make_project, run_project

import auricle
from auricle.audio.front_ends import load_front_end
from auricle.audio.limits import AudioLimits
from auricle.errors import ConfigurationError, NotExportableError
from auricle.inference.onsets import PassageParams
from auricle.models.bundle import open_bundle
from auricle.models.champion import read_champion
from auricle.models.note_sequence import read_sequence
from auricle.models.onnx_check import session_of
from auricle.pipelines.export.nodes import export

MODELS = ("random_forest", "note_analyzer", "note_analyzer_small")


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_project(tmp_path_factory.mktemp("notes") / "project")
    run_project(
        folder,
        ["train_rf", "train_note_analyzer", "train_note_analyzer_small", "export", "train_note_sequence"],
        params={"studies": ["notes"]},
    )
    return folder / "data/ci"


def json_of(pattern: str, root: Path) -> Any:
    (file,) = root.glob(pattern)
    return json.loads(file.read_text())


class TestRefusals:
    """What contradicts itself is refused before any node runs."""

    @pytest.mark.parametrize(
        ("pipeline", "params", "message"),
        [
            (
                "train_note_analyzer",
                {"notes.labels.problem_type": "multi_label_classification"},
                "balanced_sampling is 0.6 and instrument_prior is 0.5, which are for one class a recording.*"
                "Set balanced_sampling: 0, instrument_prior: 0",
            ),
            (
                "train_note_analyzer_small",
                {
                    "notes.labels.problem_type": "multi_label_classification",
                    "notes.note_analyzer_small.train.balanced_sampling": 0.0,
                    "notes.note_analyzer_small.model.level_loss": 0.3,
                },
                "level_loss is 0.3, which is for one class a recording",
            ),
            (
                "train_note_analyzer",
                {
                    "notes.labels": {"parents": {}, "levels": []},
                    "notes.note_analyzer.model.level_loss": 0.3,
                },
                "level_loss is 0.3, but labels.parents is empty",
            ),
            (
                "ablation",
                {"notes.labels": {"parents": {}, "levels": []}},
                "'loss on each level' of the ablation: level_loss is 0.3, but labels.parents is empty",
            ),
            (
                "sweep",
                {
                    "notes.labels": {"parents": {}, "levels": []},
                    "notes.sweep.space": {"model.level_loss": {"low": 0.0, "high": 1.0}},
                },
                "level_loss is 1, but labels.parents is empty",
            ),
            (
                "train_note_analyzer",
                {
                    "notes.variants.count": 1,
                    "notes.variants.guard": {"bad-airr": {"exclude": ["noise"], "why": "x"}},
                },
                "'bad-airr', which there is not.*Near to it: bad-air",
            ),
        ],
    )
    def test_parameter(self, tmp_path: Path, pipeline: str, params: dict[str, Any], message: str) -> None:
        folder = make_project(tmp_path / "project")
        with pytest.raises(Exception, match=rf"(?s){message}"):
            run_project(folder, [pipeline], params={"studies": ["notes"]} | params)
        assert not (folder / "data/ci/02_intermediate").exists()


class TestRun:
    @pytest.mark.parametrize("model", MODELS)
    def test_judges_every_level_and_instrument(self, notes: Path, model: str) -> None:
        metrics = json_of(f"08_reporting/notes/{model}/**/metrics.json", notes)
        assert [level["name"] for level in metrics["levels"]] == ["quality", "aspect", "specific"]
        instruments = [row["instrument"] for row in metrics["instruments"]]
        assert len(set(instruments)) == len(instruments) > 5

    def test_players_are_in_one_split(self, notes: Path) -> None:
        manifest = pd.read_parquet(notes / "02_intermediate/notes/manifest.parquet")
        usable = manifest[manifest["status"] == "ok"]
        assert usable.groupby("meta_player")["split"].nunique().eq(1).all()
        assert (manifest["status"] == "quarantined").any()

    def test_network_hears_the_transform_and_knows_the_instruments(self, notes: Path) -> None:
        (config,) = notes.glob("06_models/notes/note_analyzer/bundle/**/config.json")
        told = json.loads(config.read_text())
        assert told["n_bands"] == 257
        assert len(told["instruments"]) == 12
        extractor = json.loads(config.with_name("preprocessor_config.json").read_text())
        assert extractor["feature_extractor_type"] == "StftFrontEnd"

    def test_report_compares_all_three(self, notes: Path) -> None:
        page = (notes / "08_reporting/notes/report.html").read_text()
        for name in ("Random Forest", "note analyzer", "small note analyzer"):
            assert name in page


class TestExport:
    @pytest.mark.parametrize("model", MODELS[1:])
    def test_file_lies_by_the_champion_and_says_the_same(self, notes: Path, model: str) -> None:
        folder = notes / f"06_models/notes/{model}"
        champion = json.loads((folder / "champion.json").read_text())
        file = folder / "onnx" / champion["version"] / "model.onnx"
        check = json.loads(file.with_name("check.json").read_text())
        assert 0 < check["max_difference"] < 1e-4
        assert len(check["lengths"]) == 10
        assert check["recordings"]["decisions"] == 10
        assert check["recordings"]["max_difference"] < 1e-4
        told = session_of(file.read_bytes()).get_modelmeta().custom_metadata_map
        bundle = open_bundle(folder / champion["path"])
        assert tuple(json.loads(told["labels"])) == bundle.vocabulary
        assert told["bundle_digest"] == bundle.digest
        assert told["front_end_digest"] == load_front_end(bundle.path).digest

    def test_what_is_not_trained_is_named(
        self, notes: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        folder = copy_project(notes.parents[1], tmp_path / "project")
        shutil.rmtree(folder / "data/ci/06_models")
        with caplog.at_level("INFO"):
            run_project(folder, ["export"], params={"studies": ["notes"]})
        assert "notes.note_analyzer is not trained" in caplog.text
        assert not list(tmp_path.rglob("*.onnx"))

    def test_what_onnx_cannot_express_is_named(
        self, notes: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def refuse(bundle: object) -> bytes:
            raise NotExportableError("It cannot be exported to ONNX.")

        monkeypatch.setattr("auricle.inference.export.onnx_of", refuse)
        champion = read_champion(notes / "06_models/notes/note_analyzer/champion.json")
        manifest = pd.read_parquet(notes / "02_intermediate/notes/manifest.parquet")
        recordings = notes / "01_raw/demo_notes"
        assert list(export(champion, manifest, recordings, AudioLimits(), "notes.note_analyzer")) == []
        assert "notes.note_analyzer is not exported" in caplog.text


class TestSequence:
    def test_lies_by_the_champion_with_its_figures(self, notes: Path) -> None:
        champion = json.loads((notes / "06_models/notes/note_analyzer/champion.json").read_text())
        figures = json_of("08_reporting/notes/note_analyzer/*/sequence.json", notes)
        assert figures["analyzer"] == champion["version"]
        assert figures["reason"].startswith("On validation its macro-F1 is")
        manifest = pd.read_parquet(notes / "02_intermediate/notes/manifest.parquet")
        for part in ("validation", "test"):
            rows = manifest[(manifest["status"] == "ok") & (manifest["split"] == part)]
            assert figures[part]["notes"] == len(rows)
            assert figures[part]["groups"] == rows["group"].nunique()
            assert {"sequence", "note_by_note", "alone", "majority"} == figures[part]["figures"].keys()
        file = notes / "06_models/notes/note_analyzer/sequence" / champion["version"] / "model.safetensors"
        bundle = read_champion(notes / "06_models/notes/note_analyzer/champion.json")
        _, facts = read_sequence(file, bundle)
        assert (facts.kept, facts.reason) == (figures["kept"], figures["reason"])

    def test_note_by_note_is_what_the_analyzer_is_judged_by(self, notes: Path) -> None:
        metrics = json_of("08_reporting/notes/note_analyzer/*/metrics.json", notes)
        figures = json_of("08_reporting/notes/note_analyzer/*/sequence.json", notes)
        for name in ("macro_f1", "accuracy", "log_loss"):
            found = figures["test"]["figures"]
            assert found["note_by_note"][name]["value"] == pytest.approx(metrics["figures"][name]["value"])
            assert found["majority"][name]["value"] == pytest.approx(metrics["figures"][name]["majority"])

    def test_is_asked_for_by_predict_passage(self, notes: Path, caplog: pytest.LogCaptureFixture) -> None:
        classifier = auricle.load("notes.note_analyzer", run_root=notes)
        file = next((notes / "01_raw/demo_notes").rglob("*.flac"))
        passage = classifier.predict_passage(file, params=PassageParams(neighbours=True))
        kept = json_of("08_reporting/notes/note_analyzer/*/sequence.json", notes)["kept"]
        assert passage.neighbours == kept == ("not kept" not in caplog.text)
        small = auricle.load("notes.note_analyzer_small", run_root=notes)
        with pytest.raises(ConfigurationError, match="no sequence model"):
            small.predict_passage(file, params=PassageParams(neighbours=True))

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({}, "pipelines=train_note_analyzer"),
            ({"notes.labels.problem_type": "multi_label_classification"}, "corrects one class a note"),
            ({"notes.note_sequence.notes": [9, 3]}, "fewest notes"),
            ({"notes.note_sequence.folds": 2}, "folds"),
        ],
    )
    def test_what_cannot_work_is_refused_before_any_node(
        self, tmp_path: Path, params: dict[str, Any], message: str
    ) -> None:
        project = make_project(tmp_path)
        with pytest.raises(Exception, match=rf"(?s){message}"):
            run_project(project, ["train_note_sequence"], params={"studies": ["notes"]} | params)
        assert not (project / "data/ci").exists()


class TestPrediction:
    @pytest.mark.parametrize("model", MODELS)
    def test_is_what_the_pipeline_said(self, notes: Path, model: str) -> None:
        classifier = auricle.load(f"notes.{model}", run_root=notes)
        manifest = pd.read_parquet(notes / "02_intermediate/notes/manifest.parquet")
        (table,) = notes.glob(f"07_model_output/notes/{model}/**/predictions.parquet")
        said = pd.read_parquet(table).set_index("recording_id")
        row = manifest[manifest["status"] == "ok"].iloc[3]
        file = notes / "01_raw/demo_notes" / row["path"]
        found = classifier.predict(file, instrument=row["instrument"]).probabilities
        for label, probability in found.items():
            assert probability == pytest.approx(said.loc[row["recording_id"], label], abs=5e-3)

    def test_hears_who_plays(self, notes: Path) -> None:
        classifier = auricle.load("notes.note_analyzer", run_root=notes)
        file = next((notes / "01_raw/demo_notes").rglob("*.flac"))
        said = {
            instrument: classifier.predict(file, instrument=instrument).probabilities
            for instrument in (None, "flute", "cello")
        }
        assert said["flute"] != said["cello"] != said[None]
