"""The confusion matrix as rows of a table: themable, and readable without eyes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from auricle.evaluation.confusions import most_confused

Json = dict[str, Any]

CONFUSION_LIMIT = 30
NAMED = 3  # pairs below the table


def confusion_view(metrics: Json) -> Json:
    """Rows of the confusion matrix and the pairs confused most."""
    confusion = metrics["confusion"]
    labels: list[str] = confusion["labels"]
    counts: list[list[int]] = confusion["counts"]
    support: list[int] = confusion["support"]
    small = len(labels) <= CONFUSION_LIMIT
    if "worst" in confusion:
        worst = confusion["worst"][:NAMED]
    else:  # metrics of before they were told
        worst = most_confused(labels, np.asarray(counts), np.asarray(support), NAMED)
    return {
        "labels": labels,
        "rows": [_confusion_row(i, labels, counts[i], support[i]) for i in range(len(labels))]
        if small
        else [],
        "worst": worst,
    }


def _confusion_row(index: int, labels: Sequence[str], counts: Sequence[int], support: int) -> Json:
    total = max(support, 1)
    cells = []
    for column, count in enumerate(counts):
        part = count / total
        # Letters change colour to stay readable: at a darker cell on light pages than on dark ones.
        marks = (
            "warm" if part > 0.58 else "",
            "hot" if part > 0.85 else "",
            "nil" if not count else "",
            "truth" if column == index else "",
        )
        cells.append(
            {
                "label": labels[column],
                "count": count,
                "share": part,
                "classes": " ".join(mark for mark in marks if mark),
            }
        )
    return {"label": labels[index], "cells": cells}
