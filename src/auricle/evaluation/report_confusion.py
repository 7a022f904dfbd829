"""The confusion matrix as rows of a table: themable, and readable without eyes."""

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]

CONFUSION_LIMIT = 30


def confusion_view(metrics: Json) -> Json:
    """Rows of the confusion matrix and the pairs confused most."""
    labels: list[str] = metrics["confusion"]["labels"]
    counts: list[list[int]] = metrics["confusion"]["counts"]
    support: list[int] = metrics["confusion"]["support"]
    confused = sorted(
        (-counts[i][j], labels[i], labels[j])
        for i in range(len(labels))
        for j in range(len(labels))
        if i != j and counts[i][j]
    )
    small = len(labels) <= CONFUSION_LIMIT
    return {
        "labels": labels,
        "rows": [_confusion_row(i, labels, counts[i], support[i]) for i in range(len(labels))]
        if small
        else [],
        "worst": [{"truth": t, "predicted": p, "count": -n} for n, t, p in confused[:3]],
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
