"""The recordings that a model may be looked at with: those that it was judged on and did not learn from."""

import numpy as np
import pandas as pd

from auricle.evaluation.kinds import Config
from auricle.evaluation.label_rows import label_rows
from auricle.evaluation.scored import scored_rows
from auricle.models.bundle import labels_of


def judged_recordings(
    predictions: pd.DataFrame, manifest: pd.DataFrame, config: Config, *, is_folded: bool
) -> pd.DataFrame:
    """Judged recordings with their true labels, in the order of the predictions.

    Args:
        predictions: of the model.
        manifest: of the corpus.
        config: `config.json` of the bundle.
        is_folded: whether the model was trained under cross-validation. The model in the bundle learned from
            all folds but the first then, so that only recordings of the first are taken.

    Returns:
        `recording_id`, `path`, `duration_s`, `group`, `primary`, the manifest's `label`, which the model may
        not know, and `labels`, a tuple of what is true of it, the implied ones too.

    Raises:
        CorpusError: no recording is judged, or predictions and manifest contradict each other.
    """
    labels = labels_of(config)
    rows = (
        label_rows(predictions, manifest, labels) if labels.is_multi else scored_rows(predictions, manifest)
    )
    if is_folded:
        rows = rows.take(rows.folds == 0)
    names = np.array(rows.vocabulary, dtype=object)
    truth = np.stack([rows.having(index) for index in range(len(names))], axis=1)
    corpus = manifest[manifest["status"] == "ok"].set_index("recording_id").loc[list(rows.ids)]
    facts = corpus[["path", "duration_s", "group", "label"]].rename_axis("recording_id").reset_index()
    facts = facts.rename(columns={"label": "primary"})
    facts["labels"] = pd.Series([tuple(names[true]) for true in truth], dtype=object)
    return facts


def in_turn(recordings: pd.DataFrame, count: int) -> pd.DataFrame:
    """The first recordings of each label, then the second ones, until there are so many.

    Args:
        recordings: of `judged_recordings`, the preferred ones first.
        count: how many at most.
    """
    # An empty tuple becomes a missing label, which is a label of its own here.
    by_label = recordings[["labels"]].explode("labels").fillna({"labels": ""})
    turn = by_label.groupby("labels").cumcount()
    order = by_label.assign(turn=turn).sort_values(["turn", "labels"], kind="stable")
    return recordings.loc[order.index.unique()[:count]]


def primary_labels(recordings: pd.DataFrame) -> list[str]:
    """One label of each recording: its primary one, or the most common of its labels where that is not known.

    Args:
        recordings: of `judged_recordings`.

    Returns:
        A label for each, "" where none of its labels is known.
    """
    counts = recordings["labels"].explode().value_counts().to_dict()
    return [
        primary if primary in labels else max(sorted(labels), key=counts.__getitem__, default="")
        for primary, labels in zip(recordings["primary"], recordings["labels"], strict=True)
    ]
