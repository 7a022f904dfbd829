"""Whole libraries: what is said equals what is said of one file, once, and no file ends the run."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from ensemble_models import Models
from kept_rows import KeptRows
from tones import RATE, tone

from auricle.audio import isolation
from auricle.audio.decode import decode
from auricle.audio.limits import AudioLimits
from auricle.datasets.chunked_table import ChunkedTableDataset
from auricle.errors import BundleError, ConfigurationError
from auricle.inference.bulk.files import DTYPES, LARGE, predict_files
from auricle.inference.bulk.hearing import Item, hear_file
from auricle.inference.bulk.job import Job, plan, scorer_of
from auricle.inference.bulk.params import PredictParams
from auricle.inference.bulk.tables import csv_of, json_lines_of, playlists_of, results_of, stored, summary_of
from auricle.inference.classifier import AudioClassifier
from auricle.models.bundle import BundleRef, open_bundle, seal
from auricle.models.domain import FACTS
from auricle.training.domain import fit_domain


class Library(KeptRows):
    """A folder of files, a model, and the rows that were kept of earlier runs."""

    def __init__(self, folder: Path, bundle: BundleRef) -> None:
        self.folder, self.bundle = folder, bundle
        self.kept = Path(tempfile.mkdtemp(dir=folder.parent)) / "ledger"
        self.params: dict[str, Any] = {"workers": 1, "device": "cpu"}

    def job(self, **params: Any) -> Job:
        given = {"input": str(self.folder), "model": str(self.bundle.path)} | self.params | params
        return plan(PredictParams.model_validate(given), self.folder)

    def predict(self, **params: Any) -> list[pd.DataFrame]:
        """New chunks of rows, which are kept as the catalog keeps them."""
        job = self.job(**params)
        asked = PredictParams.model_validate(self.params | params)
        chunks = list(predict_files(job, self.ledger, asked))
        self.keep(chunks)
        return chunks

    def forget(self) -> None:
        shutil.rmtree(self.kept)

    def chunks(self, abstain_below: float | None = None, **params: Any) -> Iterator[pd.DataFrame]:
        opinions = params.get("opinions", False)
        return results_of(self.job(**params), self.ledger, abstain_below, opinions=opinions, rows_at_once=3)

    def results(self, abstain_below: float | None = None, **params: Any) -> pd.DataFrame:
        table = pd.concat(self.chunks(abstain_below, **params), ignore_index=True)
        return table.set_index(table["path"].map(lambda path: Path(path).name))


@pytest.fixture
def library(tmp_path: Path, recordings: Path, cnn_bundle: BundleRef) -> Library:
    shutil.copytree(recordings, tmp_path / "library")
    return Library(tmp_path / "library", cnn_bundle)


class TestWhatIsSaid:
    @pytest.mark.parametrize("kind", ["cnn_bundle", "forest_bundle", "note_bundle"])
    def test_is_what_the_loaded_model_says(
        self, tmp_path: Path, recordings: Path, kind: str, request: pytest.FixtureRequest
    ) -> None:
        library = Library(recordings, request.getfixturevalue(kind))
        library.predict()
        table = library.results()
        model = AudioClassifier(library.bundle, device="cpu")
        for path in sorted(recordings.iterdir()):
            said, row = model.predict(path), table.loc[path.name]
            assert row["label"] == said.label
            assert row["labels"] == [said.label]
            assert row["windows"] == len(said.windows)
            assert row["top_5"] == [label for label, _ in said.top(5)]
            for label, probability in said.probabilities.items():
                assert row[f"probability_{label}"] == pytest.approx(probability, abs=1e-4)

    def test_the_instrument_of_a_list_is_told(
        self, recordings: Path, note_bundle: BundleRef, tmp_path: Path
    ) -> None:
        (tmp_path / "notes.csv").write_text(f"path,instrument\n{recordings / '0.wav'},flute\n")
        library = Library(tmp_path / "notes.csv", note_bundle)
        library.predict()
        row = library.results().iloc[0]
        model = AudioClassifier(note_bundle, device="cpu")
        said = model.predict(recordings / "0.wav", instrument="flute")
        assert row["instrument"] == "flute"
        unknown = model.predict(recordings / "0.wav").probabilities
        label = max(model.labels, key=lambda name: abs(said.probabilities[name] - unknown[name]))
        moved = abs(said.probabilities[label] - unknown[label])
        assert moved > 1e-5
        assert abs(row[f"probability_{label}"] - said.probabilities[label]) < moved / 10

    def test_windows_may_be_others(self, library: Library) -> None:
        library.predict()
        before = library.results()["windows"]
        library.forget()
        windows = {"window_seconds": 0.5, "hop_seconds": 0.25}
        library.predict(windows=windows)
        assert (library.results(windows=windows)["windows"] > before).sum() >= 4

    def test_abstention_needs_no_new_prediction(self, note_bundle: BundleRef, recordings: Path) -> None:
        library = Library(recordings, note_bundle)
        library.predict()
        certain, wary = library.results(), library.results(abstain_below=1.0)
        assert wary["uncertain"].all()
        assert not certain["uncertain"].any()
        assert wary["label"].tolist() == certain["label"].tolist()
        assert not any(wary["labels"])
        assert set(playlists_of(wary)) == {"uncertain"}


class TestOutOfDomain:
    def test_of_a_bundle_without_a_score_says_so(self, library: Library) -> None:
        library.predict()
        table = library.results()
        assert table["out_of_domain"].isna().all()
        assert table["out_of_domain_reason"].str.contains("older Auricle").all()
        summary = summary_of(library.job(), table.reset_index(drop=True))
        assert summary["out_of_domain"]["usable"] is False

    def test_is_what_the_loaded_model_says(
        self, tmp_path: Path, recordings: Path, cnn_bundle: BundleRef
    ) -> None:
        path = tmp_path / "cnn"
        shutil.copytree(cnn_bundle.path, path)
        model = AudioClassifier(cnn_bundle, device="cpu")
        known = np.stack(model.embed(sorted(recordings.iterdir())))
        zero = {"zero": [np.zeros((1, 8), np.float32)] * 3}
        fitted = fit_domain(known, [1.3 * row[None] for row in known] * 2, zero)
        fitted.domain.save_pretrained(path)
        (path / "training.json").write_text(
            json.dumps({FACTS: fitted.facts | {"usable": True, "reason": None}})
        )
        library = Library(recordings, seal(path))
        library.predict()
        table, model = library.results(), AudioClassifier(library.bundle, device="cpu")
        for file in sorted(recordings.iterdir()):
            said, row = model.predict(file), table.loc[file.name]
            assert said.domain_distance is not None
            assert row["out_of_domain"] == said.out_of_domain
            assert row["domain_distance"] == pytest.approx(said.domain_distance, rel=1e-3)
            assert not row["out_of_domain_reason"]
        assert table["domain_distance"].nunique() == len(table)
        unusual = int((table["out_of_domain"] >= 0.95).sum())
        told = {"usable": True, "unusual": unusual, "from": 0.95}
        assert summary_of(library.job(), table.reset_index(drop=True))["out_of_domain"] == told


class TestEnsemble:
    @pytest.fixture
    def together(self, tmp_path: Path, recordings: Path, models: Models) -> Library:
        shutil.copytree(recordings, tmp_path / "together")
        return Library(tmp_path / "together", open_bundle(models.ensemble))

    def test_is_asked_as_the_loaded_model_is(self, together: Library) -> None:
        together.predict()
        table = together.results(opinions=True)
        model = AudioClassifier(together.bundle, device="cpu")
        for path in sorted(together.folder.iterdir()):
            said, row = model.predict(path), table.loc[path.name]
            assert (row["label"], row["windows"], row["backend"]) == (said.label, 1, model.backend)
            for label, probability in said.probabilities.items():
                assert row[f"probability_{label}"] == pytest.approx(probability, abs=1e-4)
            for name, opinion in said.opinions.items():
                assert row[f"opinion_{name}"] == opinion.label
                assert row[f"opinion_confidence_{name}"] == pytest.approx(opinion.confidence, abs=1e-4)
                assert row[f"opinion_reason_{name}"] == ""
            assert row["out_of_domain_reason"] == said.out_of_domain_reason
        assert not [name for name in together.results() if name.startswith("opinion")]

    def test_decodes_a_file_once_for_all_members(
        self, together: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        decoded = []
        monkeypatch.setattr(
            "auricle.inference.bulk.hearing.decode",
            lambda path, *others: (decoded.append(path), decode(path, *others))[1],
        )
        scorer = scorer_of(together.bundle, None, PredictParams(device="cpu"))
        sound = hear_file(
            Item(str(together.folder / "0.wav"), ""), scorer.extractor, AudioLimits(), frozenset()
        )
        assert len(decoded) == 1
        assert isinstance(sound.heard, tuple) and len(sound.heard) == 2
        assert sound.nbytes == sum(part.nbytes for part in sound.heard if isinstance(part, np.ndarray))

    def test_goes_on_and_survives_what_is_broken(self, together: Library) -> None:
        (together.folder / "text.wav").write_text("no audio")
        assert sum(map(len, together.predict(chunk_size=2))) == 7
        assert together.predict() == []
        row = together.results(opinions=True).loc["text.wav"]
        assert row["reason"] == row["opinion_reason_cnn"] == row["opinion_reason_random_forest"] != ""
        assert pd.isna(row["label"]) and pd.isna(row["opinion_cnn"])
        (together.folder / "0.wav").rename(together.folder / "renamed.wav")
        (rows,) = together.predict()
        assert rows["path"].tolist() == [str(together.folder / "renamed.wav")]
        assert together.results(opinions=True).loc["renamed.wav", "opinion_cnn"] in ("high", "low")

    @pytest.mark.parametrize(
        ("params", "said"),
        [
            ({"windows": {"window_seconds": 1.0}}, "each member of an ensemble has windows of its own"),
            ({"backend": "onnx"}, "is not there as ONNX"),
        ],
    )
    def test_refuses_what_members_have_by_themselves(
        self, together: Library, params: dict[str, Any], said: str
    ) -> None:
        with pytest.raises(ConfigurationError, match=said):
            together.job(**params)

    def test_a_missing_member_is_named_before_any_file_is_read(
        self, together: Library, models: Models, library: Library
    ) -> None:
        shutil.rmtree(models.folder / "cnn")
        with pytest.raises(BundleError, match="member cnn"):
            together.job()
        with pytest.raises(ConfigurationError, match="is no ensemble: it has no members"):
            library.job(opinions=True)


class TestNothingIsDoneTwice:
    def test_the_second_run_computes_nothing(self, library: Library) -> None:
        assert sum(map(len, library.predict())) == 6
        assert library.predict() == []

    def test_a_touched_file_is_known_by_its_content(
        self, library: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        library.predict()
        before = library.results()
        os.utime(library.folder / "0.wav", (1, 1))
        (chunk,) = library.predict()
        assert [Path(path).name for path in chunk["path"]] == ["0.wav"]
        assert library.predict() == []
        pd.testing.assert_frame_equal(library.results(), before)

    def test_a_moved_file_is_known_and_a_new_one_is_predicted(self, library: Library) -> None:
        library.predict()
        (library.folder / "0.wav").rename(library.folder / "moved.wav")
        sf.write(library.folder / "new.wav", tone(1.0, 500, seed=9), RATE)
        before = set(library.ledger.table["recording_id"])
        (chunk,) = library.predict()
        assert {Path(path).name for path in chunk["path"]} == {"moved.wav", "new.wav"}
        assert len(set(chunk["recording_id"]) - before) == 1
        assert "0.wav" not in library.results().index

    def test_other_content_is_predicted_anew(self, library: Library) -> None:
        library.predict()
        before = library.results().loc["0.wav"]
        sf.write(library.folder / "0.wav", tone(2.0, 1500, seed=9), RATE)
        library.predict()
        after = library.results().loc["0.wav"]
        assert after["recording_id"] != before["recording_id"]
        assert after["probability_high"] != before["probability_high"]

    def test_other_windows_limits_and_models_are_other_results(
        self, library: Library, forest_bundle: BundleRef
    ) -> None:
        of_forest = Library(library.folder, forest_bundle).job()
        jobs = [
            library.job(),
            library.job(windows={"hop_seconds": 0.2}),
            library.job(decoding={"max_duration_s": 2.0}),
            of_forest,
        ]
        assert len({job.ledger for job in jobs}) == 4
        assert library.job(abstain_below=None, workers=2, chunk_size=3).ledger == library.job().ledger

    def test_a_killed_run_goes_on_where_it_stopped(self, library: Library) -> None:
        job = library.job()
        begun = predict_files(job, library.ledger, PredictParams(workers=1, chunk_size=2, device="cpu"))
        library.keep([next(begun)])
        begun.close()
        rest = library.predict()
        assert sum(map(len, rest)) == 4
        assert len(library.results()) == 6


class TestFilesThatCannotBeUsed:
    @pytest.fixture
    def damaged(self, library: Library) -> Library:
        (library.folder / "empty.mp3").write_bytes(b"")
        (library.folder / "text.wav").write_bytes(b"no audio at all")
        whole = (library.folder / "1.flac").read_bytes()
        (library.folder / "cut.flac").write_bytes(whole[: len(whole) // 2])
        return library

    def test_are_rows_with_their_reasons(self, damaged: Library) -> None:
        damaged.predict()
        table = damaged.results()
        assert len(table) == 9
        failed = table[table["reason"] != ""]
        assert set(failed.index) == {"empty.mp3", "text.wav", "cut.flac"}
        assert "empty file" in failed.loc["empty.mp3", "reason"]
        assert failed["label"].isna().all()
        assert failed["probability_high"].isna().all()
        assert damaged.predict() == []

    def test_that_vanish_or_may_not_be_read_are_tried_again(self, library: Library, tmp_path: Path) -> None:
        names = [str(library.folder / "0.wav"), str(library.folder / "later.wav")]
        (tmp_path / "list.txt").write_text("\n".join(names))
        listed = Library(tmp_path / "list.txt", library.bundle)
        listed.predict()
        assert "cannot be opened" in listed.results().loc["later.wav", "reason"]
        (chunk,) = listed.predict()
        assert len(chunk) == 1
        sf.write(names[1], tone(1.0, 500, seed=9), RATE)
        listed.predict()
        assert listed.results()["reason"].eq("").all()

    def test_between_listing_and_reading_end_nothing(self, library: Library) -> None:
        job = library.job()
        (library.folder / "2.wav").unlink()
        (chunk,) = predict_files(job, library.ledger, PredictParams(workers=1, device="cpu"))
        failed = chunk[chunk["reason"] != ""]
        assert [Path(path).name for path in failed["path"]] == ["2.wav"]
        assert failed["retry"].all()

    def test_that_kill_their_process_are_rows_too(
        self, library: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        killed = isolation.IsolationError("the child process that read it was killed by SIGSEGV")
        original = isolation.map_isolated

        def with_a_kill(*args: Any, **kwargs: Any) -> Any:
            for item, result in original(*args, **kwargs):
                yield item, killed if item.path.endswith("3.wav") else result

        monkeypatch.setattr("auricle.inference.bulk.files.map_isolated", with_a_kill)
        library.predict()
        assert "SIGSEGV" in library.results().loc["3.wav", "reason"]
        monkeypatch.undo()
        (chunk,) = library.predict()
        assert len(chunk) == 1
        assert library.results()["reason"].eq("").all()


class TestForms:
    @pytest.fixture
    def done(self, library: Library) -> Library:
        (library.folder / "empty.mp3").write_bytes(b"")
        library.predict()
        return library

    def test_probabilities_are_columns_of_float32(self, done: Library) -> None:
        table = done.results()
        columns = ["probability_high", "probability_low"]
        assert (table[columns].dtypes == np.float32).all()
        np.testing.assert_allclose(table[columns].dropna().sum(axis=1), 1, atol=1e-5)

    def test_csv_has_no_lists(self, done: Library) -> None:
        table = pd.read_csv(StringIO("".join(csv_of(done.chunks()))))
        expected = done.results()
        assert table["path"].tolist() == expected["path"].tolist()  # and one header, of three chunks
        assert table["top_5"][0].split("; ") == expected.loc["0.wav", "top_5"]

    def test_json_has_null_for_what_is_missing(self, done: Library) -> None:
        lines = map(json.loads, json_lines_of(done.chunks()))
        records = {Path(record["path"]).name: record for record in lines}
        assert records["empty.mp3"]["label"] is None
        assert records["empty.mp3"]["probabilities"] == {}
        assert sum(records["0.wav"]["probabilities"].values()) == pytest.approx(1, abs=1e-5)
        assert next(iter(records["0.wav"]["top_5"])) == records["0.wav"]["label"]

    def test_parquet_has_one_schema_whatever_a_chunk_lacks(self, done: Library, tmp_path: Path) -> None:
        """The chunk of the broken file alone has no label, no confidence and no list with an entry."""
        parts = list(results_of(done.job(), done.ledger, None, rows_at_once=1))
        dataset = ChunkedTableDataset(filepath=str(tmp_path / "predictions.parquet"))
        dataset.save(stored(done.job(), parts))
        read = pd.read_parquet(tmp_path / "predictions.parquet")
        whole = pd.concat(parts, ignore_index=True)
        assert list(read.columns) == list(whole.columns)
        for name in ("path", "confidence", "duration_s", "probability_high", "reason"):
            pd.testing.assert_series_equal(read[name], whole[name], check_dtype=False)
        assert read["label"].isna().sum() == 1
        assert [list(labels) for labels in read["labels"]] == whole["labels"].tolist()
        assert [len(chunk) for chunk in dataset.load().chunks()] == [1] * 7
        assert list(map(json.loads, json_lines_of(dataset.load().chunks()))) == list(
            map(json.loads, json_lines_of(parts))
        )

    def test_every_usable_file_is_in_the_playlist_of_its_label(self, done: Library) -> None:
        lists = playlists_of(done.results())
        listed = {Path(path).name: label for label, tracks in lists.items() for path, _ in tracks}
        usable = done.results().query("reason == ''")
        assert listed == usable["label"].to_dict()

    def test_the_summary_counts(self, done: Library) -> None:
        summary = summary_of(done.job(), done.results())
        assert (summary["files"], summary["predicted"], summary["failed"]) == (7, 6, 1)
        assert sum(summary["labels"].values()) == 6

    def test_the_ledger_has_the_columns_it_says(self, done: Library) -> None:
        everything = done.ledger.whole(range(7))
        assert set(everything.columns) == set(DTYPES)
        assert set(done.ledger.table.columns) == set(DTYPES) - set(LARGE)


class TestRefusals:
    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"input": None}, "predict.input is not set"),
            ({"model": None}, "predict.model is not set.*kedro run --pipelines=predict"),
            ({"model": "genre.resnet"}, "is not trained.*kedro run --pipelines=train_resnet"),
            ({"windows": {"hop_seconds": 50}}, "hop_seconds is 50.*never be heard"),
            ({"abstain_below": 0.5}, "keeps no temperature"),
            ({"backend": "onnx"}, "is not there as ONNX.*--pipelines=export"),
            ({"backend": "onnx", "device": "cuda"}, "device: cuda was asked for|predict.backend is onnx"),
        ],
    )
    def test_come_before_any_file_is_read(
        self, library: Library, params: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(ConfigurationError, match=message):
            library.job(**params)

    def test_of_windows_of_a_forest(self, recordings: Path, forest_bundle: BundleRef) -> None:
        with pytest.raises(ConfigurationError, match="a forest hears recordings as a whole"):
            Library(recordings, forest_bundle).job(windows={"hop_seconds": 1.0})

    def test_of_a_damaged_bundle(self, library: Library, tmp_path: Path) -> None:
        shutil.copytree(library.bundle.path, tmp_path / "damaged")
        with (tmp_path / "damaged/model.safetensors").open("ab") as stream:
            stream.write(b"x")
        with pytest.raises(BundleError, match="is damaged"):
            library.job(model=str(tmp_path / "damaged"))

    @pytest.mark.parametrize("name", ["../elsewhere", "/absolute", "", "a//b", ".hidden"])
    def test_of_a_name_that_leads_elsewhere(self, name: str) -> None:
        with pytest.raises(ValueError, match="cannot be the name of a folder"):
            PredictParams(name=name)


class TestOnnx:
    @pytest.fixture
    def exported(self, tmp_path: Path, cnn_bundle: BundleRef) -> Callable[..., BundleRef]:
        """A copy of the bundle as training lays it out, with its file as the pipeline `export` writes it."""
        from auricle.inference.onnx_network import onnx_file
        from auricle.models.bundle import open_bundle
        from auricle.models.onnx_check import checked
        from auricle.models.onnx_export import export_onnx, onnx_of
        from auricle.models.registry import load_deep

        def make(*, compared: bool = True) -> BundleRef:
            path = tmp_path / "06_models/genre/cnn/bundle/v1/bundle"
            shutil.copytree(cnn_bundle.path, path)
            bundle = open_bundle(path)
            file = onnx_file(bundle)
            assert file == tmp_path / "06_models/genre/cnn/onnx/v1/model.onnx"
            file.parent.mkdir(parents=True)
            if compared:
                file.write_bytes(checked(onnx_of(bundle), load_deep(bundle)))
            else:
                export_onnx(bundle, file)
            return bundle

        return make

    def test_is_taken_where_it_is_there_and_says_the_same(
        self, recordings: Path, exported: Callable[..., BundleRef]
    ) -> None:
        pytest.importorskip("onnxruntime")
        library = Library(recordings, exported())
        library.predict()
        by_onnx = library.results()
        assert set(by_onnx["backend"]) == {"onnx"}
        assert set(by_onnx["model"]) == {"genre.cnn"}
        library.forget()
        library.predict(backend="torch")
        by_torch = library.results()
        assert set(by_torch["backend"]) == {"torch"}
        np.testing.assert_allclose(by_onnx["probability_high"], by_torch["probability_high"], atol=1e-4)

    def test_is_left_where_nobody_compared_it(
        self, recordings: Path, exported: Callable[..., BundleRef]
    ) -> None:
        pytest.importorskip("onnxruntime")
        library = Library(recordings, exported(compared=False))
        library.predict()
        assert set(library.results()["backend"]) == {"torch"}
        with pytest.raises(ConfigurationError, match="was not compared with its model"):
            library.job(backend="onnx")
