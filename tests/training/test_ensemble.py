"""How members are combined: what each method gives, what it learns from, and what it never sees."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy.stats import spearmanr

from auricle.corpora.labels import MULTI, LabelParams
from auricle.errors import ConfigurationError, CorpusError
from auricle.models.ensemble import load_combination, save_combination
from auricle.training.combining import fit_combination, least_loss_weights
from auricle.training.ensemble import Combined, combine, fit_ensemble
from auricle.training.ensemble_params import EnsembleParams
from auricle.training.member_table import MemberTable, read_members

CLASSES = ("blues", "disco", "metal")
SEVERAL = LabelParams(problem_type=MULTI)


def corpus(*, folds: int = 0, groups: int = 60, seed: int = 0) -> pd.DataFrame:
    """Three recordings a group; labels are dealt to groups, and of several labels to recordings."""
    random = np.random.default_rng(seed)
    rows = []
    for group in range(groups):
        for clip in range(3):
            several = [name for name in CLASSES if random.random() < 0.5] or [CLASSES[group % 3]]
            rows.append(
                {
                    "recording_id": f"{group:03d}{clip}",
                    "label": CLASSES[group % 3],
                    "labels": several,
                    "group": f"artist-{group}",
                    "split": "train" if folds else ("test", "validation", "train")[group // 3 % 3],
                    "fold": group % folds if folds else -1,
                    "status": "ok",
                }
            )
    return pd.DataFrame(rows)


def said(manifest: pd.DataFrame, *, skill: float, seed: int, several: bool = False) -> pd.DataFrame:
    """A model's predictions, by the contract."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(len(manifest), len(CLASSES)))
    has = [
        labels if several else [label]
        for label, labels in zip(manifest["label"], manifest["labels"], strict=True)
    ]
    logits += skill * np.array([[name in own for name in CLASSES] for own in has])
    powers = np.exp(logits)
    values = powers / (1 + powers) if several else powers / powers.sum(axis=1, keepdims=True)
    table = pd.DataFrame(values.astype(np.float32), columns=list(CLASSES))
    table.insert(0, "recording_id", manifest["recording_id"].to_numpy())
    table.insert(1, "split", manifest["split"].where(manifest["fold"] < 0, "out_of_fold").to_numpy())
    return table


def members_of(manifest: pd.DataFrame, *, several: bool = False) -> MemberTable:
    skills = {"cnn": 2.0, "random_forest": 1.5, "hybrid": 0.0}
    return read_members(
        {
            name: said(manifest, skill=skill, seed=seed, several=several)
            for seed, (name, skill) in enumerate(skills.items())
        }
    )


def combined(manifest: pd.DataFrame, method: str, *, several: bool = False) -> Combined:
    labels = SEVERAL if several else LabelParams()
    params = EnsembleParams.model_validate({"method": method})
    return combine(members_of(manifest, several=several), manifest, params, labels)


def relabelled(manifest: pd.DataFrame, rows: Sequence[bool] | pd.Series) -> pd.DataFrame:
    """The same corpus with other labels on these rows."""
    turned = {name: CLASSES[(index + 1) % 3] for index, name in enumerate(CLASSES)}
    changed = manifest.copy()
    changed.loc[rows, "label"] = changed.loc[rows, "label"].map(turned)
    changed.loc[rows, "labels"] = changed.loc[rows, "labels"].map(lambda own: [turned[name] for name in own])
    return changed


CASES = [
    ("mean", False),
    ("weighted", False),
    ("stacking", False),
    ("mean", True),
    ("weighted", True),
    ("stacking", True),
    ("rank_mean", True),
]


class TestNoLeak:
    @pytest.mark.parametrize(("method", "several"), CASES)
    def test_labels_of_test_recordings_move_nothing(self, method: str, several: bool) -> None:
        manifest = corpus()
        table = members_of(manifest, several=several)
        changed = relabelled(manifest, manifest["split"] == "test")
        params = EnsembleParams.model_validate({"method": method})
        labels = SEVERAL if several else LabelParams()
        plain, scrambled = (combine(table, of, params, labels) for of in (manifest, changed))
        pd.testing.assert_frame_equal(plain.predictions, scrambled.predictions)
        assert plain.decision == scrambled.decision

    @pytest.mark.parametrize(("method", "several"), CASES)
    def test_out_of_fold_labels_of_a_fold_move_none_of_its_answers(self, method: str, several: bool) -> None:
        manifest = corpus(folds=4)
        table = members_of(manifest, several=several)
        fold = manifest["fold"] == 2
        params = EnsembleParams.model_validate({"method": method})
        labels = SEVERAL if several else LabelParams()
        plain, scrambled = (
            combine(table, of, params, labels).predictions.set_index("recording_id")
            for of in (manifest, relabelled(manifest, fold))
        )
        ids = manifest["recording_id"]
        pd.testing.assert_frame_equal(plain.loc[ids[fold]], scrambled.loc[ids[fold]])
        if method in ("weighted", "stacking"):  # which do learn from labels, those of other folds
            assert not np.allclose(
                plain.loc[ids[~fold], list(CLASSES)], scrambled.loc[ids[~fold], list(CLASSES)]
            )

    def test_validation_labels_of_a_group_move_none_of_its_answers(self) -> None:
        manifest = corpus()
        table, params = members_of(manifest), EnsembleParams(method="stacking")
        group = manifest["group"] == "artist-4"
        assert set(manifest.loc[group, "split"]) == {"validation"}
        plain, scrambled = (
            combine(table, of, params).predictions.set_index("recording_id")
            for of in (manifest, relabelled(manifest, group))
        )
        own = manifest.loc[group, "recording_id"]
        pd.testing.assert_frame_equal(plain.loc[own], scrambled.loc[own])
        test = manifest.loc[manifest["split"] == "test", "recording_id"]
        assert not np.allclose(plain.loc[test, list(CLASSES)], scrambled.loc[test, list(CLASSES)])


class TestMethods:
    @pytest.mark.parametrize(("method", "several"), CASES)
    def test_answers_are_probabilities(self, method: str, several: bool) -> None:
        found = combined(corpus(), method, several=several).predictions
        values = found[list(CLASSES)].to_numpy()
        assert ((values >= 0) & (values <= 1)).all()
        if not several:
            np.testing.assert_allclose(values.sum(axis=1), 1, atol=1e-5)

    def test_mean_is_the_mean(self) -> None:
        table = members_of(corpus())
        found = combined(corpus(), "mean").predictions
        np.testing.assert_allclose(found[list(CLASSES)], table.probabilities.mean(axis=0), atol=1e-6)

    def test_weights_go_to_those_who_know_something(self) -> None:
        cnn, forest, guesser = combined(corpus(groups=180), "weighted").combination.weights
        assert cnn > 0.3
        assert guesser < 0.15 < forest

    def test_a_strong_prior_holds_weights_equal(self) -> None:
        table, truth = members_of(corpus()), np.arange(180) % 9 // 3
        np.testing.assert_allclose(least_loss_weights(table.probabilities, truth, 1e9), 1 / 3, atol=1e-3)

    def test_given_weights_are_taken(self) -> None:
        manifest = corpus()
        params = EnsembleParams(
            method="weighted",
            members=("cnn", "random_forest", "hybrid"),
            weights={"cnn": 3, "random_forest": 1, "hybrid": 0},
        )
        found = combine(members_of(manifest), manifest, params)
        np.testing.assert_allclose(found.combination.weights, [0.75, 0.25, 0])

    def test_stacking_undoes_a_member_that_swaps_two_classes(self) -> None:
        manifest = corpus(groups=180)
        tables = {name: said(manifest, skill=3, seed=seed) for seed, name in enumerate(("one", "other"))}
        for table in tables.values():
            table[["blues", "disco"]] = table[["disco", "blues"]].to_numpy()
        members = read_members(tables)
        accuracy = {}
        for method in ("mean", "stacking"):
            found = combine(members, manifest, EnsembleParams.model_validate({"method": method}))
            test = found.predictions[found.predictions["split"] == "test"].set_index("recording_id")
            truth = manifest.set_index("recording_id")["label"].loc[test.index]
            accuracy[method] = float((test[list(CLASSES)].idxmax(axis=1) == truth).mean())
        assert accuracy["mean"] < 0.5 < 0.8 < accuracy["stacking"]

    def test_stacking_leaves_a_class_that_it_never_heard_to_the_members(self) -> None:
        table = members_of(corpus())
        truth = np.arange(table.probabilities.shape[1]) % 2
        stacker = fit_combination(table.names, table.probabilities, truth, EnsembleParams(method="stacking"))
        found = stacker(table.probabilities)
        np.testing.assert_allclose(found[:, 2], table.probabilities.mean(axis=0)[:, 2])
        np.testing.assert_allclose(found.sum(axis=1), 1)

    def test_stacking_that_heard_one_class_leaves_all_to_the_members(self) -> None:
        table = members_of(corpus())
        truth = np.zeros(table.probabilities.shape[1], dtype=np.int64)
        stacker = fit_combination(table.names, table.probabilities, truth, EnsembleParams(method="stacking"))
        np.testing.assert_allclose(stacker(table.probabilities), table.probabilities.mean(axis=0))

    def test_ranks_do_not_care_how_sure_a_member_is(self) -> None:
        manifest = corpus()
        table = members_of(manifest, several=True)
        timid = table.probabilities.copy()
        timid[0] = timid[0] ** 3 / 100
        truth = np.zeros((len(manifest), len(CLASSES)))
        params = EnsembleParams(method="rank_mean")
        found = [fit_combination(table.names, of, truth, params)(of) for of in (table.probabilities, timid)]
        for label in range(len(CLASSES)):
            assert spearmanr(found[0][:, label], found[1][:, label]).statistic > 0.99999

    @pytest.mark.parametrize(("method", "several"), CASES)
    def test_is_the_same_when_read_back(self, tmp_path: Path, method: str, several: bool) -> None:
        manifest = corpus()
        table = members_of(manifest, several=several)
        plain = combined(manifest, method, several=several).combination
        save_combination(plain, tmp_path / "model.safetensors")
        config = {
            "method": method,
            "members": list(table.names),
            "id2label": dict(enumerate(CLASSES)),
            "problem_type": MULTI if several else None,
        }
        again = load_combination(tmp_path, config)
        np.testing.assert_array_equal(plain(table.probabilities), again(table.probabilities))


class TestLacking:
    @pytest.mark.parametrize(("method", "several"), CASES)
    def test_the_others_answer_and_it_is_counted(self, method: str, several: bool) -> None:
        manifest = corpus()
        tables = {
            name: said(manifest, skill=2, seed=seed, several=several)
            for seed, name in enumerate(("cnn", "forest"))
        }
        lost = manifest.loc[manifest["split"] == "test", "recording_id"].iloc[:2]
        tables["cnn"] = tables["cnn"][~tables["cnn"]["recording_id"].isin(lost)]
        members = read_members(tables)
        assert members.lacking() == {"cnn": {"test": 2}, "forest": {}}
        params = EnsembleParams.model_validate({"method": method})
        found = combine(members, manifest, params, SEVERAL if several else LabelParams()).predictions
        assert set(found["recording_id"]) == set(manifest["recording_id"])
        assert found[list(CLASSES)].notna().all(axis=None)
        if method in ("mean", "weighted"):
            own = tables["forest"].set_index("recording_id").loc[lost, list(CLASSES)]
            np.testing.assert_allclose(
                found.set_index("recording_id").loc[lost, list(CLASSES)], own, atol=1e-6
            )

    def test_without_a_member_goes_what_it_alone_knew(self) -> None:
        manifest = corpus()
        tables = {"cnn": said(manifest, skill=2, seed=0), "forest": said(manifest, skill=2, seed=1).iloc[5:]}
        assert len(read_members(tables).without("cnn").recording_ids) == len(manifest) - 5


class TestRefusals:
    def test_members_of_other_vocabularies(self) -> None:
        manifest = corpus()
        tables = {"cnn": said(manifest, skill=1, seed=0), "forest": said(manifest, skill=1, seed=1)}
        tables["forest"] = tables["forest"].rename(columns={"metal": "polka"})
        with pytest.raises(ConfigurationError, match=r"cnn and forest know different classes.*metal, polka"):
            read_members(tables)

    def test_members_of_other_splits(self) -> None:
        manifest = corpus()
        tables = {"cnn": said(manifest, skill=1, seed=0), "forest": said(manifest, skill=1, seed=1)}
        tables["forest"]["split"] = "train"
        with pytest.raises(CorpusError, match="disagree on the split"):
            read_members(tables)

    def test_no_validation_recordings(self) -> None:
        manifest = corpus()
        kept = manifest[manifest["split"] != "validation"].reset_index(drop=True)
        with pytest.raises(CorpusError, match="nothing that an ensemble may learn from"):
            combined(kept, "stacking")

    def test_one_group_to_learn_from(self) -> None:
        manifest = corpus()
        manifest.loc[manifest["split"] == "validation", "group"] = "one"
        with pytest.raises(CorpusError, match="are of one group"):
            combined(manifest, "stacking")

    def test_rank_mean_of_one_class_each(self) -> None:
        with pytest.raises(ConfigurationError, match="rank_mean"):
            combined(corpus(), "rank_mean")

    def test_one_member(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match="two trained models or more"):
            fit_ensemble({}, {}, corpus(), EnsembleParams(), tmp_path)

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"members": ["cnn"]}, "two models or more"),
            ({"members": ["cnn", "cnn"]}, "twice"),
            ({"weights": {"cnn": 1}}, "no effect"),
            (
                {"method": "weighted", "members": ["cnn", "hybrid"], "weights": {"cnn": 1}},
                "a weight for each",
            ),
            (
                {"method": "weighted", "members": ["cnn", "hybrid"], "weights": {"cnn": 0, "hybrid": 0}},
                "all 0",
            ),
        ],
    )
    def test_parameters_that_contradict_each_other(self, params: dict[str, object], message: str) -> None:
        with pytest.raises(ValidationError, match=message):
            EnsembleParams.model_validate(params)
