"""From the manifest to numbers: which recordings have a label, and which number stands for which label."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.corpora.labels import LabelParams, ProblemType, indicators, label_lists
from auricle.errors import CorpusError
from auricle.models.instruments import instrument_codes
from auricle.models.temperature import fit_temperature
from auricle.models.thresholds import choose_thresholds
from auricle.training.params import TrainParams

IntArray = npt.NDArray[np.int64]
# int64 (n,) of one class each, or float32 (n, classes) of several labels.
Targets = npt.NDArray[Any]
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Examples:
    """The labelled, usable recordings of a corpus, sorted by recording_id.

    Attributes:
        recording_ids: object (n,).
        targets: int64 (n,), indices into ``vocabulary``; where a recording may have several labels float32
            (n, classes), 1 for each that it has.
        splits: object (n,), one of ``train``, ``validation``, ``test``.
        folds: int64 (n,), from 0 under the protocol ``grouped_k_fold``, -1 under ``holdout``.
        vocabulary: all labels of the corpus, sorted.
        labels: how labels are read.
        instruments: object (n,), text or missing; None where the manifest does not say.
    """

    recording_ids: npt.NDArray[np.object_]
    targets: Targets
    splits: npt.NDArray[np.object_]
    folds: IntArray
    vocabulary: tuple[str, ...]
    labels: LabelParams = field(default_factory=LabelParams)
    instruments: npt.NDArray[np.object_] | None = None

    def __len__(self) -> int:
        return len(self.recording_ids)

    @property
    def is_k_fold(self) -> bool:
        """Whether the recordings are dealt into folds."""
        return bool((self.folds >= 0).all())

    def instruments_of(self, rows: IntArray) -> tuple[str, ...]:
        """The instruments that play in these examples, sorted."""
        names = () if self.instruments is None else self.instruments[rows]
        return tuple(sorted({name for name in names if isinstance(name, str)}))

    def instrument_codes(self, rows: IntArray, known: Sequence[str]) -> IntArray:
        """Who plays in each of these examples, int64 (n,); see `auricle.models.instruments`."""
        return instrument_codes(
            [None] * len(rows) if self.instruments is None else self.instruments[rows], known
        )

    @property
    def problem_type(self) -> ProblemType:
        """One class a recording, or any number of labels."""
        return self.labels.problem_type

    def thresholds_by(self, predictions: pd.DataFrame) -> list[float]:
        """The threshold of each label, by predictions of recordings that were not learned from.

        Args:
            predictions: by the contract; one row for each of some of these recordings.
        """
        rows = pd.Index(self.recording_ids).get_indexer(pd.Index(predictions["recording_id"]))
        scores = predictions[list(self.vocabulary)].to_numpy(dtype=np.float32)
        thresholds: list[float] = choose_thresholds(scores, self.targets[rows] > 0, self.labels).tolist()
        return thresholds

    def temperature_by(self, predictions: pd.DataFrame) -> float:
        """The temperature that calibrates one class each, by predictions as `thresholds_by` takes them."""
        rows = pd.Index(self.recording_ids).get_indexer(pd.Index(predictions["recording_id"]))
        scores = predictions[list(self.vocabulary)].to_numpy(dtype=np.float64)
        return fit_temperature(scores, self.targets[rows])

    def decision_by(self, predictions: pd.DataFrame) -> dict[str, Any]:
        """What the bundle keeps, by name, of how to read its probabilities: see `thresholds_by`."""
        if self.labels.is_multi:
            return {"thresholds": self.thresholds_by(predictions)}
        return {"calibration_temperature": self.temperature_by(predictions)}

    def can_be_learned(self, rows: IntArray) -> bool:
        """Whether these examples differ in what they are called."""
        return len(np.unique(self.targets[rows], axis=0)) > 1


def read_examples(manifest: pd.DataFrame, labels: LabelParams | None = None) -> Examples:
    """Select what can be trained on or scored.

    Args:
        manifest: one row per file, with ``recording_id``, ``label``, ``labels``, ``split``, ``fold`` and
            ``status``.
        labels: how labels are read; one class a recording by default.

    Raises:
        CorpusError: no labelled recordings, one class only, or folds for a part of the recordings.
    """
    labels = labels or LabelParams()
    usable = manifest[(manifest["status"] == "ok") & manifest["split"].isin(SPLITS)]
    has_label = usable["labels"].map(len) > 0 if labels.is_multi else usable["label"].notna()
    rows = usable[has_label].sort_values("recording_id")
    vocabulary, targets = (_several if labels.is_multi else _one)(rows, labels)
    if len(vocabulary) < 2:
        raise CorpusError(_too_few(vocabulary, rows, manifest, labels))
    folds = rows["fold"].fillna(-1).to_numpy(dtype=np.int64)
    if (folds >= 0).any() and (folds < 0).any():
        raise CorpusError(
            f"{int((folds < 0).sum())} of {len(rows)} labelled recordings have no fold, the others have one. "
            "Run the pipeline ingest again."
        )
    return Examples(
        recording_ids=rows["recording_id"].to_numpy(dtype=object),
        targets=targets,
        splits=rows["split"].to_numpy(dtype=object),
        folds=folds,
        vocabulary=vocabulary,
        labels=labels,
        instruments=rows["instrument"].to_numpy(dtype=object) if "instrument" in rows else None,
    )


def _one(rows: pd.DataFrame, labels: LabelParams) -> tuple[tuple[str, ...], Targets]:
    vocabulary = tuple(sorted(rows["label"].unique()))
    indices = {label: index for index, label in enumerate(vocabulary)}
    return vocabulary, rows["label"].map(indices).to_numpy(dtype=np.int64)


def _several(rows: pd.DataFrame, labels: LabelParams) -> tuple[tuple[str, ...], Targets]:
    """What is common enough among the recordings that are learned from; under k-fold these are all."""
    lists = label_lists(rows["labels"], labels.parents)
    counts = lists[rows["split"] == "train"].explode().value_counts()
    vocabulary = tuple(sorted(counts.index[counts >= labels.min_recordings]))
    return vocabulary, indicators(lists, vocabulary)


def _too_few(
    vocabulary: tuple[str, ...], rows: pd.DataFrame, manifest: pd.DataFrame, labels: LabelParams
) -> str:
    found = f"only {vocabulary[0]!r}" if vocabulary else "none"
    floor = f" (min_recordings: {labels.min_recordings})" if labels.min_recordings > 1 else ""
    return (
        f"A classifier needs at least two labels among the usable recordings, and there is {found}{floor} in "
        f"{len(rows)} of {len(manifest)} rows of the manifest. Check the labels and the quarantine."
    )


def labels_for_digest(labels: LabelParams) -> dict[str, Any]:
    """What of it decides the result of a training; nothing where it is the default."""
    return {"labels": labels.model_dump(mode="json", exclude={"levels"})} if labels.is_multi else {}


def played_counts(codes: IntArray, classes: IntArray, n_instruments: int, n_classes: int) -> IntArray:
    """How often each class is played by whom, int64 (1 + n_instruments, n_classes); the first row is of all.

    Args:
        codes: int64 (n,), see `auricle.models.instruments`.
        classes: int64 (n,).
        n_instruments: that are known.
        n_classes: of the vocabulary.
    """
    counts = np.zeros((1 + n_instruments, n_classes), dtype=np.int64)
    np.add.at(counts, (codes, classes), 1)
    counts[0] = counts.sum(axis=0)
    return counts


def loss_weights(targets: Targets, n_classes: int, params: TrainParams) -> list[float] | None:
    """Weights of the classes in the loss or, of several labels, of their positives; None for none."""
    weights: npt.NDArray[np.float64] | None = None
    if targets.ndim == 1:
        weigh = effective_weights if params.class_weights == "effective" else balanced_weights
        weights = weigh(targets, n_classes) if params.class_weights else None
    elif params.pos_weight == "auto":
        weights = positive_weights(targets, params.pos_weight_cap)
    elif params.pos_weight != 1:
        weights = np.full(n_classes, params.pos_weight)
    return None if weights is None else [float(weight) for weight in weights]


def balanced_weights(targets: IntArray, n_classes: int) -> npt.NDArray[np.float64]:
    """Weight of each class that makes all classes of ``targets`` count the same, float64 (n_classes,).

    ``n / (classes present * examples of the class)``, scikit-learn's "balanced"; a class without an example
    has no term in the loss, and gets the neutral weight 1.
    """
    from sklearn.utils.class_weight import compute_class_weight

    present = np.unique(targets)
    weights = np.ones(n_classes)
    weights[present] = compute_class_weight("balanced", classes=present, y=targets)
    return weights


def effective_weights(targets: IntArray, n_classes: int) -> npt.NDArray[np.float64]:
    """Weights by the effective number of examples, of mean 1 over the examples, float64 (n_classes,).

    Cui et al., Class-Balanced Loss Based on Effective Number of Samples, CVPR 2019: the n-th example of a
    class adds less than the first, (1 - beta**n) / (1 - beta) in all, with beta = 1 - 1 / N for N examples of
    the mean class.
    """
    counts = np.bincount(targets, minlength=n_classes)
    beta = 1 - 1 / max(2.0, len(targets) / max(1, int(np.count_nonzero(counts))))
    weights = np.ones(n_classes)
    present = counts > 0
    weights[present] = (1 - beta) / (1 - beta ** counts[present])
    weights[present] /= np.average(weights[present], weights=counts[present])
    return weights


def positive_weights(targets: npt.NDArray[np.float32], cap: float) -> npt.NDArray[np.float64]:
    """Weight of a positive of each label that makes it count as much as all negatives, float64 (classes,).

    Negatives by positives, as PyTorch's documentation of `BCEWithLogitsLoss` has it, held between 1 / cap and
    cap: a label of three recordings in a thousand would else shake the training at each of them. A label that
    no recording has, or every one, gets 1.

    Args:
        targets: float32 (n, classes), 0 or 1.
        cap: 1 or more.
    """
    positives = targets.sum(axis=0, dtype=np.float64)
    negatives = len(targets) - positives
    known = (positives > 0) & (negatives > 0)
    ratio = np.divide(negatives, positives, out=np.ones_like(positives), where=known)
    return np.asarray(np.clip(ratio, 1 / cap, cap), dtype=np.float64)


def shuffled(targets: Targets, seed: int) -> Targets:
    """The same labels on the wrong recordings: what a model learns from these must not beat chance."""
    return np.random.default_rng([seed, len(targets)]).permutation(targets)
