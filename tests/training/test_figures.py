"""What training chooses an epoch by is what the report says of it."""

import numpy as np
import pytest

from auricle.evaluation.metrics import count_figures
from auricle.training.data import Subset
from auricle.training.scoring import figures


def test_a_class_that_does_not_occur_neither_helps_nor_harms() -> None:
    """A rare class may be named of one among few validation notes, and be true of none."""
    truth = np.array([0, 0, 1, 1])
    probabilities = np.array([[0.8, 0.1, 0.1], [0.1, 0.1, 0.8], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1]], np.float32)
    said = probabilities.argmax(axis=1)
    support, predicted, hits = (np.bincount(of, minlength=3) for of in (truth, said, truth[truth == said]))
    reported = count_figures(*(counts[:, None].astype(float) for counts in (support, predicted, hits)))
    found = figures(probabilities, Subset(np.array(list("abcd"), dtype=object), truth))
    assert found["macro_f1"] == pytest.approx(float(reported["macro_f1"][0])) == pytest.approx(5 / 6)
    assert found["accuracy"] == pytest.approx(float(reported["accuracy"][0])) == pytest.approx(0.75)
