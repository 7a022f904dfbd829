"""What a training promises: a whole bundle, the best weights, one line per epoch, no leak, no leftover."""

import json
import logging
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tiny_corpus import MODEL, TRAIN, WINDOW, TinyCorpus

from auricle.audio.frontend import LogMelFrontEnd
from auricle.errors import AuricleError, ConfigurationError, CorpusError
from auricle.models.bundle import BundleDraft, open_bundle
from auricle.models.registry import DEEP_MODELS, build_model, load_deep
from auricle.training.data import Subset
from auricle.training.install import install_draft
from auricle.training.params import TrainParams
from auricle.training.scoring import figures, score_recordings
from auricle.training.trainer import TrainingJob
from auricle.training.vocabulary import read_examples

CPU = torch.device("cpu")


def changed(**values: Any) -> TrainParams:
    return TrainParams.model_validate(TRAIN.model_dump() | values)


LEARNING = changed(epochs=15, early_stopping_patience=15)
STEADY = MODEL.model_copy(update={"dropout": 0.0})


def training(draft: BundleDraft) -> dict[str, Any]:
    return json.loads((draft.path / "training.json").read_text())  # type: ignore[no-any-return]


def weights(draft: BundleDraft) -> bytes:
    return (draft.path / "model.safetensors").read_bytes()


def config_of(corpus: TinyCorpus) -> Any:
    return MODEL.config(n_bands=16, vocabulary=("noise", "pulse", "sweep"), window_frames=16, hop_frames=8)


@pytest.fixture(scope="module")
def draft(corpus: TinyCorpus, tmp_path_factory: pytest.TempPathFactory) -> BundleDraft:
    """Trained once for the tests that only look at it."""
    return corpus.fit(tmp_path_factory.mktemp("work"), LEARNING, model=STEADY)


@pytest.fixture(scope="module")
def folded_draft(folded: TinyCorpus, tmp_path_factory: pytest.TempPathFactory) -> BundleDraft:
    """The same under k-fold."""
    return folded.fit(tmp_path_factory.mktemp("work"))


class TestBundle:
    def test_is_whole_and_sealed(self, draft: BundleDraft) -> None:
        bundle = open_bundle(draft.path)
        assert bundle.vocabulary == ("noise", "pulse", "sweep")
        assert bundle.config["window_frames"] == LogMelFrontEnd.from_pretrained(draft.path).frames(0.5)
        assert bundle.out_of_fold is None
        assert sorted(file.name for file in draft.path.iterdir()) == [
            "checksums.json",
            "config.json",
            "domain.safetensors",
            "model.safetensors",
            "preprocessor_config.json",
            "recordings.parquet",
            "training.json",
        ]

    def test_has_a_history_of_every_epoch(self, draft: BundleDraft) -> None:
        history = training(draft)["history"]
        assert [entry["epoch"] for entry in history] == list(range(1, LEARNING.epochs + 1))
        assert set(history[0]) == {
            "epoch",
            "loss",
            "eval_loss",
            "accuracy",
            "macro_f1",
            "learning_rate",
            "seconds",
        }

    def test_has_the_weights_of_the_best_epoch(self, corpus: TinyCorpus, draft: BundleDraft) -> None:
        history, best = training(draft)["history"], training(draft)["best_epoch"]
        assert history[best - 1]["eval_loss"] == min(entry["eval_loss"] for entry in history)

        examples = read_examples(corpus.manifest)
        rows = examples.splits == "validation"
        validation = Subset(examples.recording_ids[rows], examples.targets[rows])
        model = load_deep(open_bundle(draft.path))
        probabilities = score_recordings(
            model, corpus.store, validation.recording_ids, batch_size=7, device=CPU
        )
        scored = figures(probabilities, validation, model.config.class_weights)
        assert scored["loss"] == pytest.approx(history[best - 1]["eval_loss"], rel=1e-5)
        assert scored["macro_f1"] == pytest.approx(history[best - 1]["macro_f1"])

    def test_learned_something(self, draft: BundleDraft) -> None:
        history, best = training(draft)["history"], training(draft)["best_epoch"]
        assert history[best - 1]["eval_loss"] < 0.5 * history[0]["eval_loss"]
        assert history[best - 1]["accuracy"] == 1

    def test_says_where_it_comes_from_but_no_folder(self, corpus: TinyCorpus, draft: BundleDraft) -> None:
        content = training(draft)
        assert content["protocol"] == "holdout"
        assert content["seed"] == TRAIN.seed
        assert content["precision"] == "float32"
        assert content["padding_share"] is None
        assert content["params"]["train"] == LEARNING.model_dump()
        assert content["front_end_digest"] == corpus.front_end.digest
        for name in ("config.json", "training.json"):
            assert str(draft.path.parents[2]) not in (draft.path / name).read_text()


class TestLog:
    def test_has_one_line_per_epoch_and_transformers_says_nothing(
        self,
        corpus: TinyCorpus,
        workdir: Path,
        caplog: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        # Kedro's console handler may be there from another test's run: what is asked for is what else prints.
        monkeypatch.setattr(logging.getLogger(), "handlers", [caplog.handler])
        with caplog.at_level(logging.INFO):
            corpus.fit(workdir)
        lines = [record.getMessage() for record in caplog.records if "epoch" in record.getMessage()]
        pattern = (
            r"final: epoch \d of 4: loss [\d.]+, validation loss [\d.]+, accuracy [\d.]+, macro F1 [\d.]+, "
            r"learning rate \d.\de-\d\d, [\d.]+ s, at most \d+ s left, memory [\d.]+ GB"
        )
        assert len(lines) == 4
        assert all(re.fullmatch(pattern, line) for line in lines)
        assert capfd.readouterr() == ("", "")

    def test_shows_a_bar_where_a_person_watches(
        self,
        corpus: TinyCorpus,
        workdir: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
        corpus.fit(workdir, changed(epochs=1))
        assert "/6" in capsys.readouterr().err


class TestTraining:
    def test_is_the_same_for_the_same_seed_and_another_for_another(
        self, corpus: TinyCorpus, workdir: Path
    ) -> None:
        first = weights(corpus.fit(workdir / "1"))
        assert weights(corpus.fit(workdir / "2")) == first
        assert weights(corpus.fit(workdir / "3", changed(seed=1))) != first

    def test_does_not_depend_on_the_number_of_worker_processes(
        self, corpus: TinyCorpus, workdir: Path
    ) -> None:
        alone = corpus.fit(workdir, changed(epochs=2))
        with_workers = corpus.fit(workdir, changed(epochs=2, num_workers=2))
        assert weights(alone) == weights(with_workers)

    def test_stops_early_and_keeps_the_best_weights(self, corpus: TinyCorpus, workdir: Path) -> None:
        params = changed(epochs=60, plateau_patience=1, early_stopping_patience=3, learning_rate=0.03)
        content = training(corpus.fit(workdir, params))
        assert len(content["history"]) == content["best_epoch"] + 3 < 60

    def test_reduces_the_rate_on_a_plateau(self, corpus: TinyCorpus, workdir: Path) -> None:
        params = changed(epochs=20, plateau_patience=0, early_stopping_patience=8, shuffle_labels=True)
        rates = [entry["learning_rate"] for entry in training(corpus.fit(workdir, params))["history"]]
        assert rates == sorted(rates, reverse=True)
        assert rates[-1] < rates[0] == TRAIN.learning_rate
        halvings = np.log2(TRAIN.learning_rate / np.array(rates))
        assert halvings == pytest.approx(np.round(halvings))

    @pytest.mark.parametrize("metric", ["accuracy", "macro_f1"])
    def test_chooses_the_best_epoch_by_the_metric_asked_for(
        self, corpus: TinyCorpus, workdir: Path, metric: str
    ) -> None:
        content = training(corpus.fit(workdir, changed(best_metric=metric, epochs=8)))
        scores = [entry[metric] for entry in content["history"]]
        assert content["best_epoch"] == int(np.argmax(scores)) + 1

    def test_accumulates_gradients(self, corpus: TinyCorpus, workdir: Path) -> None:
        draft = corpus.fit(workdir, changed(epochs=1, gradient_accumulation_steps=4))
        assert [path.name for path in (draft.path.parent / "final").iterdir()] == ["checkpoint-2"]

    def test_leaves_out_a_last_batch_of_one_crop(self, corpus: TinyCorpus, workdir: Path) -> None:
        draft = corpus.fit(workdir, changed(epochs=1, crops_per_recording=1, batch_size=11))
        assert [path.name for path in (draft.path.parent / "final").iterdir()] == ["checkpoint-1"]

    def test_weighs_classes_unless_told_not_to(self, corpus: TinyCorpus, workdir: Path) -> None:
        manifest = corpus.manifest.query("path not in ['pulse/3.wav', 'pulse/4.wav']")
        weighted = open_bundle(corpus.fit(workdir, changed(epochs=1), manifest=manifest).path)
        assert weighted.config["class_weights"] == pytest.approx([10 / 12, 10 / 6, 10 / 12])
        plain = open_bundle(corpus.fit(workdir, changed(epochs=1, class_weights=False)).path)
        assert plain.config["class_weights"] is None

    def test_learns_a_wrong_truth_from_shuffled_labels(self, corpus: TinyCorpus, workdir: Path) -> None:
        assert weights(corpus.fit(workdir, changed(shuffle_labels=True))) != weights(corpus.fit(workdir))

    @pytest.mark.skipif(not torch.cpu._is_avx512_bf16_supported(), reason="this CPU has no AVX-512-BF16")
    def test_computes_in_bf16_and_keeps_float32(self, corpus: TinyCorpus, workdir: Path) -> None:
        draft = corpus.fit(workdir, changed(precision="auto"))
        assert training(draft)["precision"] == "bf16"
        tensors = load_file(draft.path / "model.safetensors").values()
        assert {tensor.dtype for tensor in tensors if tensor.is_floating_point()} == {torch.float32}
        assert weights(draft) != weights(corpus.fit(workdir))

    def test_trains_any_model_of_the_registry(
        self, corpus: TinyCorpus, workdir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from other_network import OtherParams

        monkeypatch.setitem(DEEP_MODELS, "other_network", ("other_network", "OtherConfig", "OtherNetwork"))
        bundle = open_bundle(corpus.fit(workdir, model=OtherParams()).path)  # type: ignore[arg-type]
        assert bundle.config["model_type"] == "other_network"
        assert type(load_deep(bundle)).__name__ == "OtherNetwork"


class TestWorkDirectory:
    def test_of_other_parameters_or_data_is_never_resumed(self, corpus: TinyCorpus, workdir: Path) -> None:
        first = corpus.fit(workdir)
        longer = corpus.fit(workdir, changed(epochs=5))
        fewer = corpus.fit(workdir, manifest=corpus.manifest.iloc[:-1])
        relabelled = corpus.manifest.assign(label=corpus.manifest["label"].replace("pulse", "deep"))
        other_label = corpus.fit(workdir, manifest=relabelled)
        assert len({draft.workdir for draft in (first, longer, fewer, other_label)}) == 4
        assert len(training(longer)["history"]) == 5
        assert weights(fewer) != weights(first)

    def test_is_gone_once_the_bundle_is_in_place_and_the_next_run_trains_anew(
        self, corpus: TinyCorpus, workdir: Path, tmp_path: Path
    ) -> None:
        install_draft(corpus.fit(workdir), tmp_path / "one" / "bundle")
        assert not workdir.exists()
        again = corpus.fit(workdir)
        assert len(training(again)["history"]) == TRAIN.epochs
        assert weights(again) == (tmp_path / "one" / "bundle" / "model.safetensors").read_bytes()


class TestFolds:
    def test_predict_every_recording_once(self, folded: TinyCorpus, folded_draft: BundleDraft) -> None:
        table = open_bundle(folded_draft.path).out_of_fold
        assert table is not None
        assert sorted(table["recording_id"]) == sorted(folded.manifest["recording_id"])
        assert set(table["split"]) == {"out_of_fold"}
        probabilities = table[["noise", "pulse", "sweep"]]
        assert set(probabilities.dtypes) == {np.dtype("float32")}
        assert probabilities.sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-5)

    def test_are_told_in_the_training_report(self, folded_draft: BundleDraft) -> None:
        content = training(folded_draft)
        assert content["protocol"] == "grouped_k_fold"
        assert [fold["name"] for fold in content["folds"]] == ["fold-0", "fold-1", "fold-2"]
        assert all(len(fold["history"]) == TRAIN.epochs for fold in content["folds"])
        assert len(content["history"]) == TRAIN.epochs

    def test_keep_no_checkpoints_once_finished(self, folded_draft: BundleDraft) -> None:
        assert {path.name for path in folded_draft.path.parent.iterdir() if path.is_dir()} == {
            "bundle",
            "final",
        }


def test_a_recording_that_could_not_be_cached_is_left_out(
    corpus: TinyCorpus, workdir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    manifest = corpus.manifest.copy()
    manifest.loc[3, "recording_id"] = "ffff000000000000"
    draft = corpus.fit(workdir, manifest=manifest)
    assert training(draft)["data"]["recordings"] == 17
    assert "1 of 18 usable recordings have no spectrogram" in caplog.text


class TestRefusals:
    def test_spectrograms_that_were_not_made(self, corpus: TinyCorpus, workdir: Path) -> None:
        manifest = corpus.manifest.copy()
        manifest.loc[:2, "recording_id"] = ["ffff000000000000", "ffff000000000001", "ffff000000000002"]
        with pytest.raises(CorpusError, match=r"3 of 18 usable recordings .*--pipelines=cache_spectrograms"):
            corpus.fit(workdir, manifest=manifest)

    def test_a_store_of_another_front_end(self, corpus: TinyCorpus, workdir: Path) -> None:
        from auricle.training.deep import fit_deep

        other = LogMelFrontEnd(corpus.front_end.params.model_copy(update={"hop_length": 128}))
        with pytest.raises(ConfigurationError, match="their parameters differ"):
            fit_deep(corpus.manifest, corpus.store, other, MODEL, TRAIN, WINDOW, workdir)

    def test_a_crop_longer_than_every_recording(self, corpus: TinyCorpus, workdir: Path) -> None:
        with pytest.raises(ConfigurationError, match="longer than every training recording"):
            corpus.fit(workdir, changed(crop_seconds=30))

    def test_a_crop_that_the_model_does_not_take(self, corpus: TinyCorpus, workdir: Path) -> None:
        flatten = MODEL.model_copy(update={"head": "flatten"})
        with pytest.raises(ConfigurationError, match="exactly 16 frames"):
            corpus.fit(workdir, changed(crop_seconds=0.6), model=flatten)

    def test_a_device_that_is_absent(
        self, corpus: TinyCorpus, workdir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        with pytest.raises(ConfigurationError, match="cuda was asked for"):
            corpus.fit(workdir, changed(device="cuda"))

    def test_leave_nothing_behind(self, corpus: TinyCorpus, workdir: Path) -> None:
        with pytest.raises(CorpusError):
            corpus.fit(workdir, manifest=corpus.manifest.assign(split="test"))
        assert not workdir.exists()

    def test_a_training_that_has_diverged(self, corpus: TinyCorpus, workdir: Path) -> None:
        ids = corpus.manifest["recording_id"].to_numpy(dtype=object)
        subset = Subset(ids, np.zeros(len(ids), dtype=np.int64))
        config = config_of(corpus)
        job = TrainingJob(
            config=config,
            store=corpus.store,
            train=subset,
            validation=subset,
            crop_frames=16,
            batch_size=8,
            params=TRAIN,
            device=CPU,
            workdir=workdir,
            name="final",
        )
        model = build_model(config)
        torch.nn.init.constant_(model.classifier.weight, torch.nan)
        with pytest.raises(AuricleError, match=r"final: the training has diverged.* learning_rate \(0.01\)"):
            job.evaluate(model)
