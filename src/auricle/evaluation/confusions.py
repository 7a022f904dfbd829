"""What is taken for what: all counts of a few classes, and of many the pairs that are confused most."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from auricle.evaluation.rows import IntArray

Json = dict[str, Any]

MOST_COUNTED = 60  # classes; the square of hundreds would be megabytes of zeros
PAIRS = 20  # told of any number of classes


def confusion_facts(labels: Sequence[str], counts: IntArray, support: IntArray) -> Json:
    """Confusions as JSON.

    Args:
        labels: The classes.
        counts: Rows are the truth, columns what was said [shape=(classes, classes)].
        support: Recordings of each class [shape=(classes,)].

    Returns:
        `labels`, `support`, `counts` (None of more than `MOST_COUNTED` classes) and `worst`, see
        `most_confused`.
    """
    return {
        "labels": list(labels),
        "counts": counts.tolist() if len(labels) <= MOST_COUNTED else None,
        "support": support.tolist(),
        "worst": most_confused(labels, counts, support, PAIRS),
    }


def most_confused(labels: Sequence[str], counts: IntArray, support: IntArray, most: int) -> list[Json]:
    """The pairs of classes that are confused most, the most frequent first.

    Returns:
        Per pair `truth`, `predicted`, `count` and `support` (the recordings of the true class).
    """
    pairs = sorted(
        (-int(counts[truth, said]), labels[truth], labels[said], int(support[truth]))
        for truth, said in zip(*np.nonzero(counts), strict=True)
        if truth != said
    )
    return [
        {"truth": truth, "predicted": said, "count": -count, "support": of}
        for count, truth, said, of in pairs[:most]
    ]
