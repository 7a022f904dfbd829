"""All counts of a few classes, and of many the pairs that are confused most, so that metrics stay small."""

import json
from typing import Any

import numpy as np
import pytest

from auricle.evaluation.confusions import MOST_COUNTED, PAIRS, confusion_facts
from auricle.evaluation.plots import confusion_figure
from auricle.evaluation.report_confusion import confusion_view


def confused(classes: int) -> dict[str, Any]:
    """Each class is taken for the next one, the later the oftener, and is right a hundred times."""
    counts = np.diag(np.full(classes, 100)) + np.diag(np.arange(1, classes), k=1)
    return confusion_facts([f"c{i}" for i in range(classes)], counts, counts.sum(axis=1))


class TestFacts:
    def test_of_a_few_classes_hold_every_count(self) -> None:
        facts = confused(3)
        assert facts["counts"] == [[100, 1, 0], [0, 100, 2], [0, 0, 100]]
        assert facts["worst"] == [
            {"truth": "c1", "predicted": "c2", "count": 2, "support": 102},
            {"truth": "c0", "predicted": "c1", "count": 1, "support": 101},
        ]

    def test_of_hundreds_grow_with_the_classes_and_not_with_their_square(self) -> None:
        facts = confused(400)
        assert facts["counts"] is None
        assert len(facts["worst"]) == PAIRS
        assert facts["worst"][0]["count"] == 399
        assert len(json.dumps(facts)) < 10_000

    def test_are_drawn_and_shown_of_any_number(self) -> None:
        for classes in (3, MOST_COUNTED, MOST_COUNTED + 1):
            metrics = {"confusion": confused(classes)}
            assert confusion_figure(metrics) is not None
            assert confusion_view(metrics)["worst"][0]["count"] == classes - 1
        assert confusion_view({"confusion": confused(400)})["rows"] == []

    @pytest.mark.parametrize("classes", [3, 100])
    def test_of_before_pairs_were_told_can_still_be_shown(self, classes: int) -> None:
        facts = confused(classes)
        counts = np.diag(np.full(classes, 100)) + np.diag(np.arange(1, classes), k=1)
        old = {"labels": facts["labels"], "counts": counts.tolist(), "support": facts["support"]}
        assert confusion_view({"confusion": old})["worst"] == facts["worst"][:3]
