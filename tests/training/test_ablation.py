"""An ablation: each variant with each seed, gone on with, judged by recordings that none has heard."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tiny_corpus import LABELS, MODEL, TRAIN, WINDOW, TinyCorpus

from auricle.corpora.labels import MULTI
from auricle.errors import ConfigurationError, CorpusError
from auricle.models.params import ModelParams
from auricle.training import deep
from auricle.training.ablation import train_ablation
from auricle.training.ablation_params import BASELINE, AblationParams
from auricle.training.deep_params import DeepParams

BASE = DeepParams(ModelParams(MODEL), TRAIN.model_copy(update={"epochs": 1}), WINDOW)
VARIANTS = {"narrow": {"model.channels": [4]}}


def params(**values: Any) -> AblationParams:
    return AblationParams.model_validate({"model": "cnn", "seeds": 2, "variants": VARIANTS} | values)


def ablated(
    corpus: TinyCorpus, workdir: Path, asked: AblationParams, manifest: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    table = corpus.manifest if manifest is None else manifest
    return train_ablation(table, corpus.store, corpus.front_end, BASE, asked, workdir)


class TestTrainings:
    def test_are_of_each_variant_with_each_seed_on_the_test_split(
        self, corpus: TinyCorpus, workdir: Path
    ) -> None:
        predictions, runs = ablated(corpus, workdir, params())
        assert list(zip(runs["variant"], runs["seed"], strict=True)) == [
            (BASELINE, 0),
            ("narrow", 0),
            (BASELINE, 1),
            ("narrow", 1),
        ]
        assert runs.loc[runs["variant"] == "narrow", "parameters"].max() < runs["parameters"].max()
        test = set(corpus.manifest.query("split == 'test'")["recording_id"])
        for _, table in predictions.groupby(["variant", "seed"]):
            assert set(table["recording_id"]) == test
            assert set(table["split"]) == {"test"}
        assert predictions[list(LABELS)].sum(axis=1).sub(1).abs().max() < 1e-5
        assert not list(workdir.rglob("*.safetensors"))

    def test_differ_by_seed(self, corpus: TinyCorpus, workdir: Path) -> None:
        predictions, _ = ablated(corpus, workdir, params())
        first, second = (predictions.query(f"variant == 'baseline' and seed == {seed}") for seed in (0, 1))
        assert not (first[list(LABELS)].to_numpy() == second[list(LABELS)].to_numpy()).all()

    def test_do_not_depend_on_the_test_split(self, corpus: TinyCorpus, workdir: Path) -> None:
        other = corpus.manifest.copy()
        test = other.index[other["split"] == "test"]
        other.loc[test, "label"] = other.loc[test, "label"].to_numpy()[::-1]
        first, second = (
            ablated(corpus, workdir, params(seeds=1), table)[0] for table in (corpus.manifest, other)
        )
        pd.testing.assert_frame_equal(first, second)

    def test_predict_every_recording_under_cross_validation(self, folded: TinyCorpus, workdir: Path) -> None:
        predictions, _ = ablated(folded, workdir, params(seeds=1))
        assert set(predictions["split"]) == {"out_of_fold"}
        baseline = predictions.query("variant == 'baseline'")
        assert sorted(baseline["recording_id"]) == sorted(folded.manifest["recording_id"])

    def test_of_other_labels_leave_columns_empty(self, corpus: TinyCorpus, workdir: Path) -> None:
        variants = {"all labels": {"labels.problem_type": MULTI}}
        predictions, _ = ablated(corpus, workdir, params(seeds=1, variants=variants))
        assert predictions.loc[predictions["variant"] == BASELINE, "striped"].isna().all()
        assert predictions.loc[predictions["variant"] == "all labels", "striped"].notna().all()


class TestGoingOn:
    def test_nothing_is_trained_twice_and_a_variant_more_costs_only_itself(
        self, corpus: TinyCorpus, workdir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        trained: list[str] = []
        original = deep.DeepTraining.train
        monkeypatch.setattr(
            deep.DeepTraining, "train", lambda *args: trained.append("one") or original(*args)
        )
        first, _ = ablated(corpus, workdir, params(seeds=1))
        assert len(trained) == 2
        again, _ = ablated(corpus, workdir, params(seeds=1))
        pd.testing.assert_frame_equal(first, again)
        assert len(trained) == 2
        ablated(corpus, workdir, params(variants=VARIANTS | {"slow": {"train.learning_rate": 1e-4}}))
        assert len(trained) == 6

    def test_what_was_killed_goes_on(
        self, corpus: TinyCorpus, workdir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(deep, "keep_fold", lambda *args: exec("raise SystemExit"))
            with pytest.raises(SystemExit):
                ablated(corpus, workdir, params(seeds=1))
        predictions, _ = ablated(corpus, workdir, params(seeds=1))
        undisturbed, _ = ablated(corpus, workdir / "other", params(seeds=1))
        pd.testing.assert_frame_equal(predictions, undisturbed)


class TestRefusals:
    @pytest.mark.parametrize(
        ("variants", "message"),
        [
            ({"none": {"model.channels": [4, 8]}}, "'none' of the ablation does not differ from 'baseline'"),
            ({"odd": {"model.width": 3}}, "'model.width', which is no parameter"),
            ({"odd": {"train.epochs": -3}}, "greater than or equal to 1"),
        ],
    )
    def test_variants(self, variants: dict[str, Any], message: str) -> None:
        with pytest.raises(ConfigurationError, match=message):
            params(variants=variants).chosen(BASE)

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"variants": {"baseline": {"model.channels": [4]}}}, "choose another"),
            ({"variants": {"seeded": {"train.seed": 3}}}, "which the ablation sets itself"),
            ({"shared": {"train.seed": 3}}, "which the ablation sets itself"),
        ],
    )
    def test_names(self, values: dict[str, Any], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            params(**values)

    def test_what_is_wrong_with_a_variant_is_known_before_another_is_trained(
        self, corpus: TinyCorpus, workdir: Path
    ) -> None:
        wrong = params(variants=VARIANTS | {"long": {"windows.window_seconds": 30.0}})
        with pytest.raises(ConfigurationError, match=r"variant 'long' of the ablation.*longer than every"):
            ablated(corpus, workdir, wrong)
        assert not list(workdir.rglob("*.parquet"))

    def test_null_takes_a_variant_of_another_environment_away(self) -> None:
        assert list(params(variants=VARIANTS | {"attention": None}).chosen(BASE)) == [BASELINE, "narrow"]
        with pytest.raises(ValueError, match="at least 1 item"):
            params(variants={"attention": None})

    def test_a_block_changes_in_what_is_named_only(self) -> None:
        base = BASE.replaced({"train.augment.gain_db": 3.0}, by="this")
        changed = base.replaced({"train.augment": {"enabled": True}}, by="this").train.augment
        assert (changed.enabled, changed.gain_db) == (True, 3.0)

    def test_no_test_split(self, corpus: TinyCorpus, workdir: Path) -> None:
        manifest = corpus.manifest.query("split != 'test'")
        with pytest.raises(CorpusError, match="no labelled test recordings"):
            ablated(corpus, workdir, params(), manifest)
