"""Questions: by id, path, file and several of them; what is not wanted; filters; what is refused."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from index_samples import LABELS, Model, built, corpus
from pydantic import ValidationError

from auricle.errors import ConfigurationError
from auricle.similarity.index import SimilarityIndex
from auricle.similarity.params import QueryParams, SimilarityParams


@pytest.fixture
def index(tmp_path: Path) -> SimilarityIndex:
    return built(tmp_path)


class Hears:
    """A model that makes one vector of every file."""

    def __init__(self, vector: Any) -> None:
        self.bundle = Model()
        self._vector = vector

    def embed(self, file: Path) -> Any:
        assert file.is_file()
        return self._vector


def labels_of(table: pd.DataFrame) -> set[str]:
    return set(table["label"])


class TestQuery:
    def test_by_id_and_by_path_are_one(self, index: SimilarityIndex) -> None:
        by_id, by_path = index.query(f"{7:016x}"), index.query("7.wav")
        pd.testing.assert_frame_equal(by_id.neighbours, by_path.neighbours)
        assert by_id.neighbours["rank"].tolist() == list(range(1, 11))
        assert "7.wav" not in set(by_id.neighbours["path"])
        assert by_id.neighbours["similarity"].is_monotonic_decreasing
        assert labels_of(by_id.neighbours) == {LABELS[3]}

    def test_by_file_asks_the_model(self, index: SimilarityIndex, tmp_path: Path) -> None:
        file = tmp_path / "new.wav"
        file.write_bytes(b"sound")
        said = replace(index, model=Hears(5 * index.vectors[7])).query(file)
        assert said.copies["path"].tolist() == ["7.wav"]
        expected = index.query("7.wav").neighbours
        pd.testing.assert_frame_equal(said.neighbours, expected)

    def test_by_a_file_of_the_corpus_leaves_it_out(self, tmp_path: Path) -> None:
        file = tmp_path / "elsewhere.wav"
        file.write_bytes(b"sound")
        manifest, embeddings = corpus()
        identity = hashlib.sha256(b"sound").hexdigest()[:16]
        for table in (manifest, embeddings):
            table.loc[7, "recording_id"] = identity
        index = built(tmp_path / "index", manifest, embeddings, duplicate_above=None)
        said = replace(index, model=Hears(index.vectors[0])).query(file)
        assert identity not in {*said.neighbours["recording_id"], *said.copies["recording_id"]}

    def test_of_several_is_their_mean(self, index: SimilarityIndex) -> None:
        said = index.query(["0.wav", "1.wav"], count=58).neighbours
        vectors = index.vectors[:2].mean(axis=0)
        cosines = index.vectors @ (vectors / np.linalg.norm(vectors))
        assert said["path"][0] == f"{2 + int(np.argmax(cosines[2:]))}.wav"
        np.testing.assert_allclose(said["similarity"], np.sort(cosines[2:])[::-1], atol=1e-6)

    def test_leads_away_from_what_is_not_wanted(self, index: SimilarityIndex) -> None:
        both = index.query(["0.wav", "1.wav"], count=28).neighbours
        assert {LABELS[0], LABELS[1]} <= labels_of(both)
        without = index.query(["0.wav", "1.wav"], unlike="5.wav", count=10).neighbours
        assert LABELS[1] not in labels_of(without)
        assert "5.wav" not in set(without["path"])


class TestFilters:
    @pytest.mark.parametrize(
        ("chosen", "right"),
        [
            ({"labels": ["jazz"]}, lambda table: table["label"] == "jazz"),
            ({"artists": ["artist 1-2"]}, lambda table: table["artist"] == "artist 1-2"),
            ({"without_artists": ["artist 0-0"]}, lambda table: table["artist"] != "artist 0-0"),
            ({"min_duration_s": 40, "max_duration_s": 50}, lambda table: table["duration_s"].between(40, 50)),
        ],
    )
    def test_leave_what_was_asked_for(
        self, index: SimilarityIndex, chosen: dict[str, Any], right: Callable[[pd.DataFrame], Any]
    ) -> None:
        found = index.query("0.wav", **chosen).neighbours
        assert len(found) >= 5
        assert right(found).all()

    def test_that_nothing_passes_leave_nothing(self, index: SimilarityIndex) -> None:
        assert index.query("0.wav", min_duration_s=1000).neighbours.empty

    def test_hold_for_copies(self, tmp_path: Path) -> None:
        manifest, embeddings = corpus()
        embeddings.at[4, "embedding"] = embeddings.at[0, "embedding"]
        index = built(tmp_path, manifest, embeddings)
        assert index.query("0.wav").copies["path"].tolist() == ["4.wav"]
        assert index.query("0.wav", max_duration_s=13).copies.empty


class Misses(SimilarityIndex):
    """An approximate index whose first search misses a recording."""

    def search(self, queries: Any, count: int, allowed: Any = None) -> Any:
        rows, cosines = super().search(queries, count, allowed)
        if not self.about.setdefault("asked", 0):
            cosines = np.where(rows == 4, -np.inf, cosines)
            rows = np.where(rows == 4, -1, rows)
        self.about["asked"] += 1
        return rows, cosines


class TestCopies:
    @pytest.mark.parametrize("exact_up_to", [1000, 50])
    def test_are_all_found_however_many(self, tmp_path: Path, exact_up_to: int) -> None:
        if exact_up_to == 50:
            pytest.importorskip("faiss")
        manifest, embeddings = corpus(400)
        alike = manifest["recording_id"].iloc[:300]
        vectors = embeddings["embedding"].tolist()
        embeddings["embedding"] = vectors[:1] * 300 + vectors[300:]
        said = built(tmp_path, manifest, embeddings, exact_up_to=exact_up_to).query("0.wav")
        assert set(said.copies["recording_id"]) == set(alike) - {alike[0]}
        assert len(said.neighbours) == 10
        assert set(said.neighbours["recording_id"]).isdisjoint(alike)

    def test_that_are_all_there_is_leave_no_neighbour(self, tmp_path: Path) -> None:
        manifest, embeddings = corpus(300)
        embeddings["embedding"] = [embeddings.at[0, "embedding"]] * 300
        said = built(tmp_path, manifest, embeddings).query("0.wav")
        assert (len(said.copies), len(said.neighbours)) == (299, 0)

    def test_that_one_search_misses_and_the_next_finds_are_no_neighbours(self, tmp_path: Path) -> None:
        manifest, embeddings = corpus()
        embeddings.at[4, "embedding"] = embeddings.at[0, "embedding"]
        index = built(tmp_path, manifest, embeddings)
        misses = Misses(index.recordings, index.vectors, dict(index.about))
        said = misses.query("0.wav")
        assert misses.about["asked"] == 3
        assert said.copies["path"].tolist() == ["4.wav"]
        pd.testing.assert_frame_equal(said.neighbours, index.query("0.wav").neighbours)


class TestRefusals:
    def test_of_what_there_is_not(self, index: SimilarityIndex) -> None:
        with pytest.raises(ConfigurationError, match=r"'77.wav' is neither .* Near to it: "):
            index.query("77.wav")

    def test_of_a_file_without_a_model(self, index: SimilarityIndex, tmp_path: Path) -> None:
        (tmp_path / "new.wav").write_bytes(b"sound")
        with pytest.raises(ConfigurationError, match="no model is loaded"):
            index.query(tmp_path / "new.wav")

    def test_of_unknown_labels_and_artists(self, index: SimilarityIndex) -> None:
        with pytest.raises(ConfigurationError, match=r"has the label 'jaz'. There are jazz"):
            index.query("0.wav", labels=["jaz"])
        with pytest.raises(ConfigurationError, match="has the artist 'nobody'"):
            index.query("0.wav", artists=["nobody"])

    def test_of_what_cancels_out(self, tmp_path: Path) -> None:
        manifest, embeddings = corpus()
        embeddings.at[1, "embedding"] = embeddings.at[0, "embedding"]
        with pytest.raises(ConfigurationError, match="cancel each other out"):
            built(tmp_path, manifest, embeddings).query("0.wav", unlike="1.wav")

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"min_duration_s": 5, "max_duration_s": 3}, "no recording is both"),
            ({"unlike": ("a",)}, "in like and in unlike"),
            ({"genre": "jazz"}, "Extra inputs"),
            ({"like": ()}, "at least 1 item"),
        ],
    )
    def test_of_contradictions(self, given: dict[str, Any], message: str) -> None:
        with pytest.raises(ValidationError, match=message):
            QueryParams.model_validate({"like": ("a",)} | given)

    def test_of_a_parameter_that_the_map_has_no_use_for(self) -> None:
        with pytest.raises(ValidationError, match=r"map\.neighbours\n.*Extra inputs"):
            SimilarityParams.model_validate({"map": {"neighbours": 5}})

    def test_of_a_floor_above_the_target(self) -> None:
        with pytest.raises(ValidationError, match="recall_floor <= recall_target"):
            SimilarityParams(recall_floor=0.99, recall_target=0.9)
