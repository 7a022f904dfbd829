"""Judges notes in passages beside notes by themselves, and says whether their neighbours are worth a look."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.evaluation.baseline import majority_rows
from auricle.evaluation.bootstrap import bootstrap, interval_of
from auricle.evaluation.claims import figure
from auricle.evaluation.differences import BETTER, difference_between
from auricle.evaluation.kinds import Figures, Json
from auricle.evaluation.metrics import GroupFigures
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.scored import Scored
from auricle.evaluation.verdict import interval_text, signed
from auricle.training.note_sequence import Said, TrainedSequence
from auricle.training.passages import Notes

FIGURES = ("macro_f1", "accuracy", "balanced_accuracy", "log_loss")
DECIDED_BY = "macro_f1"
SEQUENCE, NOTE_BY_NOTE, ALONE, MAJORITY = "sequence", "note_by_note", "alone", "majority"
RIVALS = {NOTE_BY_NOTE: "note by note", ALONE: "for the same network without neighbours"}


class Decision(NamedTuple):
    """Whether a sequence model is kept, and why, in a sentence."""

    kept: bool
    reason: str


def judge_sequence(
    trained: TrainedSequence, notes: Notes, learned_labels: "pd.Series[str]", params: EvaluateParams
) -> Json:
    """Figures of notes in passages and by themselves, and the decision that follows from those on validation.

    Kept is what is shown on validation to beat, in macro-F1, what the analyzer says note by note, and the
    same network trained on single notes: what that gains too (another weighing of classes, say) is no reason
    to look at neighbours. Test notes have no say.

    Args:
        trained: with what was said of both.
        notes: that this was said of.
        learned_labels: the classes of the recordings that the analyzer learned from, for the majority.
        params: See `EvaluateParams`.

    Returns:
        `kept`, `reason`, `validation` and `test` (null where there is none): each with `notes`, `groups`,
        `orders`, `figures` (of `sequence`, `note_by_note`, `alone` and `majority`, each figure with `value`,
        `low`, `high`) and `differences` of the first from the next two, with a verdict; `epochs` and
        `epochs_of_folds`; `confidence`, `bootstrap_samples`, and `warnings`.
    """
    validation = _judged(trained.validation, notes, learned_labels, params, split="validation")
    decision = decide(validation, params)
    test = trained.test
    return {
        "kept": decision.kept,
        "reason": decision.reason,
        "validation": validation,
        "test": None if test is None else _judged(test, notes, learned_labels, params, split="test"),
        "epochs": trained.epochs,
        "epochs_of_folds": trained.epochs_of_folds,
        "confidence": params.confidence,
        "bootstrap_samples": params.bootstrap_samples,
        "warnings": _warnings(trained, notes),
    }


def decide(validation: Json, params: EvaluateParams) -> Decision:
    """Whether the model is kept, by its figures on validation."""
    groups = validation["groups"]
    if groups < params.min_groups_for_claim:
        return Decision(
            kept=False,
            reason=f"The notes of validation come from {groups} groups, and nothing is claimed of fewer than"
            f" {params.min_groups_for_claim}.",
        )
    deciding = [entry for entry in validation["differences"] if entry["figure"] == DECIDED_BY]
    lost = [entry for entry in deciding if entry["verdict"] != BETTER]
    told = _told((lost or deciding)[0], validation["figures"], params)
    if lost:
        return Decision(kept=False, reason=f"{told}, which does not show it to be better.")
    return Decision(kept=True, reason=f"{told}.")


def _told(difference: Json, figures: Json, params: EvaluateParams) -> str:
    own, other = (figures[name][DECIDED_BY]["value"] for name in (SEQUENCE, difference["than"]))
    interval = interval_text(difference, difference=True) or "not defined"
    return (
        f"On validation its macro-F1 is {own:.3f}, and {other:.3f} {RIVALS[difference['than']]}: a difference"
        f" of {signed(difference['value'])}, {100 * params.confidence:.0f} % interval {interval}"
    )


def _judged(
    said: Said, notes: Notes, learned_labels: "pd.Series[str]", params: EvaluateParams, split: str
) -> Json:
    sequence = _scored(said.sequence, said, notes, split)
    rows = {
        SEQUENCE: sequence,
        NOTE_BY_NOTE: _scored(said.note_by_note, said, notes, split),
        ALONE: _scored(said.alone, said, notes, split),
        MAJORITY: majority_rows(sequence, pd.DataFrame({"label": learned_labels})),
    }
    tables = {name: GroupFigures(table, with_auc=False) for name, table in rows.items()}
    points = {name: table() for name, table in tables.items()}
    drawn = bootstrap(tables, samples=params.bootstrap_samples, seed=params.seed, rows=sequence.cells)
    claimed = sequence.n_groups >= params.min_groups_for_claim
    return {
        "notes": len(np.unique(said.rows)),
        "groups": sequence.n_groups,
        "orders": len(said.rows) // len(np.unique(said.rows)),
        "figures": {
            name: {key: _figure(key, points[name], drawn[name], params, claimed=claimed) for key in FIGURES}
            for name in rows
        },
        "differences": [
            difference_between((SEQUENCE, other), key, points, drawn, params, claimed=claimed)
            for other in RIVALS
            for key in FIGURES[:2]
        ],
    }


def _scored(probabilities: npt.NDArray[np.float32], said: Said, notes: Notes, split: str) -> Scored:
    exact = probabilities.astype(np.float64)
    return Scored(
        split=split,
        vocabulary=notes.vocabulary,
        ids=notes.ids[said.rows],
        probabilities=exact / exact.sum(axis=1, keepdims=True),
        groups=np.unique(notes.groups[said.rows], return_inverse=True)[1].astype(np.int64),
        folds=np.full(len(said.rows), -1, dtype=np.int64),
        y_true=notes.targets[said.rows],
    )


def _figure(name: str, point: Figures, drawn: Figures, params: EvaluateParams, *, claimed: bool) -> Json:
    value = float(point[name][0])
    return figure(value, interval_of(name, drawn[name], value, params) if claimed else None)


def _warnings(trained: TrainedSequence, notes: Notes) -> list[str]:
    found = []
    if notes.strange:
        found.append(
            f"{notes.strange} notes are of classes that the analyzer does not know; they are left out."
        )
    if trained.test is None:
        found.append(
            "There are no test notes (cross-validation has none that the model of all folds did not learn"
            " from): the figures on validation have decided, and a decision flatters what it is made by."
        )
    return found
