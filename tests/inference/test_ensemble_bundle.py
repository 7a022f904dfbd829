"""The bundle of an ensemble: it predicts with its members, moves with them, and says which is missing."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ensemble_models import LABELS, Models
from tones import RATE, tone

from auricle.errors import AudioError, BundleError
from auricle.inference.ensemble import joined_embeddings, score_members
from auricle.inference.load import load
from auricle.models.bundle import open_bundle, seal


class TestPredict:
    def test_is_the_mean_of_the_members_and_tells_what_each_says(
        self, models: Models, recordings: Path
    ) -> None:
        file = recordings / "1.flac"
        found = load(models.ensemble).predict(file)
        alone = {name: load(ref.path).predict(file) for name, ref in models.champions.items()}
        for label in LABELS:
            mean = np.mean([said.probabilities[label] for said in alone.values()])
            assert found.probabilities[label] == pytest.approx(mean, abs=1e-6)
        assert list(found.opinions) == ["cnn", "random_forest"]
        for name, said in alone.items():
            assert found.opinions[name].label == said.label
            assert found.opinions[name].confidence == pytest.approx(said.confidence, abs=1e-6)
            assert found.to_dict()["opinions"][name]["label"] == said.label
        assert found.calibrated_confidence is not None
        assert found.windows[0].end_s == pytest.approx(3.3, abs=0.01)

    def test_one_by_one_and_in_a_list_is_the_same(self, models: Models, recordings: Path) -> None:
        ensemble = load(models.ensemble, cache_size=0)
        files = sorted(recordings.iterdir())
        for file, said in zip(files, ensemble.predict(files), strict=True):
            by_itself = ensemble.predict(file)
            assert said.probabilities == pytest.approx(by_itself.probabilities, abs=1e-5)
            np.testing.assert_allclose(said.embedding, by_itself.embedding, atol=1e-5)

    def test_others_answer_for_a_member_that_cannot_hear(
        self, models: Models, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def deaf(*arguments: object) -> None:
            raise AudioError("too short for this one")

        ensemble = load(models.ensemble, cache_size=0)
        samples = tone(1.0, 300, seed=1)
        before = ensemble.predict(samples, sampling_rate=RATE)
        monkeypatch.setattr("auricle.inference.scorers.ForestScorer.heard", deaf)
        found = ensemble.predict(samples, sampling_rate=RATE)
        assert found.opinions["random_forest"].error == "too short for this one"
        assert found.opinions["random_forest"].label is None
        assert found.probabilities == pytest.approx(before.opinions["cnn"].probabilities)
        assert found.embedding is not None and before.embedding is not None
        assert found.embedding.shape == before.embedding.shape
        monkeypatch.setattr("auricle.inference.scorers.DeepScorer.heard", deaf)
        with pytest.raises(AudioError, match="too short for this one"):
            ensemble.predict(samples, sampling_rate=RATE)

    def test_embeddings_stand_side_by_side_at_length_one(self) -> None:
        parts = [
            np.array([[3.0, 4.0], [np.nan, np.nan]], dtype=np.float32),
            np.ones((2, 1), dtype=np.float32),
        ]
        np.testing.assert_allclose(joined_embeddings(parts), [[0.6, 0.8, 1], [0, 0, 1]])


class TestMembers:
    def test_move_with_the_folder_of_models(self, models: Models, recordings: Path, tmp_path: Path) -> None:
        before = load(models.ensemble).predict(recordings / "0.wav")
        moved = models.folder.rename(tmp_path / "elsewhere")
        after = load(moved / "ensemble/bundle/v1/bundle").predict(recordings / "0.wav")
        assert after.probabilities == before.probabilities

    def test_one_that_is_missing_is_named(self, models: Models) -> None:
        shutil.rmtree(models.folder / "cnn")
        with pytest.raises(BundleError, match=r"member cnn \(version v1\).*is missing"):
            load(models.ensemble)

    def test_one_that_was_changed_is_named(self, models: Models) -> None:
        member = models.folder / "random_forest/bundle/v1/bundle"
        (member / "training.json").write_text('{"changed": 1}')
        with pytest.raises(BundleError, match=r"member random_forest of the ensemble.*damaged"):
            load(models.ensemble)
        seal(member)
        with pytest.raises(BundleError, match=r"member random_forest of the ensemble.*was changed since"):
            load(models.ensemble)

    def test_another_champion_since_is_named(self, models: Models) -> None:
        ensemble = open_bundle(models.ensemble)
        embeddings: dict[str, pd.DataFrame | None] = dict.fromkeys(models.champions)
        table, _ = score_members(ensemble, models.champions, models.predictions, embeddings, models.manifest)
        assert list(table.columns) == ["recording_id", "split", *LABELS]
        assert len(table) == 60
        others = models.champions | {"cnn": models.champions["random_forest"]}
        with pytest.raises(BundleError, match="version v1 of cnn, which is not its champion any more"):
            score_members(ensemble, others, models.predictions, embeddings, models.manifest)
