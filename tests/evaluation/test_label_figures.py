"""Figures of several labels: scikit-learn's, for any weights on the groups."""

import numpy as np
import pytest
from label_samples import NAMES, make_rows
from sklearn import metrics

from auricle.evaluation.label_metrics import LabelFigures, chance_precision, said_of
from auricle.evaluation.label_rows import LabelRows


def reference(rows: LabelRows) -> dict[str, float]:
    """The same figures by scikit-learn."""
    truth, said, scores = rows.y_true.astype(int), rows.said.astype(int), rows.probabilities
    return {
        "mean_average_precision": metrics.average_precision_score(truth, scores, average="macro"),
        "micro_average_precision": metrics.average_precision_score(truth, scores, average="micro"),
        "roc_auc": metrics.roc_auc_score(truth, scores, average="macro"),
        "micro_roc_auc": metrics.roc_auc_score(truth, scores, average="micro"),
        "macro_f1": metrics.f1_score(truth, said, average="macro"),
        "micro_f1": metrics.f1_score(truth, said, average="micro"),
        "samples_f1": metrics.f1_score(truth, said, average="samples", zero_division=1.0),
        "jaccard": metrics.jaccard_score(truth, said, average="samples", zero_division=1.0),
        "hamming_loss": metrics.hamming_loss(truth, said),
        "coverage_error": metrics.coverage_error(truth, scores),
        "label_ranking_precision": metrics.label_ranking_average_precision_score(truth, scores),
        "label_ranking_loss": metrics.label_ranking_loss(truth, scores),
        "log_loss": np.mean([metrics.log_loss(truth[:, i], scores[:, i]) for i in range(truth.shape[1])]),
    }


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_are_those_of_scikit_learn(seed: int, ties: bool) -> None:
    rows = make_rows(seed=seed, ties=ties)
    found = LabelFigures(rows)()
    for name, value in reference(rows).items():
        assert found[name][0] == pytest.approx(value, abs=1e-5), name


def test_a_resample_gives_what_its_rows_give() -> None:
    rows = make_rows(ties=True)
    counts = np.random.default_rng(0).multinomial(rows.n_groups, np.full(rows.n_groups, 1 / rows.n_groups))
    drawn = np.concatenate(
        [np.flatnonzero(rows.groups == group) for group in np.repeat(np.arange(25), counts)]
    )
    weighted = LabelFigures(rows)(counts[:, None].astype(np.float32))
    for name, value in reference(rows.take(drawn)).items():
        assert weighted[name][0] == pytest.approx(value, abs=1e-5), name


def test_the_calibration_error_is_the_mean_over_labels() -> None:
    rows = make_rows()
    errors = []
    for label in range(len(NAMES)):
        scores, true = rows.probabilities[:, label], rows.y_true[:, label]
        bins = np.clip(np.ceil(scores * 10) - 1, 0, 9)
        errors.append(sum(abs((scores - true)[bins == b].sum()) for b in range(10)) / len(rows))
    found = LabelFigures(rows, bins=10)()
    assert found["class_ece"][:, 0] == pytest.approx(errors)
    assert found["ece"][0] == pytest.approx(np.mean(errors))


def test_a_label_that_nobody_has_counts_in_no_mean() -> None:
    rows = make_rows()
    truth = rows.y_true.copy()
    truth[:, 3] = False
    without = LabelFigures(LabelRows(**{**vars(rows), "y_true": truth}))()
    assert np.isnan(without["average_precision"][3, 0])
    kept = (
        reference(rows)["roc_auc"],
        metrics.average_precision_score(truth[:, :3], rows.probabilities[:, :3]),
    )
    assert without["mean_average_precision"][0] == pytest.approx(kept[1])


def test_chance_is_what_random_rankings_have_on_average() -> None:
    random = np.random.default_rng(0)
    truth = np.zeros(40, dtype=int)
    truth[:3] = 1
    found = np.mean([metrics.average_precision_score(truth, random.random(40)) for _ in range(4000)])
    assert chance_precision(np.array([[3.0]]), np.array([40]))[0, 0] == pytest.approx(found, abs=0.004)


def test_what_is_said_of_what() -> None:
    rows = make_rows(n=40)
    table = said_of(rows)
    assert table[1, 1] == (rows.said[:, 1] & rows.y_true[:, 1]).sum()
    assert table[0, 2] == (rows.y_true[:, 0] & rows.said[:, 2] & ~rows.y_true[:, 2]).sum()
