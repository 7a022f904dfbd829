"""A sweep: judged on validation, gone on with after a kill, refused where trials could not be compared."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tiny_corpus import MODEL, TRAIN, WINDOW, TinyCorpus

from auricle.errors import ConfigurationError
from auricle.models.params import ModelParams
from auricle.training import sweep as sweeping
from auricle.training.deep_params import DeepParams
from auricle.training.sweep import sweep_model
from auricle.training.sweep_params import SweepParams, best_trial, check_space

BASE = DeepParams(ModelParams(MODEL), TRAIN.model_copy(update={"epochs": 2}), WINDOW)
SPACE = {
    "train.learning_rate": {"low": 1e-4, "high": 1e-1, "log": True},
    "model.channels": {"choices": [[4], [4, 8]]},
}


def params(**values: Any) -> SweepParams:
    return SweepParams.model_validate({"trials": 4, "space": SPACE, "prune": False} | values)


def swept(
    corpus: TinyCorpus, workdir: Path, asked: SweepParams, manifest: pd.DataFrame | None = None
) -> pd.DataFrame:
    table = corpus.manifest if manifest is None else manifest
    return sweep_model(table, corpus.store, corpus.front_end, BASE, asked, workdir)


class TestTrials:
    def test_are_rows_with_their_figures_the_best_first(self, corpus: TinyCorpus, workdir: Path) -> None:
        trials = swept(corpus, workdir, params())
        assert sorted(trials["trial"]) == [0, 1, 2, 3]
        assert trials["value"].is_monotonic_increasing
        assert (trials["value"] == trials["eval_loss"]).all()
        assert trials["train.learning_rate"].nunique() == 4
        best = best_trial(trials, params(), BASE, "genre")["parameters"]["genre"]["cnn"]
        assert best["model"]["channels"] in ([4], [4, 8])
        assert BASE.replaced({"train.learning_rate": best["train"]["learning_rate"]}, by="this")

    def test_do_not_depend_on_the_test_split(self, corpus: TinyCorpus, workdir: Path) -> None:
        other = corpus.manifest.copy()
        test = other.index[other["split"] == "test"]
        other.loc[test, "label"] = other.loc[test, "label"].to_numpy()[::-1]
        first, second = (swept(corpus, workdir, params(), table) for table in (corpus.manifest, other))
        pd.testing.assert_series_equal(first["value"], second["value"])

    def test_leave_no_checkpoint_behind(self, corpus: TinyCorpus, workdir: Path) -> None:
        swept(corpus, workdir, params(trials=1))
        assert not list(workdir.rglob("*.safetensors"))

    def test_that_are_worse_than_the_others_are_stopped(self, corpus: TinyCorpus, workdir: Path) -> None:
        space = {"train.learning_rate": {"choices": [0.03, 1e-7]}}
        trials = swept(
            corpus,
            workdir,
            params(trials=8, space=space, prune=True, prune_after_trials=2, prune_after_epochs=0),
        )
        assert set(trials["state"]) == {"complete", "pruned"}
        pruned = trials[trials["state"] == "pruned"]
        assert set(pruned["train.learning_rate"]) == {"1e-07"}
        assert pruned["value"].isna().all()
        assert (pruned["eval_loss"] > trials.loc[0, "eval_loss"]).all()
        assert pruned["epochs"].between(1, BASE.train.epochs).all()
        assert (pruned["epoch"] <= pruned["epochs"]).all()
        assert (pruned["seconds"] > 0).all()

    def test_that_cannot_be_do_not_stop_the_others(self, corpus: TinyCorpus, workdir: Path) -> None:
        space = {"windows.window_seconds": {"choices": [0.5, 500.0]}}
        trials = swept(corpus, workdir, params(trials=6, space=space))
        assert set(trials.loc[trials["windows.window_seconds"] == "500.0", "state"]) == {"fail"}
        assert "complete" in set(trials["state"])


class TestGoingOn:
    def test_nothing_is_done_twice_and_a_larger_number_goes_on(
        self, corpus: TinyCorpus, workdir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = swept(corpus, workdir, params(trials=2))
        calls: list[int] = []
        original = sweeping.best_epoch
        monkeypatch.setattr(sweeping, "best_epoch", lambda trained: calls.append(1) or original(trained))
        pd.testing.assert_frame_equal(swept(corpus, workdir, params(trials=2)), first)
        assert not calls
        assert len(swept(corpus, workdir, params(trials=3))) == 3
        assert len(calls) == 1

    def test_a_killed_trial_is_done_again_with_the_same_parameters(
        self, corpus: TinyCorpus, workdir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(sweeping, "best_epoch", lambda trained: exec("raise SystemExit"))
            with pytest.raises(SystemExit):
                swept(corpus, workdir, params(trials=2))
        trials = swept(corpus, workdir, params(trials=2))
        assert sorted(trials["trial"]) == [1, 2]
        undisturbed = swept(corpus, workdir / "other", params(trials=1))
        again = trials[trials["trial"] == 1]
        assert again["train.learning_rate"].tolist() == undisturbed["train.learning_rate"].tolist()
        assert again["value"].tolist() == undisturbed["value"].tolist()


class TestRefusals:
    @pytest.mark.parametrize(
        ("space", "message"),
        [
            ({"train.learning_rat": {"choices": [1, 2]}}, "'train.learning_rat', which is no parameter"),
            ({"train.dropout.rate": {"choices": [1, 2]}}, "which is no parameter"),
            ({"train.learning_rate": {"low": 0.1, "high": 5.0}}, "less than or equal to 1"),
            ({"train.class_weights": {"choices": [True, False]}}, "changes what the validation loss means"),
            ({"train.focal_gamma": {"low": 0.0, "high": 2.0}}, "changes what the validation loss means"),
            ({"labels.threshold": {"choices": ["f1", "precision"]}}, "trials could not be compared"),
            ({"train.best_metric": {"choices": ["loss", "macro_f1"]}}, "trials could not be compared"),
        ],
    )
    def test_space(self, space: dict[str, Any], message: str) -> None:
        with pytest.raises(ConfigurationError, match=message):
            check_space(BASE, params(space=space))

    def test_several_processes(self) -> None:
        shared = BASE._replace(train=BASE.train.model_copy(update={"processes": 2}))
        with pytest.raises(ConfigurationError, match=r"train\.processes is 2"):
            check_space(shared, params())

    def test_every_trial_failing(self, corpus: TinyCorpus, workdir: Path) -> None:
        space = {"windows.window_seconds": {"choices": [400.0, 500.0]}}
        with pytest.raises(ConfigurationError, match="None of the 2 trials"):
            swept(corpus, workdir, params(trials=2, space=space))
