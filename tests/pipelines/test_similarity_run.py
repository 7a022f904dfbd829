"""`kedro run --pipelines=similarity`: what it makes of a trained model, of new recordings, and of none."""

from pathlib import Path
from typing import Any

import pytest
import soundfile as sf
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from project_runs import run_project

from auricle.errors import BundleError
from auricle.similarity import open_index


def catalog_of(project: Path) -> Any:
    bootstrap_project(project)
    with KedroSession.create(project, env="ci") as session:
        return session.load_context().catalog


class TestSimilarity:
    @pytest.mark.long
    def test_indexes_what_is_trained(self, ready: Path) -> None:
        run_project(ready, ["train_rf"])
        catalog = catalog_of(ready)
        usable = catalog.load("genre.manifest").query("status == 'ok'")
        queries = [{"like": usable["path"].tolist()[:2], "count": 3}]
        run_project(ready, ["similarity"], params={"genre.similarity.queries": queries})
        neighbours = catalog.load("genre.random_forest.neighbours")
        assert set(neighbours["recording_id"]) == set(usable["recording_id"])
        assert neighbours.groupby("recording_id").size().max() == 10
        assert catalog.load("genre.random_forest.similarity_build")["recall"]["exact"] is True
        agreement = catalog.load("genre.similarity")["models"]["random_forest"]["label_agreement"]
        assert 0 <= agreement["random"] <= agreement["value"] <= agreement["best"]
        assert "What is alike to the Random Forest" in catalog.load("genre.random_forest.similarity_page")
        similar = catalog.load("genre.random_forest.similar")
        assert similar.loc[~similar["is_copy"], "rank"].tolist() == [1, 2, 3]
        assert catalog.load("genre.cnn.neighbours") is None
        self.asks_about_a_file(ready, usable["path"].iloc[0])

        self.follows_the_corpus(ready)

    def follows_the_corpus(self, project: Path) -> None:
        folder = project / "data/ci/01_raw/demo_genre"
        before = catalog_of(project).load("genre.manifest").query("status == 'ok'")
        gone, moved = before["path"].iloc[0], folder / before["path"].iloc[1]
        samples, rate = sf.read(moved)
        (folder / gone).unlink()
        sf.write(moved.with_name("new.wav"), samples[rate // 2 :], rate)
        run_project(project, ["similarity"], params={"genre.demo.enabled": False})
        catalog = catalog_of(project)
        changes = catalog.load("genre.random_forest.similarity_build")["changes"]
        similar = catalog.load("genre.random_forest.similar")
        assert similar.empty  # nothing is asked any more
        assert {"query", "is_copy", "rank", "recording_id", "similarity"} <= set(similar)
        assert changes == {"added": 1, "removed": 1, "kept": len(before) - 1}
        paths = set(open_index("genre.random_forest", run_root=project / "data/ci").recordings["path"])
        assert gone not in paths
        assert any(path.endswith("new.wav") for path in paths)

    def asks_about_a_file(self, project: Path, path: str) -> None:
        root = project / "data/ci"
        index = open_index("genre.random_forest", run_root=root)
        by_file = index.query(root / "01_raw/demo_genre" / path, count=5).neighbours
        by_path = index.query(path, count=5).neighbours
        assert by_file["recording_id"].tolist() == by_path["recording_id"].tolist()
        with pytest.raises(BundleError, match="There is no index"):
            open_index(root / "07_model_output/genre/cnn/similarity")

    def test_before_any_training_is_nothing(self, ready: Path) -> None:
        run_project(ready, ["similarity"])
        assert catalog_of(ready).load("genre.similarity")["models"] == {}

    def test_refuses_contradictions_before_any_node(self, project: Path) -> None:
        with pytest.raises(Exception, match="recall_floor <= recall_target"):
            run_project(project, ["similarity"], params={"genre.similarity.recall_target": 0.5})
        assert not (project / "data/ci/02_intermediate").exists()
