"""From the manifest to numbers: which recordings have a label, and which number stands for which label."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.errors import CorpusError

IntArray = npt.NDArray[np.int64]
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Examples:
    """The labelled, usable recordings of a corpus, sorted by recording_id.

    Attributes:
        recording_ids: object (n,).
        targets: int64 (n,), indices into ``vocabulary``.
        splits: object (n,), one of ``train``, ``validation``, ``test``.
        folds: int64 (n,), from 0 under the protocol ``grouped_k_fold``, -1 under ``holdout``.
        vocabulary: all labels of the corpus, sorted.
    """

    recording_ids: npt.NDArray[np.object_]
    targets: IntArray
    splits: npt.NDArray[np.object_]
    folds: IntArray
    vocabulary: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.recording_ids)

    @property
    def is_k_fold(self) -> bool:
        """Whether the recordings are dealt into folds."""
        return bool((self.folds >= 0).all())


def read_examples(manifest: pd.DataFrame) -> Examples:
    """Select what can be trained on or scored.

    Args:
        manifest: one row per file, with ``recording_id``, ``label``, ``split``, ``fold`` and ``status``.

    Raises:
        CorpusError: no labelled recordings, one class only, or folds for a part of the recordings.
    """
    rows = manifest[
        (manifest["status"] == "ok") & manifest["label"].notna() & manifest["split"].isin(SPLITS)
    ].sort_values("recording_id")
    vocabulary = tuple(sorted(rows["label"].unique()))
    if len(vocabulary) < 2:
        found = f"only {vocabulary[0]!r}" if vocabulary else "none"
        raise CorpusError(
            f"A classifier needs at least two labels among the usable recordings, and there is {found} in "
            f"{len(rows)} of {len(manifest)} rows of the manifest. Check the labels and the quarantine."
        )
    folds = rows["fold"].fillna(-1).to_numpy(dtype=np.int64)
    if (folds >= 0).any() and (folds < 0).any():
        raise CorpusError(
            f"{int((folds < 0).sum())} of {len(rows)} labelled recordings have no fold, the others have one. "
            "Run the pipeline ingest again."
        )
    indices = {label: index for index, label in enumerate(vocabulary)}
    return Examples(
        recording_ids=rows["recording_id"].to_numpy(dtype=object),
        targets=rows["label"].map(indices).to_numpy(dtype=np.int64),
        splits=rows["split"].to_numpy(dtype=object),
        folds=folds,
        vocabulary=vocabulary,
    )


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


def shuffled(targets: IntArray, seed: int) -> IntArray:
    """The same labels on the wrong recordings: what a model learns from these must not beat chance."""
    return np.random.default_rng([seed, len(targets)]).permutation(targets)
