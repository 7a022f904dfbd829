"""What models said of single recordings."""

from dataclasses import dataclass

import numpy as np

from auricle.evaluation.label_rows import LabelRows
from auricle.evaluation.scored import Scored


@dataclass(frozen=True)
class Opinion:
    """What one model said of a recording.

    Attributes:
        model: Of the study.
        predicted: Its class; of several labels those that it said wrongly (+) or missed (-).
        confidence: How probable it found its class; of several labels, how sure it was of its worst mistake,
            or of the label that it was least sure of.
        probability_of_truth: How probable it found the true class, or the truth about that label.
        right: Whether it made no mistake.
    """

    model: str
    predicted: str
    confidence: float
    probability_of_truth: float
    right: bool

    @property
    def margin(self) -> float:
        """How much more it believed its answer than the truth; not above 0 where it was right."""
        return self.confidence - self.probability_of_truth


def opinions_on_class(model: str, rows: Scored) -> dict[str, Opinion]:
    """What a model said of each recording of one class."""
    predicted = rows.probabilities.argmax(axis=1)
    return {
        str(rows.ids[i]): Opinion(
            model=model,
            predicted=rows.vocabulary[predicted[i]],
            confidence=float(rows.probabilities[i, predicted[i]]),
            probability_of_truth=float(rows.probabilities[i, rows.y_true[i]]),
            right=bool(predicted[i] == rows.y_true[i]),
        )
        for i in range(len(rows))
    }


def opinions_on_labels(model: str, rows: LabelRows) -> dict[str, Opinion]:
    """What a model said of each recording of several labels."""
    said, of_truth = rows.said, np.where(rows.y_true, rows.probabilities, 1 - rows.probabilities)
    found = {}
    for i in range(len(rows)):
        wrong = np.flatnonzero(said[i] != rows.y_true[i])
        signed = [f"{'+' if said[i, label] else '−'}{rows.vocabulary[label]}" for label in wrong]
        least = float(of_truth[i, wrong].min() if len(wrong) else of_truth[i].min())
        found[str(rows.ids[i])] = Opinion(
            model=model,
            predicted=" ".join(signed),
            confidence=1 - least if len(wrong) else least,
            probability_of_truth=least,
            right=not len(wrong),
        )
    return found
