"""Trains the sequence model over the notes of a passage, and lets it judge what it did not learn from.

Of the notes that it was trained on an analyzer is surer than of any other, and mostly right: a model of the
passage that learns from them learns to leave everything as it is. So it learns from the notes of validation,
which the analyzer has not learned from, crosswise by groups: each fold is judged by a model that has learned
from the others, one of which chose its epochs. What is judged thus chose nothing, though it is the same
split. (The analyzer's own epoch was chosen on it, which flatters the analyzer with and without neighbours
alike.) The model that is kept learns from all of validation, for as many epochs as the folds took in the
median.
"""

import logging
from dataclasses import dataclass

import numpy as np

from auricle.models.note_sequence import NoteSequence
from auricle.training.device import resolve_device
from auricle.training.note_sequence_params import NoteSequenceParams
from auricle.training.passages import HEARD, TEST, UNHEARD, FloatArray, IntArray, Notes
from auricle.training.sequence_fit import SequenceFit

ALONE = (1, 1)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Said:
    """What was said of notes in passages, each note once for each order.

    Attributes:
        rows: places of the notes, int64 (n,).
        note_by_note: by the analyzer, float32 (n, classes).
        alone: by the control: the same network, which learned from passages of one note.
        sequence: by the sequence model.
    """

    rows: IntArray
    note_by_note: FloatArray
    alone: FloatArray
    sequence: FloatArray


@dataclass(frozen=True)
class TrainedSequence:
    """A sequence model, and what is said of notes that neither it nor the analyzer has learned from.

    Attributes:
        model: learned from all notes of validation.
        epochs: of it.
        epochs_of_folds: of the model of each fold.
        validation: by the models of the folds.
        test: by the model; None where there are no test notes.
    """

    model: NoteSequence
    epochs: int
    epochs_of_folds: list[int]
    validation: Said
    test: Said | None


def train_sequence(notes: Notes, params: NoteSequenceParams) -> TrainedSequence:
    """Train crosswise, then for good, beside a control that sees no neighbours.

    Args:
        notes: of the parts `unheard`, maybe `test` and, for `heard_notes`, `heard`.
        params: of the training.

    Raises:
        ConfigurationError: the device is not there.
        CorpusError: the notes of validation are of fewer than three groups.
    """
    device = resolve_device(params.device)
    sequence = _crosswise(SequenceFit(notes, params, params.notes, device))
    control = _crosswise(SequenceFit(notes, params, ALONE, device))

    def said(rows: IntArray, alone: FloatArray, in_passages: FloatArray) -> Said:
        repeated = np.tile(rows, params.orders)
        return Said(
            repeated, notes.probabilities[repeated], np.concatenate(alone), np.concatenate(in_passages)
        )

    return TrainedSequence(
        model=sequence.final,
        epochs=sequence.epochs,
        epochs_of_folds=sequence.epochs_of_folds,
        validation=said(notes.rows(UNHEARD), control.validation, sequence.validation),
        test=said(notes.rows(TEST), control.test, sequence.test) if len(notes.rows(TEST)) else None,
    )


@dataclass(frozen=True)
class _Crosswise:
    """The model of all notes, and what was said, float32 (orders, notes, classes)."""

    final: NoteSequence
    epochs: int
    epochs_of_folds: list[int]
    validation: FloatArray
    test: FloatArray


def _crosswise(fit: SequenceFit) -> _Crosswise:
    notes, params = fit.notes, fit.params
    rows = notes.rows(UNHEARD)
    folds = notes.dealt(rows, params.folds, params.seed)
    count = int(folds.max()) + 1
    more = notes.rows(HEARD) if params.heard_notes else rows[:0]
    said = np.empty((params.orders, len(rows), len(notes.vocabulary)), dtype=np.float32)
    epochs = []
    for fold in range(count):
        judged, choosing = folds == fold, folds == (fold + 1) % count
        model, taken = fit.chosen(np.concatenate([rows[~judged & ~choosing], more]), rows[choosing])
        said[:, judged] = fit.said(model, rows[judged])
        epochs.append(taken)
    lasting = int(np.median(epochs))
    logger.info(
        "Passages of %d to %d notes: best after %s epochs in the %d folds, %d for the model of all.",
        *fit.lengths,
        ", ".join(map(str, epochs)),
        count,
        lasting,
    )
    final = fit.fitted(np.concatenate([rows, more]), lasting)
    return _Crosswise(final, lasting, epochs, said, fit.said(final, notes.rows(TEST)))
