"""The pipeline `recommend` on a catalog in memory: from waveforms to the list, the playlist and the page."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from rated_library import NO_COPIES, library

from auricle.audio.limits import AudioLimits
from auricle.corpora.params import IngestParams
from auricle.errors import AuricleError
from auricle.explanation.sounds import Playable
from auricle.models.bundle import BundleRef
from auricle.pipelines.recommend import create_pipeline, nodes
from auricle.recommendation import page
from auricle.recommendation.params import RecommendationParams


class KeptDataset(MemoryDataset):
    """What it holds is there after the run too."""

    def _release(self) -> None:
        pass


PARAMS = {"count": 3, "interval": {"level": 0.6, "passes": 4}}


@pytest.fixture
def sounds(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Waveforms without their files; excerpts of which the first can be heard."""
    found = library()[1]
    monkeypatch.setattr(nodes.WaveformStore, "open", lambda folder, digest: nullcontext(found))

    def played(paths: list[str], *_: Any, **__: Any) -> list[Playable]:
        return [Playable("data:audio/mpeg;base64,AA", 1.5), *[Playable(note="gone")] * (len(paths) - 1)]

    monkeypatch.setattr(page, "playable", played)
    return found


def run(champion: BundleRef | None, manifest: pd.DataFrame, folder: Path, **params: Any) -> dict[str, Any]:
    recommendation = RecommendationParams.model_validate(PARAMS | params)
    of_corpus = {
        "manifest": manifest,
        "near_duplicates": NO_COPIES,
        "recordings": folder,
        "source": {"synthesized": True},
        "waveforms": folder,
    }
    of_model = {"champion": champion, "known_windows": pd.DataFrame(), "tag_directory": folder / "tags"}
    parameters = {
        "recommendation": recommendation,
        "decoding": AudioLimits(),
        "ingest": IngestParams(layout="ratings"),
        "rater.name": "ratings.rater",
    }
    data = (
        {f"ratings.{name}": value for name, value in of_corpus.items()}
        | {f"ratings.rater.{name}": value for name, value in of_model.items()}
        | {f"params:ratings.{name}": value for name, value in parameters.items()}
    )
    pipeline = create_pipeline("ratings", "rater")
    assert pipeline.inputs() == set(data)
    catalog = DataCatalog(
        {name: MemoryDataset(value, copy_mode="assign") for name, value in data.items()}
        | {name: KeptDataset(copy_mode="assign") for name in pipeline.all_outputs()}
    )
    SequentialRunner().run(pipeline, catalog)
    return {name.rpartition(".")[2]: catalog.load(name) for name in pipeline.all_outputs()}


class TestPipeline:
    def test_makes_a_list_a_playlist_and_a_page(self, rater: BundleRef, folder: Path, sounds: Any) -> None:
        manifest = library()[0].assign(meta_artist=lambda rows: rows["meta_artist"].replace("artist 1", None))
        made = run(rater, manifest, folder)
        table = made["recommendations"]
        assert made["recommended"] == {
            "recommended": [(str(folder / path), 1.0) for path in table["path"][:3]]
        }
        assert len(made["recommendations_csv"]) == len(table) == 12
        assert made["recommendation_figures"]["listed"] == 3
        html = made["recommendations_page"]
        assert html.count("<audio controls") == 1
        assert html.count("gone") == 2
        assert "synthesized by Auricle" in html
        assert "<script" not in html
        assert not (folder / "tags").exists()

    def test_tells_on_the_page_what_is_not_known(self, rater: BundleRef, folder: Path, sounds: Any) -> None:
        manifest = library()[0]
        rated_test = manifest["split"] == "test"
        html = run(rater, manifest[~rated_test], folder, interval={"level": 0.99, "passes": 0})[
            "recommendations_page"
        ]
        assert "Not at all: ratings of 4 artists" in html
        assert "No rating is in the test split" in html

    def test_without_a_champion_or_anything_unrated_says_so(
        self, rater: BundleRef, folder: Path, sounds: Any
    ) -> None:
        manifest = library()[0]
        with pytest.raises(AuricleError, match=r"ratings\.rater is not trained.*--pipelines=train_rating"):
            run(None, manifest, folder)
        with pytest.raises(AuricleError, match="there is nothing to recommend"):
            run(rater, manifest[manifest["rating"].notna()], folder)
        assert not sounds.heard
