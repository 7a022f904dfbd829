"""The figures agree with scikit-learn, and stay defined where a class is absent."""

import numpy as np
import pytest
from scored_samples import make_scored
from sklearn import metrics as reference

from auricle.evaluation.metrics import GroupFigures, confusion_counts
from auricle.evaluation.scored import Scored


class TestFiguresAgreeWithScikitLearn:
    @pytest.fixture(params=[False, True], ids=["continuous", "tied"])
    def scored(self, request: pytest.FixtureRequest) -> Scored:
        return make_scored(ties=request.param)

    def test_of_predicted_classes(self, scored: Scored) -> None:
        figures = GroupFigures(scored)()
        predicted = scored.probabilities.argmax(axis=1)
        expected = {
            "accuracy": reference.accuracy_score(scored.y_true, predicted),
            "balanced_accuracy": reference.balanced_accuracy_score(scored.y_true, predicted),
            "macro_f1": reference.f1_score(scored.y_true, predicted, average="macro"),
            "mcc": reference.matthews_corrcoef(scored.y_true, predicted),
        }
        assert {name: figures[name][0] for name in expected} == pytest.approx(expected)

    def test_of_probabilities(self, scored: Scored) -> None:
        figures = GroupFigures(scored)()
        expected_auc = reference.roc_auc_score(scored.y_true, scored.probabilities, multi_class="ovr")
        assert figures["roc_auc"][0] == pytest.approx(expected_auc)
        floored = np.clip(scored.probabilities[np.arange(len(scored)), scored.y_true], 2**-23, 1)
        assert figures["log_loss"][0] == pytest.approx(-np.log(floored).mean())

    def test_top_k(self) -> None:
        scored = make_scored()
        expected = reference.top_k_accuracy_score(scored.y_true, scored.probabilities, k=2)
        assert GroupFigures(scored, top_k=2)()["top_k_accuracy"][0] == pytest.approx(expected)

    def test_per_class(self, scored: Scored) -> None:
        figures = GroupFigures(scored)()
        expected = reference.precision_recall_fscore_support(
            scored.y_true, scored.probabilities.argmax(axis=1)
        )
        for name, values in zip(("precision", "recall", "f1", "support"), expected, strict=True):
            np.testing.assert_allclose(figures[name][:, 0], values)

    def test_confusion_matrix(self, scored: Scored) -> None:
        expected = reference.confusion_matrix(scored.y_true, scored.probabilities.argmax(axis=1))
        np.testing.assert_array_equal(confusion_counts(scored), expected)


class TestWeightsOnGroups:
    """A weight is how often a group is in a resample: figures must be those of the repeated rows."""

    def test_equal_repeating_the_rows(self) -> None:
        scored = make_scored(ties=True)
        counts = np.random.default_rng(1).integers(0, 4, scored.n_groups)
        repeated = scored.take(np.repeat(np.arange(len(scored)), counts[scored.groups]))
        weighted = GroupFigures(scored)(counts[:, None].astype(np.float32))
        plain = GroupFigures(repeated)()
        for name, values in plain.items():
            np.testing.assert_allclose(weighted[name], values, err_msg=name)

    def test_samples_are_independent_columns(self) -> None:
        scored = make_scored()
        weights = np.random.default_rng(2).integers(0, 3, (scored.n_groups, 5)).astype(np.float32)
        together = GroupFigures(scored)(weights)
        alone = GroupFigures(scored)(weights[:, 3:4])
        for name, values in alone.items():
            np.testing.assert_allclose(together[name][..., 3:4], values, err_msg=name)


class TestAbsentClasses:
    def test_a_class_without_rows_has_no_figures_and_no_say(self) -> None:
        scored = make_scored()
        rest = scored.take(scored.y_true != 2)
        figures = GroupFigures(rest)()
        assert np.isnan([figures[name][2, 0] for name in ("recall", "f1", "class_roc_auc")]).all()
        predicted = rest.probabilities.argmax(axis=1)
        present = [0, 1, 3]
        assert figures["balanced_accuracy"][0] == pytest.approx(
            reference.recall_score(rest.y_true, predicted, labels=present, average="macro")
        )
        assert figures["macro_f1"][0] == pytest.approx(
            reference.f1_score(rest.y_true, predicted, labels=present, average="macro")
        )

    def test_one_class_only_has_no_auc(self) -> None:
        scored = make_scored()
        figures = GroupFigures(scored.take(scored.y_true == 1))()
        assert np.isnan(figures["roc_auc"][0])
        assert np.isfinite(figures["accuracy"][0])

    def test_a_class_that_is_never_predicted_has_precision_zero(self) -> None:
        scored = make_scored()
        probabilities = scored.probabilities.copy()
        probabilities[:, 0] = 0
        figures = GroupFigures(scored.with_probabilities(probabilities))()
        assert figures["precision"][0, 0] == 0


class TestCalibrationError:
    def test_equals_its_definition(self) -> None:
        scored = make_scored()
        confidence = scored.probabilities.max(axis=1)
        hits = scored.probabilities.argmax(axis=1) == scored.y_true
        expected = 0.0
        for lower in np.arange(10) / 10:
            inside = (confidence > lower) & (confidence <= lower + 0.1)
            if inside.any():
                expected += inside.mean() * abs(hits[inside].mean() - confidence[inside].mean())
        assert GroupFigures(scored, bins=10)()["ece"][0] == pytest.approx(expected)
