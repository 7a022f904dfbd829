"""Labels are permuted as groups allow, and what tells nothing of them is seldom taken for more."""

import numpy as np
import pytest
from pydantic import ValidationError
from scored_samples import VOCABULARY, make_scored
from sklearn import metrics as reference

from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.permutation import TESTED, dealings, group_strata, permutation_test
from auricle.evaluation.rows import OUT_OF_FOLD, FloatArray, IntArray
from auricle.evaluation.scored import Scored

PARAMS = EvaluateParams(permutations=199)
PRIORS = np.array([0.7, 0.15, 0.1, 0.05])


def rows_of(
    sizes: IntArray, y_true: IntArray, probabilities: FloatArray, folds: IntArray | None = None
) -> Scored:
    n = int(sizes.sum())
    return Scored(
        split="test" if folds is None else OUT_OF_FOLD,
        vocabulary=VOCABULARY,
        ids=np.arange(n).astype(object),
        y_true=y_true.astype(np.int64),
        probabilities=probabilities,
        groups=np.repeat(np.arange(len(sizes)), sizes).astype(np.int64),
        folds=np.full(n, -1) if folds is None else np.repeat(folds, sizes).astype(np.int64),
    )


def guessing(sizes: IntArray, seed: int, *, of_one_label: bool = True, skill: float = 0.0) -> Scored:
    """An imbalanced corpus, and a model that tells nothing (or little) of its labels, but groups apart."""
    rng = np.random.default_rng(seed)
    n, groups = int(sizes.sum()), np.repeat(np.arange(len(sizes)), sizes)
    drawn = rng.choice(4, size=len(sizes) if of_one_label else n, p=PRIORS)
    y_true = drawn[groups] if of_one_label else drawn
    logits = rng.normal(size=(len(sizes), 4))[groups] * 1.5 + rng.normal(size=(n, 4)) + np.log(PRIORS) / 2
    logits[np.arange(n), y_true] += skill
    powers = np.exp(logits)
    return rows_of(sizes, y_true, powers / powers.sum(axis=1, keepdims=True))


def uneven(seed: int, groups: int = 30) -> IntArray:
    return 1 + np.random.default_rng(seed).geometric(0.15, size=groups)


class TestDealings:
    def test_whole_groups_swap_their_labels(self) -> None:
        rows = guessing(np.full(20, 5), 0)
        for dealt in dealings(rows, 10, 0):
            by_group = dealt[np.argsort(rows.groups, kind="stable")].reshape(20, 5)
            assert (by_group == by_group[:, :1]).all()
            np.testing.assert_array_equal(np.bincount(dealt), np.bincount(rows.y_true))

    def test_labels_within_a_group_are_permuted_too(self) -> None:
        rows = rows_of(np.array([40]), np.arange(40) % 4, np.full((40, 4), 0.25))
        first, second = dealings(rows, 2, 0)
        assert (first != second).any()
        assert (np.bincount(first) == 10).all()

    def test_the_order_of_rows_does_not_matter_to_what_a_group_is(self) -> None:
        rows = make_scored(120, 12)
        dealt = next(dealings(rows, 1, 3))
        sizes = sorted(
            np.bincount(rows.y_true[rows.groups == group], minlength=4).tolist() for group in range(12)
        )
        got = sorted(np.bincount(dealt[rows.groups == group], minlength=4).tolist() for group in range(12))
        assert got == sizes

    def test_large_groups_do_not_deal_with_small_ones(self) -> None:
        sizes = np.array([1] * 10 + [50] * 10)
        strata = group_strata(rows_of(sizes, np.zeros(510), np.full((510, 4), 0.25)))
        assert set(strata[:10]).isdisjoint(strata[10:])

    def test_a_few_large_groups_deal_with_the_next_smaller_ones(self) -> None:
        sizes = np.array([1] * 10 + [50] * 3)
        assert len(set(group_strata(rows_of(sizes, np.zeros(160), np.full((160, 4), 0.25))))) == 1

    @pytest.mark.parametrize(("groups", "strata"), [(20, 2), (6, 1)])
    def test_labels_stay_in_their_fold_where_it_has_groups_enough(self, groups: int, strata: int) -> None:
        sizes, folds = np.full(groups, 2), np.arange(groups) % 2
        found = group_strata(rows_of(sizes, np.zeros(2 * groups), np.full((2 * groups, 4), 0.25), folds))
        assert len(set(zip(found, folds, strict=True))) == 2
        assert len(set(found)) == strata


class TestPValues:
    def test_are_those_of_a_plain_loop(self) -> None:
        rows = guessing(np.full(30, 4), 2, skill=0.8)
        predicted = rows.probabilities.argmax(axis=1)

        def figures(truth: IntArray) -> list[float]:
            return [
                reference.accuracy_score(truth, predicted),
                reference.balanced_accuracy_score(truth, predicted),
                reference.f1_score(truth, predicted, average="macro", labels=np.unique(truth)),
                reference.matthews_corrcoef(truth, predicted),
            ]

        seen = np.array(figures(rows.y_true))
        others = np.array([figures(dealt) for dealt in dealings(rows, PARAMS.permutations, PARAMS.seed)])
        expected = (1 + (others >= seen - 1e-9).sum(axis=0)) / 200
        assert 0.005 < expected.min() < 1
        assert permutation_test(rows, PARAMS).figures == pytest.approx(
            dict(zip(TESTED, expected, strict=True))
        )

    def test_a_model_that_always_says_the_same_is_as_good_on_any_labels(self) -> None:
        sizes = uneven(1)
        rows = guessing(sizes, 1)
        # The frequent class is that of the large groups: dealt out blindly, it would shrink.
        largest = np.argsort(np.argsort(-sizes, kind="stable"))
        y_true = np.where(largest < 8, 0, 1 + largest % 3)[rows.groups]
        said = np.tile([0.9, 0.04, 0.03, 0.03], (len(rows), 1))
        test = permutation_test(rows_of(sizes, y_true, said), PARAMS)
        assert set(test.figures.values()) == {1.0}
        assert test.together == 1

    def test_a_model_that_hears_is_told_from_one_that_guesses(self) -> None:
        test = permutation_test(guessing(uneven(2), 2, skill=4.0), PARAMS)
        assert set(test.figures.values()) == {1 / 200}
        assert test.together == 1 / 200

    def test_a_hit_on_a_group_is_one_hit(self) -> None:
        """Four groups of fifty, all right: one in twenty-four, however many recordings they hold."""
        y_true = np.repeat(np.arange(4), 50)
        rows = rows_of(np.full(4, 50), y_true, np.eye(4)[y_true])
        assert permutation_test(rows, EvaluateParams()).figures["accuracy"] == pytest.approx(1 / 24, abs=0.02)

    def test_are_the_same_on_every_run(self) -> None:
        rows = guessing(uneven(3), 3, skill=0.5)
        assert permutation_test(rows, PARAMS) == permutation_test(rows, PARAMS)

    def test_one_class_alone_shows_nothing(self) -> None:
        rows = rows_of(np.full(10, 3), np.zeros(30), np.eye(4)[np.zeros(30, dtype=np.int64)])
        assert permutation_test(rows, PARAMS).together == 1

    @pytest.mark.parametrize("of_one_label", [True, False], ids=["groups of one label", "of any"])
    @pytest.mark.parametrize("even", [True, False])
    def test_guessing_seldom_looks_like_more(self, *, of_one_label: bool, even: bool) -> None:
        tests = [
            permutation_test(
                guessing(np.full(30, 4) if even else uneven(seed), seed, of_one_label=of_one_label), PARAMS
            )
            for seed in range(150)
        ]
        for name in TESTED:
            assert np.mean([test.figures[name] <= 0.05 for test in tests]) < 0.11, name
        assert np.mean([test.together <= 0.05 for test in tests]) < 0.11
        assert np.mean([test.together <= 0.5 for test in tests]) > 0.35  # neither is it shy


class TestParams:
    def test_permutations_that_can_show_nothing_are_refused(self) -> None:
        with pytest.raises(ValidationError, match="Raise permutations to 99"):
            EvaluateParams(confidence=0.99, permutations=98)
        assert EvaluateParams(confidence=0.99, permutations=99).level == pytest.approx(0.01)
        assert EvaluateParams(confidence=0.999).permutations == 1000
