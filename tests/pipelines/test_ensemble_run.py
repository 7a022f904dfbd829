"""`kedro run --pipelines=ensemble`: a model like any other, and what is refused before any node."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from project_runs import copy_project, run_project
from test_run import catalog_of, report_of

import auricle

Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def combined(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a forest, a CNN, and both together; the CNN lacks one test recording."""
    folder = copy_project(prepared, tmp_path_factory.mktemp("combined") / "project")
    run_project(folder, ["train_rf", "train_cnn"])
    catalog = catalog_of(folder)
    predictions = catalog.load("genre.cnn.predictions")
    lost = predictions.index[predictions["split"] == "test"][0]
    catalog.save("genre.cnn.predictions", predictions.drop(index=lost))
    run_project(folder, ["ensemble"], params={"genre.ensemble.method": "stacking"})
    return folder


class TestEnsemble:
    def test_is_a_model_like_any_other(self, combined: Path) -> None:
        catalog = catalog_of(combined)
        for output in ("champion", "predictions", "embeddings", "metrics", "card", "contributions"):
            assert catalog.exists(f"genre.ensemble.{output}"), output
        predictions, manifest = catalog.load("genre.ensemble.predictions"), catalog.load("genre.manifest")
        classes = sorted(manifest["label"].dropna().unique())
        assert list(predictions.columns) == ["recording_id", "split", *classes]
        assert (predictions[classes].dtypes == np.float32).all()
        usable = manifest.loc[manifest["status"] == "ok", "recording_id"]
        assert set(predictions["recording_id"]) == set(usable)
        comparison = catalog.load("genre.comparison")
        assert {"ensemble", "cnn", "random_forest"} == set(comparison["models"])
        assert "Ensemble of other models" in catalog.load("genre.ensemble.card")
        work = combined / "data/ci/06_models/genre/ensemble/work"
        assert not work.exists() or not any(work.iterdir())

    def test_is_judged_beside_its_best_member_and_without_each(self, combined: Path) -> None:
        found = catalog_of(combined).load("genre.ensemble.contributions")
        figures = {member["model"]: member["figures"]["macro_f1"]["value"] for member in found["members"]}
        assert found["best"] == max(figures, key=figures.__getitem__)
        for entry in found["against"]:
            own = found["ensemble"][entry["figure"]]["value"]
            of_member = next(m for m in found["members"] if m["model"] == entry["than"])
            assert entry["value"] == pytest.approx(own - of_member["figures"][entry["figure"]]["value"])
            assert entry["low"] <= entry["value"] <= entry["high"]
        assert {entry["than"] for entry in found["adds"]} == {"without cnn", "without random_forest"}
        (verdict,) = (
            entry["verdict"]
            for entry in found["against"]
            if entry["than"] == found["best"] and entry["figure"] == "macro_f1"
        )
        assert found["verdict"]["shown"] == (verdict == "better")
        assert found["verdict"]["text"] in report_of(combined)

    def test_a_recording_that_one_lacks_is_counted(self, combined: Path) -> None:
        catalog = catalog_of(combined)
        found = catalog.load("genre.ensemble.contributions")
        assert found["answered"] == 1
        assert {member["model"]: member["lacking"] for member in found["members"]} == {
            "random_forest": {},
            "cnn": {"test": 1},
        }
        assert found["warnings"][0] in report_of(combined)
        assert catalog.load("genre.ensemble.champion").training["lacking"]["cnn"] == {"test": 1}

    def test_auricle_predicts_what_the_pipeline_predicted(self, combined: Path) -> None:
        catalog = catalog_of(combined)
        predictions = catalog.load("genre.ensemble.predictions").set_index("recording_id")
        manifest = catalog.load("genre.manifest").set_index("recording_id")
        known = catalog.load("genre.cnn.predictions")
        row = known.loc[known["split"] == "test", "recording_id"].iloc[0]
        loaded = auricle.load("genre.ensemble", run_root=combined / "data/ci")
        said = loaded.predict(combined / "data/ci/01_raw/demo_genre" / manifest.at[row, "path"])
        for label, probability in said.probabilities.items():
            assert probability == pytest.approx(predictions.at[row, label], abs=0.02)
        assert set(said.opinions) == {"random_forest", "cnn"}


class TestRefusedBeforeAnyNode:
    @pytest.mark.parametrize(
        ("params", "message"),
        [
            (
                {"members": ["cnn", "randomforest"]},
                "'randomforest', which the study does not have; 'random_forest' is near",
            ),
            ({"members": ["cnn"]}, "two models or more"),
            ({"members": ["cnn", "hybrid"]}, "names hybrid, which is not trained"),
            ({"method": "rank_mean"}, "here each recording has one class"),
            ({"weights": {"cnn": 1}}, "no effect with method: mean"),
        ],
    )
    def test_contradictions(self, combined: Path, run: Run, params: dict[str, Any], message: str) -> None:
        pointer = combined / "data/ci/06_models/genre/ensemble/champion.json"
        before = json.loads(pointer.read_text())
        changed = {f"genre.ensemble.{name}": value for name, value in params.items()}
        with pytest.raises(Exception, match=message):
            run(combined, ["ensemble"], params=changed)
        assert json.loads(pointer.read_text()) == before

    def test_nothing_trained(self, project: Path, run: Run) -> None:
        with pytest.raises(Exception, match="needs two trained models or more, and there are none"):
            run(project, ["ensemble"])
        assert not (project / "data/ci/02_intermediate").exists()
