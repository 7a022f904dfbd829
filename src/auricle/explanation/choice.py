"""Which answers of a model are explained."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from auricle.evaluation.scored import scored_rows
from auricle.explanation.params import ExplainParams


@dataclass(frozen=True)
class Choice:
    """A recording to explain.

    Attributes:
        recording_id: of the manifest.
        path: relative to the folder of recordings.
        label: the truth.
        predicted: what the model said of the whole recording.
        confidence: how sure it was.
    """

    recording_id: str
    path: str
    label: str
    predicted: str
    confidence: float


def choose(predictions: pd.DataFrame, manifest: pd.DataFrame, params: ExplainParams) -> list[Choice]:
    """The surest right and wrong answers of each class, in turn, from the recordings that are judged."""
    rows = scored_rows(predictions, manifest)
    predicted = rows.probabilities.argmax(axis=1)
    paths = manifest[manifest["status"] == "ok"].set_index("recording_id")["path"]
    table = pd.DataFrame(
        {
            "recording_id": rows.ids,
            "label": [rows.vocabulary[index] for index in rows.y_true],
            "predicted": [rows.vocabulary[index] for index in predicted],
            "confidence": rows.probabilities.max(axis=1),
        }
    )
    table["is_right"] = table["label"] == table["predicted"]
    table = table.sort_values(["confidence", "recording_id"], ascending=[False, True])
    table["turn"] = table.groupby(["label", "is_right"]).cumcount()
    wanted = table["turn"] < np.where(table["is_right"], params.right, params.wrong)
    chosen = table[wanted].sort_values(["turn", "label", "is_right"], ascending=[True, True, False])
    chosen = chosen.head(params.most)
    columns = (chosen[name].tolist() for name in ("recording_id", "label", "predicted", "confidence"))
    return [
        Choice(recording_id, str(paths[recording_id]), label, predicted, confidence)
        for recording_id, label, predicted, confidence in zip(*columns, strict=True)
    ]
