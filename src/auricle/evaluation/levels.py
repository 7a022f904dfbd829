"""Studies of one class each whose labels have a hierarchy: figures of every level, and what is nearly right.

A level takes the classes together that share their ancestor there; its probabilities are their sums. A label
that lies above a level, because its branch ends earlier, stands there for itself. So each class belongs to
just one label of every level, and on the last one the classes are as the model knows them.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from auricle.corpora.labels import LabelParams, depth_of, label_at
from auricle.evaluation.baseline import majority_label, majority_rows
from auricle.evaluation.beside_majority import beside_majority
from auricle.evaluation.kinds import Json
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.rows import BoolArray, IntArray
from auricle.evaluation.scored import Scored
from auricle.evaluation.shares import share_figures

RIGHT, NEARLY, WRONG = "right", "nearly_right", "wrong"


def at_level(rows: Scored, level: int, parents: Mapping[str, str]) -> Scored:
    """The same rows over the labels of a level, each as probable as its classes together."""
    names = [label_at(label, level, parents) for label in rows.vocabulary]
    vocabulary = tuple(dict.fromkeys(names))
    places = np.array([vocabulary.index(name) for name in names], dtype=np.int64)
    belongs = (places[:, None] == np.arange(len(vocabulary))).astype(np.float64)
    return replace(
        rows, vocabulary=vocabulary, probabilities=rows.probabilities @ belongs, y_true=places[rows.y_true]
    )


def level_figures(
    rows: Scored, training: pd.DataFrame, labels: LabelParams, params: EvaluateParams
) -> list[Json]:
    """Figures of each level, the top first; nothing where the hierarchy is flat.

    What is said of a level is its label with the largest sum, which need not be the ancestor of the most
    probable class.

    Args:
        rows: The judged rows, over the classes.
        training: See `scored.training_labels`; the majority of a level is that of its labels there.
        labels: The hierarchy, and what its levels are called.
        params: See `EvaluateParams`.

    Returns:
        Per level `level`, `name`, `labels`, `majority_label` and the figures of `beside_majority`.
    """
    depth = depth_of(rows.vocabulary, labels.parents)
    found = []
    for level in range(1, depth + 1) if depth > 1 else ():
        here = at_level(rows, level, labels.parents)
        known = training.assign(label=[label_at(name, level, labels.parents) for name in training["label"]])
        entry: Json = {
            "level": level,
            "name": labels.level_name(level),
            "labels": list(here.vocabulary),
            "majority_label": majority_label(here, known),
        }
        claim = rows.n_groups >= params.min_groups_for_claim
        found.append(entry | beside_majority(here, known, params, claim=claim))
    return found


def nearness(
    rows: Scored, training: pd.DataFrame, labels: LabelParams, params: EvaluateParams
) -> Json | None:
    """The shares of recordings that are right, nearly right and wrong; None where the hierarchy is flat.

    Nearly right is a wrong class whose label on the last level but one is the true one: a wrong specific
    under the right aspect. Since a label above a level stands there for itself, a class that has no other
    below or beside it on the last level is right or wrong, and never nearly right; the true class's own
    parent, said in its stead, is nearly right where it is on the last level but one.

    Returns:
        `level` (the name of the last level but one), and for `right`, `nearly_right` and `wrong` `value`,
        `low`, `high` and `majority`.
    """
    depth = depth_of(rows.vocabulary, labels.parents)
    if depth == 1:
        return None
    above = at_level(rows, depth - 1, labels.parents).vocabulary
    names = [above.index(label_at(label, depth - 1, labels.parents)) for label in rows.vocabulary]
    places = np.array(names, dtype=np.int64)
    outcome = _outcomes(rows, places)
    of_majority = _outcomes(majority_rows(rows, training), places)
    everything = np.ones(len(rows), dtype=np.bool_)
    shares = share_figures(rows, {name: (mask, everything) for name, mask in outcome.items()}, params)
    return {"level": labels.level_name(depth - 1)} | {
        name: entry | {"majority": float(of_majority[name].mean())} for name, entry in shares.items()
    }


def _outcomes(rows: Scored, above: IntArray) -> dict[str, BoolArray]:
    """Which rows are right, nearly right and wrong, by the label above each class [shape=(classes,)]."""
    said = rows.probabilities.argmax(axis=1)
    right = np.asarray(said == rows.y_true)
    nearly = ~right & (above[said] == above[rows.y_true])
    return {RIGHT: right, NEARLY: nearly, WRONG: ~right & ~nearly}
