"""Embedding maps: figures by scikit-learn, nothing from chance, and a page that is safe and can be heard."""

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from pydantic import ValidationError
from sklearn.cluster import KMeans
from sklearn.manifold import trustworthiness
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score
from sklearn.neighbors import NearestNeighbors

from auricle.audio.limits import AudioLimits
from auricle.corpora.labels import MULTI
from auricle.evaluation.params import EvaluateParams
from auricle.explanation.embedding_map import embedding_map
from auricle.explanation.judged import judged_recordings, primary_labels
from auricle.explanation.map_page import render_map
from auricle.explanation.params import EmbeddingMapParams
from auricle.explanation.projection import cluster, project, unit_vectors

CLASSES = ("blues", "jazz", "metal")
EVALUATION = EvaluateParams(bootstrap_samples=100, min_groups_for_claim=3)
PARAMS = EmbeddingMapParams()


@dataclass(frozen=True)
class Champion:
    """What a map reads of a bundle."""

    config: dict[str, Any] = field(
        default_factory=lambda: {"id2label": {str(index): name for index, name in enumerate(CLASSES)}}
    )
    out_of_fold: pd.DataFrame | None = None


@dataclass(frozen=True)
class Corpus:
    manifest: pd.DataFrame
    predictions: pd.DataFrame
    embeddings: pd.DataFrame

    def mapped(self, params: EmbeddingMapParams = PARAMS, champion: Any = None) -> dict[str, Any]:
        return embedding_map(
            champion or Champion(),
            self.embeddings,
            self.predictions,
            self.manifest,
            params=params,
            evaluation=EVALUATION,
        )

    @property
    def vectors(self) -> np.ndarray:
        return unit_vectors(np.stack(self.embeddings["embedding"].tolist()))

    @property
    def codes(self) -> np.ndarray:
        return pd.factorize(self.manifest["label"])[0]


def corpus(
    per_class: int = 20, *, scrambled: bool = False, folded: bool = False, noise: float = 0.4
) -> Corpus:
    """Recordings in pairs of one group, whose embeddings point where their class does."""
    random = np.random.default_rng(3)
    labels = np.repeat(CLASSES, per_class)
    ids = [f"{number:016x}" for number in range(len(labels))]
    directions = np.eye(len(CLASSES), 6)[np.repeat(range(len(CLASSES)), per_class)]
    embeddings = directions + random.normal(scale=noise, size=directions.shape)
    if scrambled:
        embeddings = random.permutation(embeddings)
    manifest = pd.DataFrame(
        {
            "recording_id": ids,
            "path": [f"{name}.wav" for name in ids],
            "duration_s": 3.0,
            "label": labels,
            "labels": [[label, "loud"] for label in labels],
            "group": [f"group {number // 2}" for number in range(len(labels))],
            "split": "train" if folded else "test",
            "fold": np.arange(len(labels)) // 2 % 3 if folded else -1,
            "status": "ok",
        }
    )
    predictions = pd.DataFrame({"recording_id": ids, "split": "out_of_fold" if folded else "test"})
    for name in CLASSES:
        predictions[name] = np.where(labels == name, 0.6, 0.2).astype(np.float32)
    embedded = pd.DataFrame({"recording_id": ids, "embedding": list(embeddings.astype(np.float32))})
    return Corpus(manifest, predictions, embedded)


class TestFigures:
    def test_are_those_of_scikit_learn(self) -> None:
        sample = corpus()
        found = sample.mapped()
        figures, vectors = found["figures"], sample.vectors
        clusters = KMeans(3, n_init=10, random_state=0).fit_predict(vectors)
        assert figures["adjusted_rand_index"]["value"] == pytest.approx(
            adjusted_rand_score(sample.codes, clusters)
        )
        assert figures["adjusted_mutual_information"]["value"] == pytest.approx(
            adjusted_mutual_info_score(sample.codes, clusters)
        )
        coordinates = np.array([[point["x"], point["y"]] for point in found["points"]])
        assert figures["trustworthiness"]["value"] == pytest.approx(
            trustworthiness(vectors, coordinates, n_neighbors=10)
        )
        assert figures["trustworthiness"]["random"] < 0.6 < figures["trustworthiness"]["value"]

    def test_neighbours_are_the_nearest_of_other_groups(self) -> None:
        sample = corpus()
        _, order = NearestNeighbors(n_neighbors=60).fit(sample.vectors).kneighbors(sample.vectors)
        groups, codes = sample.manifest["group"].to_numpy(), sample.codes
        shares = []
        for row, near in enumerate(order):
            others = [index for index in near if groups[index] != groups[row]][:10]
            shares.append(np.mean(codes[others] == codes[row]))
        figure = sample.mapped()["figures"]["neighbours"]
        assert figure["value"] == pytest.approx(np.mean(shares))
        assert figure["random"] == pytest.approx(18 / 58)
        assert figure["best"] == 1.0
        assert figure["low"] <= figure["value"] <= figure["high"]

    def test_of_few_alike_say_what_is_the_best(self) -> None:
        assert corpus(6).mapped()["figures"]["neighbours"]["best"] == pytest.approx(0.4)

    def test_of_scrambled_labels_are_those_of_chance(self) -> None:
        figures = corpus(40, scrambled=True).mapped()["figures"]
        for name in ("adjusted_rand_index", "adjusted_mutual_information"):
            assert abs(figures[name]["value"]) < 0.06
            assert figures[name]["low"] <= 0.05
            assert abs(figures[name]["random"]) < 0.03
            assert figures[name]["random_low"] < 0 < figures[name]["random_high"]
        assert figures["neighbours"]["value"] == pytest.approx(figures["neighbours"]["random"], abs=0.06)

    def test_of_equal_embeddings_are_no_order_of_the_corpus(self) -> None:
        sample = corpus(30)
        sample.manifest.loc[sample.manifest["label"] == "jazz", "label"] = "blues"  # more common, and first
        dead = Corpus(
            sample.manifest,
            sample.predictions,
            sample.embeddings.assign(embedding=[np.zeros(6, dtype=np.float32)] * 90),
        )
        found = dead.mapped()
        assert found["projection"]["method"] == "PCA"
        assert found["figures"]["adjusted_rand_index"]["value"] == 0
        assert found["figures"]["trustworthiness"]["value"] is None
        neighbours = found["figures"]["neighbours"]
        assert neighbours["value"] == pytest.approx(neighbours["random"], abs=0.05)
        json.dumps(found, allow_nan=False)

    def test_from_too_few_groups_have_no_interval(self) -> None:
        sample = corpus(2)
        sample.manifest["group"] = ["one", "one", "one", "two", "two", "two"]
        figures = sample.mapped()["figures"]
        assert figures["adjusted_rand_index"]["low"] is None
        assert figures["neighbours"]["low"] is None

    def test_of_several_labels_are_the_share_in_common(self) -> None:
        sample = corpus()
        config = {
            "id2label": {str(index): name for index, name in enumerate([*CLASSES, "loud"])},
            "problem_type": MULTI,
            "thresholds": [0.5] * 4,
        }
        labelled = Corpus(sample.manifest, sample.predictions.assign(loud=0.9), sample.embeddings)
        found = labelled.mapped(champion=Champion(config))
        assert found["several"]
        assert set(found["points"][0]["labels"]) == {"blues", "loud"}
        assert {point["primary"] for point in found["points"]} == set(CLASSES)
        # One of three labels in common with other classes, both of two with one's own.
        assert found["figures"]["neighbours"]["random"] == pytest.approx((18 + 40 / 3) / 58)
        json.dumps(found, allow_nan=False)


class TestRecordings:
    def test_under_cross_validation_are_of_the_first_fold(self) -> None:
        sample = corpus(folded=True)
        found = sample.mapped(champion=Champion(out_of_fold=sample.predictions))
        first = set(sample.manifest.loc[sample.manifest["fold"] == 0, "recording_id"])
        assert {point["recording_id"] for point in found["points"]} == first

    def test_are_none_that_the_model_learned_from(self) -> None:
        sample = corpus()
        heard = sample.manifest["group"].isin(["group 0", "group 1"])
        sample.manifest.loc[heard, "split"] = "train"
        sample.predictions.loc[heard, "split"] = "train"
        assert len(sample.mapped()["points"]) == 56

    def test_are_drawn_where_there_are_too_many(self) -> None:
        found = corpus().mapped(EmbeddingMapParams(most=20))
        assert (len(found["points"]), found["judged"]) == (20, 60)

    def test_of_too_few_there_is_no_map(self) -> None:
        sample = corpus()
        few = Corpus(sample.manifest, sample.predictions, sample.embeddings.head(2))
        found = few.mapped()
        assert found["figures"] is None
        page = render_map(
            found, recordings=Path(), limits=AudioLimits(), params=PARAMS, model="cnn", source={}
        )
        assert "too few for a map" in page
        assert "<script>" not in page

    def test_go_by_their_primary_label_or_the_most_common_that_is_known(self) -> None:
        table = pd.DataFrame(
            {"primary": ["a", "new", "b", None], "labels": [("a", "b"), ("a", "b"), ("b",), ()]}
        )
        assert primary_labels(table) == ["a", "b", "b", ""]

    def test_know_their_labels(self) -> None:
        sample = corpus(2)
        judged = judged_recordings(sample.predictions, sample.manifest, Champion().config, is_folded=False)
        assert judged["labels"].tolist() == [(label,) for label in sample.manifest["label"]]


class TestProjection:
    def test_is_the_same_twice(self) -> None:
        vectors = corpus().vectors
        first, second = project(vectors, PARAMS), project(vectors, PARAMS)
        assert first.method == "t-SNE"
        assert first.perplexity == pytest.approx(59 / 3)
        np.testing.assert_array_equal(first.coordinates, second.coordinates)

    def test_of_few_is_a_pca(self) -> None:
        found = project(corpus(5).vectors, PARAMS)
        assert found.method == "PCA"
        assert found.explained is not None
        assert 0.3 < found.explained < 1

    def test_of_one_dimension_has_two_coordinates(self) -> None:
        found = project(np.random.default_rng(0).normal(size=(20, 1)), PARAMS)
        assert found.coordinates.shape == (20, 2)
        assert np.isfinite(found.coordinates).all()

    def test_by_hdbscan_leaves_out_what_lies_apart(self) -> None:
        vectors = np.vstack([corpus(noise=0.02).vectors, -np.ones((1, 6))])
        found = cluster(vectors, 3, EmbeddingMapParams(cluster_by="hdbscan"))
        assert set(found) == {-1, 0, 1, 2}
        assert found[-1] == -1

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"cluster_by": "hdbscan", "clusters": 4}, "clusters has no effect.*kmeans"),
            ({"min_cluster_size": 4}, "min_cluster_size has no effect.*hdbscan"),
        ],
    )
    def test_refuses_contradictions(self, given: dict[str, Any], message: str) -> None:
        with pytest.raises(ValidationError, match=message):
            EmbeddingMapParams.model_validate(given)


HOSTILE = "<img src=x>' \"&.wav"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six recordings, one damaged and one with a hostile name."""
    folder = tmp_path_factory.mktemp("recordings")
    tone = 0.3 * np.sin(np.arange(8_000) / 9)
    for name in (*(f"{number:016x}.wav" for number in range(5)), HOSTILE):
        sf.write(folder / name, tone, 8_000)
    (folder / f"{3:016x}.wav").write_bytes(b"no sound")
    return folder


@pytest.fixture(scope="module")
def whole(folder: Path) -> str:
    return page_of(folder)


def page_of(folder: Path, **changes: Any) -> str:
    sample = corpus(2)
    sample.manifest.loc[5, "path"] = HOSTILE
    params = EmbeddingMapParams.model_validate(changes)
    return render_map(
        sample.mapped(params),
        recordings=folder,
        limits=AudioLimits(),
        params=params,
        model="cnn",
        source={"synthesized": True},
        is_folded=True,
    )


class TestPage:
    def data(self, page: str) -> Any:
        found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.DOTALL)
        assert found
        return json.loads(found[1])

    def test_lets_one_hear_what_can_be_decoded(self, whole: str) -> None:
        points = self.data(whole)["points"]
        heard = [point["sound"] is not None for point in points]
        assert heard == [True, True, True, False, True, True]
        assert points[3]["note"].startswith("cannot be played")
        assert all(point["sound"].startswith("data:audio/mpeg;base64,") for point in points if point["sound"])

    def test_holds_no_more_sound_than_it_may(self, folder: Path) -> None:
        points = self.data(page_of(folder, sounds=2))["points"]
        assert sum(point["sound"] is not None for point in points) == 2
        size = len(points[0]["sound"] or points[1]["sound"])
        tight = self.data(page_of(folder, max_megabytes=1.5 * size / 1e6))["points"]
        assert sum(point["sound"] is not None for point in tight) == 1
        assert any(point["note"] == "left out to keep the page small" for point in tight)

    def test_runs_its_own_script_only(self, whole: str) -> None:
        (script,) = re.findall(r"<script>(.*?)</script>", whole, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"script-src 'sha256-{digest}'" in whole
        assert "default-src 'none'" in whole
        assert "http" not in whole.replace("http-equiv", "").replace(script, "")

    def test_escapes_names(self, whole: str) -> None:
        assert "<img" not in whole
        assert "&lt;img src=x&gt;&#39; &#34;&amp;.wav" in whole
        assert self.data(whole)["points"][5]["path"] == HOSTILE

    def test_says_what_a_reader_must_know(self, whole: str) -> None:
        assert "synthesized" in whole
        assert "all folds but the first" in whole
        assert "too few recordings for t-SNE" in whole
        assert whole.count("data-label=") == 6
