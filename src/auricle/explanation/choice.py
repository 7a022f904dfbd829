"""Which answers of a model are explained."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from auricle.corpora.labels import LabelParams
from auricle.evaluation.kinds import Config
from auricle.evaluation.label_rows import label_rows, with_kept_thresholds
from auricle.evaluation.scored import scored_rows
from auricle.explanation.params import ExplainParams
from auricle.models.bundle import labels_of


@dataclass(frozen=True)
class Choice:
    """A recording to explain.

    Attributes:
        recording_id: of the manifest.
        path: relative to the folder of recordings.
        label: the truth; of several labels what was said, where it was right, else all that is true.
        predicted: what the model said of the whole recording.
        confidence: how sure it was.
    """

    recording_id: str
    path: str
    label: str
    predicted: str
    confidence: float


def choose(
    predictions: pd.DataFrame, manifest: pd.DataFrame, params: ExplainParams, config: Config | None = None
) -> list[Choice]:
    """The surest right and wrong answers of each class, in turn, from the recordings that are judged.

    Of several labels, an answer is a label that was said, each by itself.

    Args:
        predictions: of the model.
        manifest: of the corpus.
        params: how many.
        config: `config.json` of the bundle; one class a recording where None.
    """
    labels = labels_of(config or {})
    table = (
        _said(predictions, manifest, labels, config or {})
        if labels.is_multi
        else _named(predictions, manifest)
    )
    paths = manifest[manifest["status"] == "ok"].set_index("recording_id")["path"]
    table = table.sort_values(["confidence", "recording_id"], ascending=[False, True])
    table["turn"] = table.groupby(["class", "is_right"]).cumcount()
    wanted = table["turn"] < np.where(table["is_right"], params.right, params.wrong)
    chosen = table[wanted].sort_values(["turn", "class", "is_right"], ascending=[True, True, False])
    chosen = chosen.head(params.most)
    columns = (chosen[name].tolist() for name in ("recording_id", "label", "predicted", "confidence"))
    return [
        Choice(recording_id, str(paths[recording_id]), label, predicted, confidence)
        for recording_id, label, predicted, confidence in zip(*columns, strict=True)
    ]


def _named(predictions: pd.DataFrame, manifest: pd.DataFrame) -> pd.DataFrame:
    rows = scored_rows(predictions, manifest)
    names = np.array(rows.vocabulary, dtype=object)
    predicted = rows.probabilities.argmax(axis=1)
    return pd.DataFrame(
        {
            "recording_id": rows.ids,
            "label": names[rows.y_true],
            "class": names[rows.y_true],
            "predicted": names[predicted],
            "confidence": rows.probabilities.max(axis=1),
            "is_right": predicted == rows.y_true,
        }
    )


def _said(
    predictions: pd.DataFrame, manifest: pd.DataFrame, labels: LabelParams, config: Config
) -> pd.DataFrame:
    # The answers are the bundle's own, also where it was asked anew: so are the thresholds.
    rows = with_kept_thresholds(label_rows(predictions, manifest, labels), config)
    recordings, said = np.nonzero(rows.said)
    names = np.array(rows.vocabulary, dtype=object)
    is_right = rows.y_true[recordings, said]
    truth = np.array([", ".join(names[true]) for true in rows.y_true], dtype=object)
    return pd.DataFrame(
        {
            "recording_id": rows.ids[recordings],
            "label": np.where(is_right, names[said], truth[recordings]),
            "class": names[said],
            "predicted": names[said],
            "confidence": rows.probabilities[recordings, said],
            "is_right": is_right,
        }
    )
