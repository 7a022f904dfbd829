"""`kedro run` on a small rendering: what it makes, what it does not do twice, and what it refuses."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

import auricle
from auricle.cli import cli
from auricle.errors import ConfigurationError
from auricle.models.bundle import open_bundle
from auricle.models.champion import read_champion, write_champion

MODELS = ["random_forest", "cnn", "hybrid", "resnet", "cnn_lstm"]
Run = Callable[..., dict[str, Any]]


def catalog_of(project: Path, env: str = "ci") -> Any:
    bootstrap_project(project)
    with KedroSession.create(project, env=env) as session:
        return session.load_context().catalog


def report_of(project: Path) -> str:
    return (project / "data/ci/08_reporting/genre/report.html").read_text(encoding="utf-8")


class TestWholeRun:
    def test_every_output_is_there(self, trained: Path) -> None:
        catalog = catalog_of(trained)
        for model in MODELS:
            for output in ("champion", "predictions", "embeddings", "metrics", "card"):
                assert catalog.exists(f"genre.{model}.{output}"), f"{model}: {output}"

    def test_nothing_is_tracked_that_nobody_asked_for(self, trained: Path) -> None:
        assert not (trained / "data/ci/08_reporting/genre/tracking").exists()

    def test_broken_files_are_quarantined_with_a_reason(self, trained: Path) -> None:
        manifest = catalog_of(trained).load("genre.manifest")
        quarantined = manifest[manifest["status"] == "quarantined"]
        assert len(quarantined) >= 5
        assert quarantined["reason"].str.len().gt(3).all()
        assert (manifest["status"] == "ok").sum() == 48

    def test_no_artist_is_in_two_splits(self, trained: Path) -> None:
        manifest = catalog_of(trained).load("genre.manifest")
        usable = manifest[manifest["status"] == "ok"]
        assert usable.groupby("meta_artist")["split"].nunique().eq(1).all()
        assert set(usable["split"]) == {"train", "validation", "test"}

    @pytest.mark.parametrize("model", MODELS)
    def test_predictions_keep_the_contract(self, trained: Path, model: str) -> None:
        catalog = catalog_of(trained)
        predictions, manifest = catalog.load(f"genre.{model}.predictions"), catalog.load("genre.manifest")
        classes = list(predictions.columns[2:])
        assert list(predictions.columns[:2]) == ["recording_id", "split"]
        assert classes == sorted(manifest["label"].dropna().unique())
        assert (predictions[classes].dtypes == np.float32).all()
        np.testing.assert_allclose(predictions[classes].sum(axis=1), 1, atol=1e-3)
        assert set(predictions["recording_id"]) == set(
            manifest.loc[manifest["status"] == "ok", "recording_id"]
        )

    @pytest.mark.parametrize("model", MODELS)
    def test_predictions_lie_in_the_folder_of_the_champion(self, trained: Path, model: str) -> None:
        pointer = json.loads((trained / f"data/ci/06_models/genre/{model}/champion.json").read_text())
        outputs = trained / f"data/ci/07_model_output/genre/{model}"
        assert (outputs / pointer["version"] / "predictions.parquet").exists()

    def test_a_finished_training_leaves_no_work_directory(self, trained: Path) -> None:
        for model in MODELS:
            work = trained / f"data/ci/06_models/genre/{model}/work"
            assert not work.exists() or not any(work.iterdir())

    def test_figures_stand_beside_interval_and_majority(self, trained: Path) -> None:
        for figures in catalog_of(trained).load("genre.comparison")["models"].values():
            assert {"value", "low", "high", "majority"} <= set(figures["accuracy"])

    def test_report_says_that_the_corpus_is_synthesized(self, trained: Path) -> None:
        assert "synthesized" in report_of(trained)

    def test_card_says_how_to_load_the_model(self, trained: Path) -> None:
        assert 'auricle.load("genre.cnn")' in catalog_of(trained).load("genre.cnn.card")

    @pytest.mark.parametrize("model", MODELS)
    def test_auricle_predicts_what_the_pipeline_predicted(self, trained: Path, model: str) -> None:
        catalog = catalog_of(trained)
        predictions = catalog.load(f"genre.{model}.predictions").set_index("recording_id")
        manifest = catalog.load("genre.manifest")
        row = manifest[manifest["status"] == "ok"].iloc[0]
        loaded = auricle.load(f"genre.{model}", run_root=trained / "data/ci")
        said = loaded.predict(trained / "data/ci/01_raw/demo_genre" / row["path"])
        expected = predictions.loc[row["recording_id"]].drop("split").astype(float)
        # The store keeps float16, which is a hundredth of a decibel.
        for label, probability in said.probabilities.items():
            assert probability == pytest.approx(expected[label], abs=0.02)


class TestExplanations:
    @pytest.mark.long
    def test_are_a_page_for_each_network_and_no_node_fails_where_one_is_missing(
        self, trained: Path, project: Path, run: Run
    ) -> None:
        run(trained, ["explain"])
        for model in MODELS[1:]:
            pages = list((trained / f"data/ci/08_reporting/genre/{model}").glob("*/explanations.html"))
            assert len(pages) == 1
            assert "<audio " in pages[0].read_text(encoding="utf-8")
        self.check_taggrams_and_maps(trained)
        run(project, ["explain"])

    def check_taggrams_and_maps(self, trained: Path) -> None:
        catalog = catalog_of(trained)
        manifest = catalog.load("genre.manifest")
        judged = set(manifest.loc[manifest["split"] == "test", "recording_id"])
        for model in MODELS:
            projection = catalog.load(f"genre.{model}.projection")
            assert {point["recording_id"] for point in projection["points"]} == judged
            assert "<audio " in catalog.load(f"genre.{model}.embedding_map")
        for model in MODELS[1:]:
            table = catalog.load(f"genre.{model}.taggram")
            labels = catalog.load(f"genre.{model}.champion").vocabulary
            assert list(table.columns) == ["recording_id", "start_s", "end_s", *labels]
            assert set(table["recording_id"]) <= judged
            np.testing.assert_allclose(table[list(labels)].sum(axis=1), 1, atol=1e-3)
            assert catalog.load(f"genre.{model}.taggrams").count("<audio ") == 8

    def test_that_contradict_themselves_or_a_model_are_refused_before_any_node(
        self, trained: Path, project: Path, run: Run
    ) -> None:
        with pytest.raises(Exception, match=r"hop_seconds is 50, longer than the windows.*never be heard"):
            run(trained, ["explain"], params={"genre.explanation.taggram.hop_seconds": 50})
        with pytest.raises(Exception, match="min_cluster_size has no effect"):
            run(project, ["explain"], params={"genre.explanation.embedding_map.min_cluster_size": 3})
        assert not (project / "data/ci/02_intermediate").exists()


class TestSweep:
    def test_is_a_table_of_trials_and_moves_no_champion(self, ready: Path, run: Run) -> None:
        run(ready, ["sweep"])
        catalog = catalog_of(ready)
        trials, best = catalog.load("genre.trials"), catalog.load("genre.best_trial")
        assert len(trials) == best["trials"] == 3
        assert best["value"] == pytest.approx(trials["value"].min())
        assert set(best["parameters"]["genre"]["cnn"]) == {"train", "model"}
        assert not catalog.exists("genre.cnn.champion")

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            (
                {"genre.sweep.model": "random_forest"},
                "no network on spectrograms. There are: cnn, hybrid, resnet, cnn_lstm",
            ),
            ({"genre.cnn.model.kind": "resnet"}, "head|channels"),
        ],
    )
    def test_is_refused_before_any_node(
        self, project: Path, run: Run, params: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(Exception, match=rf"(?s){message}"):
            run(project, ["sweep"], params=params)
        assert not (project / "data/ci/02_intermediate").exists()


class TestExperiments:
    def test_are_all_trainings_side_by_side(self, trained: Path, run: Run) -> None:
        run(trained, ["experiments"])
        catalog = catalog_of(trained)
        found = catalog.load("genre.experiments")
        assert {entry["model"] for entry in found["experiments"]} == set(MODELS)
        metrics = catalog.load("genre.cnn.metrics")["figures"]["macro_f1"]["value"]
        (cnn,) = (entry for entry in found["experiments"] if entry["model"] == "cnn")
        assert cnn["figures"]["macro_f1"]["value"] == pytest.approx(metrics)
        assert "<svg" in catalog.load("genre.experiments_page")
        link = 'href="experiments/experiments.html"'
        assert link not in report_of(trained)
        run(trained, ["evaluate"], node_names=["genre.evaluation.report"])
        assert link in report_of(trained)
        assert (trained / "data/ci/08_reporting/genre/experiments/experiments.html").is_file()

    @pytest.mark.long
    def test_of_an_ablation_are_judged_and_shown(self, ready: Path, run: Run) -> None:
        variants = {"no channel attention": None, "SpecAugment": None, "gain, SpecAugment and mixup": None}
        changed = {f"genre.ablation.variants.{name}": value for name, value in variants.items()}
        run(ready, ["ablation"], params={"genre.ablation.model": "cnn", "genre.ablation.seeds": 1} | changed)
        catalog = catalog_of(ready)
        found = catalog.load("genre.ablation")
        assert [entry["name"] for entry in found["experiments"]] == ["baseline", "mixup"]
        assert found["recordings"] == catalog.load("genre.ablation_predictions")["recording_id"].nunique()
        assert "mixup" in catalog.load("genre.ablation_page")
        assert not catalog.exists("genre.cnn.champion")


class TestSecondRun:
    def test_decodes_and_computes_nothing_again(
        self, ready: Path, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = catalog_of(ready).load("genre.manifest")

        def refuse(*arguments: Any, **options: Any) -> None:
            items = arguments[1]
            assert not items, f"{len(items)} files are decoded again"

        for module in ("auricle.audio.extraction", "auricle.corpora.inspection"):
            original = __import__(module, fromlist=["map_isolated"]).map_isolated

            def checked(*arguments: Any, original: Any = original, **options: Any) -> Any:
                refuse(*arguments)
                return original(*arguments, **options)

            monkeypatch.setattr(f"{module}.map_isolated", checked)
        run(ready, ["cache_spectrograms", "extract_features"])
        pd.testing.assert_frame_equal(catalog_of(ready).load("genre.manifest"), before)

    @pytest.mark.long  # of ledgers: tests/corpora/test_split_properties.py
    def test_a_growing_corpus_moves_no_recording(self, ready: Path, run: Run) -> None:
        before = catalog_of(ready).load("genre.manifest").set_index("path")["split"]
        run(ready, ["ingest"], params={"genre.demo.clips_per_genre": 12, "genre.demo.artists_per_genre": 12})
        after = catalog_of(ready).load("genre.manifest").set_index("path")["split"]
        assert len(after) > len(before)
        kept = after.reindex(before.index).dropna()
        assert len(kept) >= 40
        pd.testing.assert_series_equal(kept, before.loc[kept.index])


class TestComparison:
    def test_names_what_is_missing_and_how_to_train_it(self, ready: Path, run: Run) -> None:
        run(ready, ["train_rf"])
        comparison = catalog_of(ready).load("genre.comparison")
        assert list(comparison["models"]) == ["random_forest"]
        assert comparison["missing"][0]["command"] == "kedro run --pipelines=train_cnn"
        assert "train_cnn" in report_of(ready)

    def test_evaluate_reads_what_exists(self, trained: Path, run: Run) -> None:
        report = trained / "data/ci/08_reporting/genre/report.html"
        report.unlink()
        run(trained, ["evaluate"])
        assert "random_forest" in report_of(trained) or "Random Forest" in report_of(trained)

    def test_evaluate_before_any_training_is_a_page_too(self, ready: Path, run: Run) -> None:
        run(ready, ["evaluate"])
        assert "train_rf" in report_of(ready)


class TestChampionCommands:
    """`kedro champion`, `rollback`, `promote` and `prune`, on copies of a forest that was trained."""

    MODEL = "genre.random_forest"

    @pytest.fixture
    def models(self, trained: Path, project: Path) -> Path:
        """Two versions of the forest, of which the second is the champion."""
        folder = project / "data/ci/06_models/genre/random_forest"
        (first,) = (trained / "data/ci/06_models/genre/random_forest/bundle").iterdir()
        for version in ("v1", "v2"):
            shutil.copytree(first, folder / "bundle" / version)
            ref = open_bundle(folder / "bundle" / version / "bundle")
            write_champion(folder / "champion.json", ref, "training")
        metrics = next((trained / "data/ci/08_reporting/genre/random_forest").glob("*/metrics.json"))
        shutil.copytree(metrics.parent, project / "data/ci/08_reporting/genre/random_forest/v1")
        return folder

    def command(self, project: Path, *arguments: str) -> str:
        metadata = bootstrap_project(project)
        done = CliRunner().invoke(cli, [*arguments, "--env=ci"], obj=metadata)
        return done.output if done.exit_code == 0 else f"refused: {done.output}"

    def test_show_go_back_and_promote(self, project: Path, models: Path) -> None:
        told = self.command(project, "champion", self.MODEL)
        assert f"{self.MODEL}: v2" in told
        assert "a rollback leads to v1" in told
        assert re.search(r"v1  by training  balanced accuracy 0\.\d+ on test  data \w{12}", told)
        self.command(project, "rollback", self.MODEL, "--by=anna", "--reason=it hums")
        assert read_champion(models / "champion.json").version == "v1"
        told = self.command(project, "champion")
        assert "by rollback (anna)" in told
        assert "because: it hums" in told
        assert "there is none to roll back to" in told
        assert "knows of no champion before v1" in self.command(project, "rollback", self.MODEL)
        self.command(project, "promote", self.MODEL, "v2")
        assert read_champion(models / "champion.json").version == "v2"
        assert "removed nothing" in self.command(project, "prune", self.MODEL, "--keep=1")

    def test_name_what_there_is(self, project: Path, models: Path) -> None:
        assert "There are: v1, v2" in self.command(project, "promote", self.MODEL, "v3")
        assert "There are: genre.random_forest" in self.command(project, "champion", "genre.forest")
        assert "was not trained here yet" in self.command(project, "champion", "genre.cnn")


class TestRefusals:
    """Contradictions are refused before any node runs."""

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"genre.cnn.train.epocs": 3}, "epocs"),
            ({"genre.ingest.layout": "nonsense"}, "nonsense.*audiofolder"),
            ({"genre.cnn.train.device": "tpu"}, "device"),
            ({"genre.front_end.fmax": 20_000.0}, "fmax"),
            ({"genre.ingest.validation_share": 0.6, "genre.ingest.test_share": 0.6}, "nothing to train on"),
            ({"genre.cnn.windows.hop_seconds": 9.0}, "hop_seconds"),
            ({"genre.cnn.epochs": 3}, r"Unknown parameter 'genre.cnn.epochs'.*genre\.cnn"),
            ({"genre.ingset.folds": 3}, r"Unknown parameter 'genre.ingset'.*genre\.ingest"),
            ({"gnere.cnn.train.epochs": 3}, r"Unknown parameter 'gnere'.*genre"),
            ({"genre.cnn.model.head": "flatten", "genre.cnn.train.crop_seconds": 1.0}, "exactly .* frames"),
            ({"genre.front_end.n_mels": 8}, r"n_bands is 8.*Raise n_mels"),
            ({"genre.cnn.train.focal_gamma": 2.0}, "class_weights true and focal_gamma 2.0 are remedies"),
            ({"genre.cnn.train.batches_by_length": True}, "SpectrogramCNN hears windows of one length"),
            (
                {
                    "genre.cnn.train.class_weights": False,
                    "genre.cnn.train.focal_gamma": 2.0,
                    "genre.labels.problem_type": "multi_label_classification",
                },
                "focal_gamma is 2, which is for one class",
            ),
            ({"genre.cnn.model.kind": "transformer"}, "transformer.*'cnn', 'hybrid', 'resnet', 'cnn_lstm'"),
        ],
    )
    def test_parameter(self, project: Path, run: Run, params: dict[str, Any], message: str) -> None:
        with pytest.raises(Exception, match=rf"(?s){message}"):
            run(project, ["train_cnn"], params=params)
        assert not (project / "data/ci/02_intermediate").exists()

    def test_compiled_in_bf16(self, project: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        import torch

        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True)
        params = {"genre.cnn.train.compile": True, "genre.cnn.train.precision": "bf16"}
        with pytest.raises(Exception, match=r"(?s)compile is true.*bf16"):
            run(project, ["train_cnn"], params=params)

    def test_a_run_that_a_launcher_started_several_times_over(
        self, project: Path, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("WORLD_SIZE", "2")
        with pytest.raises(ConfigurationError, match=r"WORLD_SIZE is 2.*torchrun.*set processes: 2"):
            run(project, ["train_cnn"])
        assert not (project / "data").exists()

    def test_device_that_is_not_there(self, project: Path, run: Run) -> None:
        import torch

        if torch.cuda.is_available():
            pytest.skip("this machine has CUDA")
        for pipeline, param in (
            ("train_cnn", "genre.cnn.train.device"),
            ("explain", "genre.explanation.device"),
        ):
            with pytest.raises(Exception, match="cuda"):
                run(project, [pipeline], params={param: "cuda"})
        assert not (project / "data/ci/02_intermediate").exists()

    def test_pipeline(self, project: Path, run: Run) -> None:
        with pytest.raises(ValueError, match="train_nothing"):
            run(project, ["train_nothing"])

    def test_missing_folder(self, project: Path, run: Run) -> None:
        with pytest.raises(Exception, match=r"is not a folder.*globals\.yml"):
            run(project, ["ingest"], params={"genre.demo.enabled": False})

    def test_empty_folder(self, project: Path, run: Run) -> None:
        (project / "data/ci/01_raw/demo_genre").mkdir(parents=True)
        with pytest.raises(Exception, match="holds no audio file"):
            run(project, ["ingest"], params={"genre.demo.enabled": False})
