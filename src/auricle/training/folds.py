"""Which recordings train, validate and test: one partition under holdout, one more per fold under k-fold."""

from dataclasses import dataclass

import numpy as np

from auricle.errors import CorpusError
from auricle.training.vocabulary import Examples, IntArray

FINAL = "final"


@dataclass(frozen=True)
class Partition:
    """One training: indices into the examples, int64 (n,) each.

    Attributes:
        name: ``final`` for the model that is kept, ``fold-<k>`` for one that only scores its fold.
        train: learned from.
        validation: chooses the epoch; never learned from.
        test: scored out of fold by this partition's model; empty for ``final``.
    """

    name: str
    train: IntArray
    validation: IntArray
    test: IntArray


def partitions(examples: Examples) -> list[Partition]:
    """The trainings that the protocol asks for, the final one last.

    Under ``grouped_k_fold`` the model of fold k tests on fold k, validates on fold k + 1 and learns from the
    rest, so that it has neither learned from its test fold nor been chosen by it. The final model validates
    on fold 0 and learns from the others: stop and rate need recordings that it does not learn from.

    Raises:
        CorpusError: a split or a fold without recordings, too few folds, or one class to learn from.
    """
    parts = _k_folds(examples) if examples.is_k_fold else [_holdout(examples)]
    for part in parts:
        if not examples.can_be_learned(part.train):
            raise CorpusError(
                f"The training recordings of {part.name!r} ({len(part.train)}) have one label only: a "
                "classifier needs two. More recordings, or other splits, are needed."
            )
        for name, rows in (("validation", part.validation), ("test", part.test)):
            if examples.labels.is_multi and len(rows) and not examples.targets[rows].any():
                raise CorpusError(
                    f"None of the {len(rows)} {name} recordings of {part.name!r} has one of the"
                    f" {len(examples.vocabulary)} labels that are learned. Lower min_recordings, or give the"
                    " corpus more groups."
                )
    return parts


def _holdout(examples: Examples) -> Partition:
    parts = {split: np.flatnonzero(examples.splits == split) for split in ("train", "validation")}
    for split, indices in parts.items():
        if not len(indices):
            there = ", ".join(
                f"{name} {int((examples.splits == name).sum())}" for name in np.unique(examples.splits)
            )
            raise CorpusError(
                f"The split {split!r} has no labelled recordings (there are: {there}). Give the corpus more "
                "groups or raise validation_share, or choose protocol: grouped_k_fold."
            )
    return Partition(FINAL, parts["train"], parts["validation"], np.array([], dtype=np.int64))


def _k_folds(examples: Examples) -> list[Partition]:
    n_folds = int(examples.folds.max()) + 1
    empty = sorted(set(range(n_folds)) - set(examples.folds.tolist()))
    if n_folds < 3 or empty:
        raise CorpusError(
            f"The manifest has {n_folds} folds, of which {len(empty)} without recordings {empty}: k-fold "
            "needs at least 3 folds (test, validation, training) with recordings in each. Change folds."
        )
    parts = [_fold(examples, fold, (fold + 1) % n_folds) for fold in range(n_folds)]
    final = _fold(examples, None, 0)
    return [*parts, final]


def _fold(examples: Examples, test: int | None, validation: int) -> Partition:
    return Partition(
        name=FINAL if test is None else f"fold-{test}",
        train=np.flatnonzero((examples.folds != test) & (examples.folds != validation)),
        validation=np.flatnonzero(examples.folds == validation),
        test=np.flatnonzero(examples.folds == test) if test is not None else np.array([], dtype=np.int64),
    )
