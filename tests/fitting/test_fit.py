"""`auricle.fit` trains on lists to the rules of the pipelines, goes on after a kill, and refuses plainly."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tone_lists import Lists

import auricle
from auricle.errors import ConfigurationError, CorpusError
from auricle.inference.classifier import AudioClassifier
from auricle.training import resume

SAFE = {".json", ".safetensors", ".skops", ".md", ".parquet"}


def never(*arguments: object, **named: object) -> None:
    raise AssertionError("this was done already")


class TestModel:
    def test_has_its_figures_with_intervals_and_baseline(self, cnn: AudioClassifier) -> None:
        assert cnn.figures is not None and cnn.metrics is not None
        for split in ("test", "validation"):
            row = cnn.figures.loc[(split, "accuracy")]
            assert 0 <= row["low"] <= row["value"] <= row["high"] <= 1
            assert 0.4 <= row["baseline"] <= 0.6
        assert cnn.metrics["recordings"] == cnn.metrics["validation"]["recordings"] == 5
        assert cnn.metrics["validation"]["split"] == "validation"

    def test_is_a_bundle_that_stands_alone(self, cnn: AudioClassifier, lists: Lists, tmp_path: Path) -> None:
        copy = shutil.copytree(cnn.bundle.path, tmp_path / "copy")
        again = auricle.load(copy, device="cpu")
        assert again.predict(lists.files[0]).probabilities == cnn.predict(lists.files[0]).probabilities
        assert again.metrics == cnn.metrics
        names = {file.name: file for file in copy.rglob("*")}
        assert {file.suffix for file in names.values()} <= SAFE
        for file in names.values():
            assert str(lists.files[0].parents[1]).encode() not in file.read_bytes()
        assert "accuracy" in names["README.md"].read_text()

    def test_splits_are_listed_and_shared(self, cnn: AudioClassifier, cache: Path, lists: Lists) -> None:
        found = {
            name: pd.read_csv(cache / f"split_lists/{name}.csv") for name in ("train", "validation", "test")
        }
        assert sum(map(len, found.values())) == len(lists.files)
        assert set(found["test"]["label"]) == {"low", "high"}

    def test_no_group_is_torn(self, lists: Lists, described: Path, tmp_path: Path) -> None:
        model = lists.fit(tmp_path / "forest", model="random_forest", groups=lists.players, cache=described)
        places = {
            path: file.stem
            for file in (described / "split_lists").glob("*.csv")
            for path in pd.read_csv(file)["path"]
        }
        of_player: dict[str, set[str]] = {}
        for file, player in zip(lists.files, lists.players, strict=True):
            of_player.setdefault(player, set()).add(places[f"{file.parent.name}/{file.name}"])
        assert all(len(splits) == 1 for splits in of_player.values())
        assert model.predict(lists.files[1]).label == "high"

    def test_of_several_labels_by_folds(self, lists: Lists, described: Path, tmp_path: Path) -> None:
        labels = [[label] + ["tone"] * (number % 3 > 0) for number, label in enumerate(lists.labels)]
        model = lists.fit(
            tmp_path / "forest",
            model="random_forest",
            labels=labels,
            cache=described,
            protocol="grouped_k_fold",
            folds=3,
        )
        assert model.labels == ("high", "low", "tone")
        assert model.metrics is not None and model.figures is not None
        assert (model.metrics["split"], model.metrics["validation"]) == ("out_of_fold", None)
        assert model.metrics["recordings"] == len(lists.files)
        assert model.figures.loc[("out_of_fold", "mean_average_precision"), "value"] > 0.5


class TestAgain:
    def test_the_same_call_loads_what_is_finished(
        self, cnn: AudioClassifier, lists: Lists, cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for step in ("fit_deep", "install_draft"):
            monkeypatch.setattr(f"auricle.fitting.fit.{step}", never)
        monkeypatch.setattr("auricle.fitting.judge.evaluate_model", never)
        assert lists.fit(cnn.bundle.path, cache=cache).bundle.digest == cnn.bundle.digest

    def test_figures_are_made_anew_where_others_are_asked(
        self, cnn: AudioClassifier, lists: Lists, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("auricle.fitting.fit.fit_deep", never)
        copy = shutil.copytree(cnn.bundle.path, tmp_path / "copy")
        wanted = {"bootstrap_samples": 100, "permutations": 99, "confidence": 0.9}
        model = lists.fit(copy, cache=cache, evaluation=wanted)
        assert model.metrics is not None and model.metrics["confidence"] == 0.9

    @pytest.mark.parametrize(
        ("told", "said"),
        [
            ({"epochs": 4}, "other parameters"),
            ({"front_end": {"sample_rate": 8000, "n_mels": 16}}, "another front end"),
        ],
    )
    def test_other_arguments_never_overwrite(
        self, cnn: AudioClassifier, lists: Lists, cache: Path, told: dict[str, Any], said: str
    ) -> None:
        with pytest.raises(ConfigurationError, match=f"trained with {said}.*never overwritten"):
            lists.fit(cnn.bundle.path, cache=cache, **told)

    def test_goes_on_after_a_kill(
        self, cnn: AudioClassifier, lists: Lists, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        marked = resume.mark_complete

        def kill(checkpoint: Path) -> None:
            marked(checkpoint)
            raise KeyboardInterrupt

        monkeypatch.setattr(resume, "mark_complete", kill)
        with pytest.raises(KeyboardInterrupt):
            lists.fit(tmp_path / "tones", cache=cache)
        assert not (tmp_path / "tones").exists()
        steps: list[str] = []
        monkeypatch.setattr(
            resume, "mark_complete", lambda folder: (steps.append(folder.name), marked(folder))
        )
        model = lists.fit(tmp_path / "tones", cache=cache)
        assert len(steps) == 2  # of three epochs: the first was done
        weights = [ref.path / "model.safetensors" for ref in (model.bundle, cnn.bundle)]
        assert weights[0].read_bytes() == weights[1].read_bytes()


class TestRefusals:
    @pytest.mark.parametrize(
        ("told", "said"),
        [
            ({"labels": ["low"]}, "There are 24 files and 1 labels"),
            ({"groups": ["a"] * 3}, "There are 24 files and 3 groups"),
            ({"labels": "low"}, "labels is 'low': give a list"),
            ({"files": "song.mp3"}, "files is 'song.mp3': give a list of paths"),
            ({"files": [3] * 24}, "files has 3, which is no path"),
            ({"model": "ensemble"}, "which cannot be trained on lists"),
        ],
    )
    def test_lists_that_are_none(self, lists: Lists, tmp_path: Path, told: dict[str, Any], said: str) -> None:
        with pytest.raises(ConfigurationError, match=said):
            lists.fit(tmp_path / "out", **told)

    def test_a_cache_within_the_model(self, lists: Lists, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match="which lies in out"):
            lists.fit(tmp_path / "out", cache=tmp_path / "out/cache")
        assert not (tmp_path / "out").exists()

    def test_files_that_are_not_there_or_twice(self, lists: Lists, tmp_path: Path) -> None:
        files = [*lists.files[:-2], tmp_path / "gone.wav", tmp_path / "lost.wav"]
        with pytest.raises(CorpusError, match=r"2 of 24 files do not exist, the first is .*gone\.wav"):
            lists.fit(tmp_path / "out", files=files)
        twice = [*lists.files[:-1], str(lists.files[0])]
        with pytest.raises(CorpusError, match="1 files are listed more than once"):
            lists.fit(tmp_path / "out", files=twice)
        with pytest.raises(CorpusError, match="files is empty"):
            lists.fit(tmp_path / "out", files=[], labels=[])

    @pytest.mark.parametrize("wrong", [None, 3, "", ["low"], np.nan])
    def test_labels_that_are_none(self, lists: Lists, tmp_path: Path, wrong: object) -> None:
        with pytest.raises(CorpusError, match=r"7\.wav has the label .*not a name as the others"):
            lists.fit(tmp_path / "out", labels=[*lists.labels[:7], wrong, *lists.labels[8:]])
        several = [[label] for label in lists.labels]
        with pytest.raises(CorpusError, match=r"7\.wav has the label \[\], which is not a list of names"):
            lists.fit(tmp_path / "out", labels=[*several[:7], [], *several[8:]])

    def test_a_label_with_too_few_examples(self, lists: Lists, tmp_path: Path) -> None:
        rare = ["rare", "rare", *lists.labels[2:]]
        with pytest.raises(CorpusError, match=r"Too few examples of 'rare' \(2 recordings, 2 groups\)"):
            lists.fit(tmp_path / "out", labels=rare)
        rare = ["rare"] * 3 + lists.labels[3:]
        with pytest.raises(CorpusError, match=r"'rare' \(3 recordings, 1 groups\) among the listed files"):
            lists.fit(tmp_path / "out", labels=rare, groups=lists.players)
        assert not (tmp_path / "out.cache").exists()

    def test_too_few_once_what_is_broken_is_left_out(self, lists: Lists, tmp_path: Path) -> None:
        broken = tmp_path / "broken.wav"
        broken.write_bytes(b"RIFF....")
        rare = ["rare"] * 3 + lists.labels[3:]
        with pytest.raises(CorpusError, match=r"'rare' \(2 recordings, .* among the files that can be used"):
            lists.fit(tmp_path / "out", files=[broken, *lists.files[1:]], labels=rare)

    def test_folders_of_somebody_else(self, lists: Lists, tmp_path: Path) -> None:
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine/thesis.txt").write_text("…")
        with pytest.raises(ConfigurationError, match="which holds something else than a model"):
            lists.fit(tmp_path / "mine")
        with pytest.raises(ConfigurationError, match="which is a file"):
            lists.fit(tmp_path / "mine/thesis.txt")
        with pytest.raises(ConfigurationError, match=r"cache is .*which holds something else"):
            lists.fit(tmp_path / "out", cache=tmp_path / "mine")
        assert [file.name for file in (tmp_path / "mine").iterdir()] == ["thesis.txt"]

    def test_without_what_training_needs(
        self, lists: Lists, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(__import__("sys").modules, "accelerate", None)
        with pytest.raises(ConfigurationError, match=r"auricle\.fit needs accelerate.*pipelines"):
            lists.fit(tmp_path / "out")


def test_metrics_of_a_damaged_or_missing_file(cnn: AudioClassifier, tmp_path: Path) -> None:
    copy = shutil.copytree(cnn.bundle.path, tmp_path / "copy")
    (copy / "metrics.json").unlink()
    assert auricle.load(copy, device="cpu").figures is None
    assert (
        json.loads((cnn.bundle.path / "metrics.json").read_text())["asked"]["labels"]["min_recordings"] == 1
    )
