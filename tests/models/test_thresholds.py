"""Thresholds: the best that there are on the rows that they are chosen by."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_recall_curve, precision_score, recall_score

from auricle.corpora.labels import MULTI, LabelParams
from auricle.models.thresholds import NEVER, choose_thresholds

F1 = LabelParams(problem_type=MULTI)
FLOOR = LabelParams(problem_type=MULTI, threshold="precision", precision_floor=0.8)


def rows(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores of 60 recordings for three labels, with ties, and which they have."""
    random = np.random.default_rng(seed)
    truth = random.random((60, 3)) < (0.1, 0.4, 0.8)
    scores = np.round(np.clip(0.3 * truth + random.random((60, 3)) * 0.7, 0, 1), 2)
    return scores, truth


def at_every_threshold(true: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Precision and recall at each score that there is; nothing else is a threshold of its own."""
    precision, recall, _ = precision_recall_curve(true, scores)
    return precision[:-1], recall[:-1]  # the last point is none: nothing said


@pytest.mark.parametrize("seed", range(5))
def test_no_other_threshold_has_a_better_f1(seed: int) -> None:
    scores, truth = rows(seed)
    chosen = choose_thresholds(scores, truth, F1)
    for label, threshold in enumerate(chosen):
        precision, recall = at_every_threshold(truth[:, label], scores[:, label])
        best = np.max(2 * precision * recall / np.maximum(precision + recall, 1e-12))
        assert f1_score(truth[:, label], scores[:, label] >= threshold) == pytest.approx(best)


@pytest.mark.parametrize("seed", range(5))
def test_the_floor_is_kept_with_the_best_recall(seed: int) -> None:
    scores, truth = rows(seed)
    for label, threshold in enumerate(choose_thresholds(scores, truth, FLOOR)):
        said = scores[:, label] >= threshold
        precision, recall = at_every_threshold(truth[:, label], scores[:, label])
        assert precision_score(truth[:, label], said, zero_division=1.0) >= 0.8
        best = np.max(recall[precision >= 0.8], initial=0.0)
        assert recall_score(truth[:, label], said) == pytest.approx(best)


def test_a_floor_out_of_reach_silences_the_label() -> None:
    scores = np.array([[0.9], [0.8], [0.7], [0.1]])
    assert choose_thresholds(scores, np.array([[False], [True], [False], [False]]), FLOOR).tolist() == [NEVER]


def test_a_label_that_is_never_said_is_not_even_said_where_the_model_is_certain() -> None:
    scores = np.array([[1.0], [0.8], [0.7], [0.1]])
    (never,) = choose_thresholds(scores, np.array([[False], [True], [False], [False]]), FLOOR)
    assert not (scores >= never).any()


def test_what_a_model_gives_no_chance_is_not_said_of_everything() -> None:
    scores = np.array([[0.0, 0.0], [0.0, 0.3], [0.0, 0.0]])
    truth = np.array([[True, True], [False, False], [True, True]])
    assert (choose_thresholds(scores, truth, F1) > 0).all()


def test_a_label_that_none_or_all_have_keeps_one_half() -> None:
    scores = np.array([[0.2, 0.9], [0.1, 0.8]])
    assert choose_thresholds(scores, np.array([[False, True], [False, True]]), F1).tolist() == [0.5, 0.5]


def test_a_threshold_lies_between_two_probabilities() -> None:
    scores = np.array([[0.9], [0.6], [0.2], [0.1]])
    assert choose_thresholds(scores, np.array([[True], [True], [False], [False]]), F1) == pytest.approx([0.4])
