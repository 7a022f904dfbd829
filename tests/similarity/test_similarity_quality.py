"""Figures of similarity, and the page."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from index_samples import LABELS, NO_COPIES, built, contents, corpus
from sklearn.neighbors import NearestNeighbors

from auricle.audio.limits import AudioLimits
from auricle.evaluation.params import EvaluateParams
from auricle.explanation.params import EmbeddingMapParams
from auricle.similarity.neighbours import list_neighbours
from auricle.similarity.page import render_similarity
from auricle.similarity.params import SimilarityParams
from auricle.similarity.quality import similarity_figures

EVALUATION = EvaluateParams(bootstrap_samples=100, min_groups_for_claim=3)


@dataclass(frozen=True)
class Champion:
    """What figures read of a bundle."""

    config: dict[str, Any] = field(
        default_factory=lambda: {"id2label": {str(index): name for index, name in enumerate(LABELS)}}
    )
    out_of_fold: pd.DataFrame | None = None


def predicted(manifest: pd.DataFrame) -> pd.DataFrame:
    scores = {name: np.float32(0.25) for name in LABELS}
    return manifest[["recording_id", "split"]].assign(**scores)


def figures(manifest: pd.DataFrame, **embeddings: pd.DataFrame) -> dict[str, Any]:
    trained = {
        name: (Champion(), contents(manifest, table), predicted(manifest))
        for name, table in embeddings.items()
    }
    return similarity_figures(trained, manifest, SimilarityParams(), EVALUATION)  # type: ignore[arg-type]


class TestFigures:
    def test_are_those_of_scikit_learn(self) -> None:
        manifest, embeddings = corpus()
        found = figures(manifest, cnn=embeddings)["models"]["cnn"]
        vectors = np.stack(embeddings["embedding"].tolist())
        nearest = NearestNeighbors(n_neighbors=60, metric="cosine").fit(vectors)
        groups, labels = manifest["group"].to_numpy(), manifest["label"].to_numpy()
        alike, own = [], []
        for row, near in enumerate(nearest.kneighbors(vectors)[1]):
            others = [place for place in near if groups[place] != groups[row]][:10]
            alike.append(np.mean(labels[others] == labels[row]))
            rest = [place for place in near if place != row][:10]
            own.append(np.mean(groups[rest] == groups[row]))
        assert found["label_agreement"]["value"] == pytest.approx(np.mean(alike))
        assert found["same_artist_rate"]["value"] == pytest.approx(np.mean(own))
        assert found["same_artist_rate"]["random"] == pytest.approx(4 / 59)
        assert found["same_artist_rate"]["best"] == pytest.approx(0.4)

    def test_tell_a_good_embedding_from_noise(self) -> None:
        manifest, embeddings = corpus(120)
        noise = np.random.default_rng(1).normal(size=(120, 16)).astype(np.float32)
        found = figures(manifest, cnn=embeddings, random_forest=embeddings.assign(embedding=list(noise)))
        good, bad = (found["models"][name]["label_agreement"] for name in ("cnn", "random_forest"))
        assert good["low"] > bad["high"]
        assert bad["low"] <= bad["random"] + 0.05

    def test_are_of_recordings_that_no_model_learned_from(self) -> None:
        manifest, embeddings = corpus()
        manifest.loc[manifest["group"].str.startswith("artist 0"), "split"] = "train"
        found = figures(manifest, cnn=embeddings)
        assert (found["recordings"], found["groups"]) == (40, 8)

    def test_are_of_what_all_have(self) -> None:
        manifest, embeddings = corpus()
        found = figures(manifest, cnn=embeddings, random_forest=embeddings.tail(30))
        assert found["recordings"] == 30

    def test_of_artists_with_one_recording_are_none(self) -> None:
        manifest, embeddings = corpus(12)
        manifest["group"] = manifest["path"]
        found = figures(manifest, cnn=embeddings)["models"]["cnn"]
        assert found["same_artist_rate"]["value"] is None
        json.dumps(found, allow_nan=False)


class TestPage:
    def page(self, folder: Path, most: int = 2000) -> tuple[str, list[dict[str, Any]]]:
        manifest, embeddings = corpus(40)
        manifest["path"] = ["<img src=x>.wav", *manifest["path"][1:]]
        embeddings.at[4, "embedding"] = embeddings.at[0, "embedding"]
        for path in manifest["path"][:3]:
            sf.write(folder / path, 0.3 * np.sin(np.arange(4_000) / 9), 8_000)
        index = built(folder / "index", manifest, embeddings)
        page = render_similarity(
            index,
            list_neighbours(index, 5, NO_COPIES),
            figures(manifest, cnn=embeddings),
            recordings=folder,
            limits=AudioLimits(),
            params=EmbeddingMapParams(sounds=3, most=most),
            model="cnn",
            source={"synthesized": True},
        )
        found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.DOTALL)
        assert found
        return page, json.loads(found[1])["points"]

    def test_lists_copies_and_neighbours_of_each_point(self, tmp_path: Path) -> None:
        page, points = self.page(tmp_path)
        near = points[0]["near"]
        assert [other["copy"] for other in near] == [True] + [False] * 5
        assert (near[0]["path"], near[0]["point"]) == ("4.wav", 4)
        assert all(
            points[other["point"]]["path"] == other["path"] for point in points for other in point["near"]
        )
        assert points[4]["near"][0]["point"] == 0
        assert "Search is exact" in page
        assert "synthesized" in page

    def test_names_neighbours_that_are_not_drawn(self, tmp_path: Path) -> None:
        page, points = self.page(tmp_path, most=10)
        assert len(points) == 10
        assert any(other["point"] is None for point in points for other in point["near"])
        assert "10 of 40 recordings are shown" in page

    def test_escapes_names(self, tmp_path: Path) -> None:
        page, points = self.page(tmp_path)
        assert "<img" not in page
        assert points[0]["path"] == "<img src=x>.wav"
