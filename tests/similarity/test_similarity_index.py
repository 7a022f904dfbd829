"""The index: what it finds, what it refuses, and that one brought up to date is one built afresh."""

import json
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from index_samples import Model, built, contents, corpus
from sklearn.neighbors import NearestNeighbors

from auricle.errors import BundleError, ConfigurationError, CorpusError, MissingPackageError
from auricle.similarity import open_index
from auricle.similarity.approximate import ApproximateIndex
from auricle.similarity.build import RecallError, build_index
from auricle.similarity.contents import artist_column
from auricle.similarity.exact import FloatArray, IntArray
from auricle.similarity.folder import read_index
from auricle.similarity.index import SimilarityIndex
from auricle.similarity.neighbours import Listed, list_neighbours
from auricle.similarity.params import SimilarityParams


def listed(index: SimilarityIndex, near_duplicates: pd.DataFrame | None = None, count: int = 5) -> Listed:
    none = pd.DataFrame({"recording_id": [], "other_id": []}, dtype="str")
    return list_neighbours(index, count, none if near_duplicates is None else near_duplicates)


class OneSided(SimilarityIndex):
    """An approximate index that does not find the copies of one recording, though from them it is found."""

    def search(
        self, queries: FloatArray, count: int, allowed: npt.NDArray[np.bool_] | None = None
    ) -> tuple[IntArray, FloatArray]:
        rows, cosines = super().search(queries, count, allowed)
        asks = (queries == self.vectors[self.about["deaf"]]).all(axis=1)
        lost = (cosines > 0.9999) & asks[:, None]
        return np.where(lost, -1, rows), np.where(lost, np.float32(-np.inf), cosines)


class TestExactSearch:
    def test_finds_what_scikit_learn_finds(self, tmp_path: Path) -> None:
        index = built(tmp_path)
        reference = NearestNeighbors(n_neighbors=6, metric="cosine").fit(index.vectors)
        distances, rows = reference.kneighbors(index.vectors)
        found = listed(index).neighbours
        ids = index.recordings["recording_id"].to_numpy()
        assert found["neighbour_id"].tolist() == ids[rows[:, 1:]].ravel().tolist()
        np.testing.assert_allclose(found["similarity"], 1 - distances[:, 1:].ravel(), atol=1e-6)
        assert found["rank"].tolist() == [1, 2, 3, 4, 5] * 60

    def test_of_few_recordings_lists_as_many_as_there_are(self, tmp_path: Path) -> None:
        assert len(listed(built(tmp_path, *corpus(3))).neighbours) == 6

    def test_is_of_usable_recordings_only(self, tmp_path: Path) -> None:
        manifest, embeddings = corpus()
        manifest.loc[:9, "status"] = "quarantined"
        assert len(built(tmp_path, manifest, embeddings)) == 50

    def test_of_nothing_is_refused(self) -> None:
        manifest, embeddings = corpus()
        with pytest.raises(CorpusError, match="No recording of the manifest has an embedding"):
            contents(manifest, embeddings.head(0))


class TestCopies:
    def test_stand_apart_from_neighbours(self, tmp_path: Path) -> None:
        manifest, embeddings = corpus()
        embeddings.at[8, "embedding"] = embeddings.at[0, "embedding"] * np.float32(3)
        found = listed(built(tmp_path, manifest, embeddings))
        first, same = manifest["recording_id"][0], manifest["recording_id"][8]
        assert found.copies[["recording_id", "other_id", "found_by"]].to_numpy().tolist() == [
            [first, same, "embedding"]
        ]
        of_first = found.neighbours[found.neighbours["recording_id"] == first]
        assert same not in set(of_first["neighbour_id"])
        assert of_first["rank"].tolist() == [1, 2, 3, 4, 5]

    def test_that_ingestion_found_are_copies_however_far_apart(self, tmp_path: Path) -> None:
        manifest, embeddings = corpus()
        ids = manifest["recording_id"]
        links = pd.DataFrame({"recording_id": [ids[0], ids[4]], "other_id": [ids[4], ids[8]]})
        made = contents(manifest, embeddings, links)
        index = build_index(tmp_path, made, Model(), "genre.cnn", SimilarityParams())
        found = listed(index, links, count=59)
        of_first = found.neighbours[found.neighbours["recording_id"] == ids[0]]
        assert set(ids) - set(of_first["neighbour_id"]) == {ids[0], ids[4], ids[8]}  # a copy of a copy too
        assert found.copies["found_by"].tolist() == ["fingerprint", "fingerprint"]

    @pytest.mark.parametrize("deaf", [0, 8])
    def test_found_from_one_side_only_are_listed(self, tmp_path: Path, deaf: int) -> None:
        manifest, embeddings = corpus()
        embeddings.at[8, "embedding"] = embeddings.at[0, "embedding"] + np.float32(1e-3)
        index = built(tmp_path, manifest, embeddings)
        found = listed(OneSided(index.recordings, index.vectors, index.about | {"deaf": deaf})).copies
        ids = manifest["recording_id"]
        assert found[["recording_id", "other_id"]].to_numpy().tolist() == [[ids[0], ids[8]]]

    def test_of_a_dead_network_end(self, tmp_path: Path) -> None:
        manifest, embeddings = corpus(300)
        embeddings["embedding"] = [np.ones(16, np.float32)] * 300
        assert listed(built(tmp_path, manifest, embeddings)).neighbours.empty


class TestUpdate:
    @pytest.mark.parametrize("exact_up_to", [1000, 50])
    def test_answers_as_a_fresh_build(self, tmp_path: Path, exact_up_to: int) -> None:
        if exact_up_to == 50:
            pytest.importorskip("faiss")
        manifest, embeddings = corpus(400)
        before, after = manifest.iloc[:300], manifest.iloc[40:]
        built(tmp_path / "kept", before, embeddings, exact_up_to=exact_up_to, most_probes=80)
        updated = built(tmp_path / "kept", after, embeddings, exact_up_to=exact_up_to, most_probes=80)
        fresh = built(tmp_path / "fresh", after, embeddings, exact_up_to=exact_up_to, most_probes=80)
        assert updated.about["changes"] == {"added": 100, "removed": 40, "kept": 260}
        assert len(updated) == len(fresh) == 360
        one, other = listed(read_index(tmp_path / "kept")).neighbours, listed(fresh).neighbours
        if exact_up_to == 1000:
            pd.testing.assert_frame_equal(one, other)
        else:
            assert (one["recording_id"] == other["recording_id"]).all()
            pairs = [set(zip(t["recording_id"], t["neighbour_id"], strict=True)) for t in (one, other)]
            assert len(pairs[0] & pairs[1]) >= 0.97 * len(pairs[1])
            gone = set(manifest["recording_id"].iloc[:40])
            assert not gone & set(one["neighbour_id"])
            assert len(updated.approximate or ()) == 360

    def test_takes_a_new_embedding_of_an_old_recording(self, tmp_path: Path) -> None:
        manifest, embeddings = corpus()
        built(tmp_path, manifest, embeddings)
        changed = embeddings.copy()
        changed.at[0, "embedding"] = -changed.at[0, "embedding"]
        index = built(tmp_path, manifest, changed)
        assert index.about["changes"] == {"added": 1, "removed": 1, "kept": 59}
        pd.testing.assert_frame_equal(
            listed(index).neighbours, listed(built(tmp_path / "fresh", manifest, changed)).neighbours
        )

    def test_of_another_model_is_a_fresh_build(self, tmp_path: Path) -> None:
        built(tmp_path)
        index = built(tmp_path, model=Model("second", "e" * 64))
        assert index.about["changes"]["kept"] == 0
        assert read_index(tmp_path).about["model"]["version"] == "second"

    def test_leaves_one_generation(self, tmp_path: Path) -> None:
        built(tmp_path)
        built(tmp_path)
        assert len(list(tmp_path.glob("generation-*"))) == 1

    def test_goes_on_after_damage(self, tmp_path: Path) -> None:
        built(tmp_path)
        (tmp_path / "index.json").write_text("{")
        assert built(tmp_path).about["changes"]["added"] == 60


class TestApproximateSearch:
    def test_measures_its_recall_and_reaches_the_target(self, tmp_path: Path) -> None:
        pytest.importorskip("faiss")
        index = built(tmp_path, *corpus(600), exact_up_to=100)
        recall, exact = index.about["recall"], built(tmp_path / "exact", *corpus(600))
        assert recall["value"] >= 0.99
        assert recall["exact"] is False
        one, other = listed(index).neighbours, listed(exact).neighbours
        assert (one["neighbour_id"] == other["neighbour_id"]).mean() > 0.97

    def test_below_the_floor_builds_nothing(self, tmp_path: Path) -> None:
        pytest.importorskip("faiss")
        with pytest.raises(
            RecallError, match=r"finds 0\.\d+ of the 10 nearest.*recall_floor is 0\.99.*most_probes"
        ):
            built(tmp_path, *corpus(600, spread=5.0), exact_up_to=100, most_probes=1, recall_floor=0.99)
        assert not (tmp_path / "index.json").exists()

    def test_finds_none_that_is_filtered_out(self, tmp_path: Path) -> None:
        pytest.importorskip("faiss")
        index = built(tmp_path, *corpus(600), exact_up_to=100)
        allowed = (index.recordings["label"] != "jazz").to_numpy()
        rows, _ = index.search(np.ascontiguousarray(index.vectors[:50]), 10, allowed)
        assert allowed[rows[rows >= 0]].all()

    def test_without_faiss_says_what_to_install(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "faiss", None)
        with pytest.raises(MissingPackageError, match=r"needs faiss.*'similarity'"):
            built(tmp_path, exact_up_to=10)

    def test_has_a_cell_for_few(self) -> None:
        pytest.importorskip("faiss")
        vectors = np.eye(4, dtype=np.float32)
        index = ApproximateIndex.built(vectors, np.arange(4), cells=None, seed=0)
        index.probes = index.cells
        assert index.search(vectors, 1, None)[:, 0].tolist() == [0, 1, 2, 3]


class TestFolder:
    def test_of_another_model_is_refused(self, tmp_path: Path) -> None:
        index = built(tmp_path)

        class Loaded:
            bundle = Model("second", "e" * 64)

        with pytest.raises(
            BundleError, match=r"of another model: version first.*this is second.*--pipelines="
        ):
            index.with_model(Loaded())  # type: ignore[arg-type]
        with pytest.raises(BundleError, match="of another model"):
            open_index(tmp_path, model=Loaded())  # type: ignore[arg-type]

    @pytest.mark.parametrize("name", ["vectors.npy", "recordings.parquet"])
    def test_that_is_damaged_is_refused(self, tmp_path: Path, name: str) -> None:
        built(tmp_path)
        (file,) = tmp_path.glob(f"*/{name}")
        file.write_bytes(file.read_bytes()[:-1] + b"?")
        with pytest.raises(BundleError, match=rf"{name} is damaged.*SHA-256"):
            open_index(tmp_path)
        file.unlink()
        with pytest.raises(BundleError, match=rf"{name} is missing"):
            open_index(tmp_path)

    def test_that_is_not_there_says_how_to_make_it(self, tmp_path: Path) -> None:
        with pytest.raises(BundleError, match=r"no index at .*kedro run --pipelines=similarity"):
            open_index(tmp_path)

    def test_of_another_format_is_refused(self, tmp_path: Path) -> None:
        built(tmp_path)
        about = json.loads((tmp_path / "index.json").read_text())
        (tmp_path / "index.json").write_text(json.dumps(about | {"auricle_index": 99}))
        with pytest.raises(BundleError, match="of format 99"):
            open_index(tmp_path)

    def test_asks_for_a_known_artist_column(self) -> None:
        manifest = corpus()[0]
        assert artist_column(manifest, None) == "group"
        assert artist_column(manifest.assign(meta_artist="x"), None) == "meta_artist"
        with pytest.raises(ConfigurationError, match="no column of the manifest"):
            artist_column(manifest, "meta_singer")
