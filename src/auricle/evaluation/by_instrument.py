"""Figures of each instrument of a study whose manifest names them, and what is confused within each."""

import numpy as np
import pandas as pd

from auricle.evaluation.beside_majority import beside_majority
from auricle.evaluation.claims import no_claim
from auricle.evaluation.confusions import most_confused
from auricle.evaluation.kinds import Json
from auricle.evaluation.metrics import confusion_counts
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.scored import Scored, training_labels

CONFUSIONS = 3  # of each instrument


def by_instrument(rows: Scored, manifest: pd.DataFrame, params: EvaluateParams) -> list[Json]:
    """Each instrument among the judged recordings, by name; nothing where the manifest names none.

    The majority beside the figures is that of the instrument's own training recordings: it has heard nothing,
    but knows the instrument. Where the instrument is in no training recording, it is that of all.

    Args:
        rows: The judged rows.
        manifest: The corpus.
        params: See `EvaluateParams`.

    Returns:
        Per instrument `instrument`, `recordings`, `groups`, `classes` (how many occur), `claim` and `reason`,
        the figures of `beside_majority`, and `confusions`: the most frequent ones as `truth`, `predicted`,
        `count` and `support` (the recordings of the true class).
    """
    if "instrument" not in manifest:
        return []
    usable = manifest[(manifest["status"] == "ok") & manifest["instrument"].notna()]
    named = pd.Series(usable["instrument"].to_numpy(object), index=usable["recording_id"].to_numpy(object))
    of_rows = named.reindex(rows.ids).to_numpy(object)
    found = []
    for instrument in sorted(set(of_rows[~pd.isna(of_rows)])):
        part = rows.take(np.asarray(of_rows == instrument, dtype=np.bool_))
        training = training_labels(usable[usable["instrument"] == instrument])
        reason = no_claim(len(part), part.n_groups, params)
        entry: Json = {
            "instrument": str(instrument),
            "recordings": len(part),
            "groups": part.n_groups,
            "classes": len(np.unique(part.y_true)),
            "claim": reason is None,
            "reason": reason,
        }
        known = training if len(training) else training_labels(manifest)
        figures = beside_majority(part, known, params, claim=reason is None)
        counts = confusion_counts(part)
        confused = most_confused(part.vocabulary, counts, counts.sum(axis=1), CONFUSIONS)
        found.append(entry | figures | {"confusions": confused})
    return found
