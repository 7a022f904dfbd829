"""The Random Forest on hand-crafted features: fitting, probabilities, importances, safe storage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from auricle.errors import BundleError
from auricle.models.params import ForestParams

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.ensemble import RandomForestClassifier

TRUSTED = ("sklearn.tree._tree.Tree",)
# What of the parameters scikit-learn does not take.
OURS = {"seed", "importance_repeats", "use_instrument"}


def rows_of(features: pd.DataFrame, extractor: str) -> pd.DataFrame:
    """The rows that an extractor of this digest made, by `recording_id`; of several, the latest."""
    rows = features[features["extractor"] == extractor]
    return rows.drop_duplicates("recording_id", keep="last").set_index("recording_id")


def with_instruments(
    features: pd.DataFrame, instruments: Iterable[str | None], known: Sequence[str]
) -> pd.DataFrame:
    """The features and a column for each known instrument: 1 where it plays, all 0 where it is not known.

    Args:
        features: one row per recording.
        instruments: of each row; None, NaN or any other name is unknown.
        known: instruments that the forest learned from, `instruments` in its configuration.
    """
    import pandas as pd

    played = np.asarray(list(instruments), dtype=object)
    columns = {f"instrument={name}": (played == name).astype(np.float32) for name in known}
    return pd.concat([features, pd.DataFrame(columns, index=features.index)], axis=1)


def fit_forest(
    features: pd.DataFrame,
    labels: Sequence[str] | pd.Series[str] | npt.NDArray[Any],
    params: ForestParams,
) -> RandomForestClassifier:
    """Fit a forest, the same for the same seed on any number of cores.

    Args:
        features: one row per recording, one named column per feature, finite.
        labels: one class per row, or int64 (rows, classes), 1 for each label that a row has: the trees then
            learn all labels at once, and none is weighted, since scikit-learn would multiply the weights.
        params: of the forest.
    """
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(**params.model_dump(exclude=OURS), random_state=params.seed)
    truth = np.asarray(labels)
    if truth.ndim == 2:
        forest.set_params(class_weight=None).fit(features, truth)
    else:
        forest.fit(features, truth.astype(str))
    return forest.set_params(n_jobs=None)


def forest_probabilities(
    forest: RandomForestClassifier, features: pd.DataFrame, vocabulary: Sequence[Any]
) -> npt.NDArray[np.float32]:
    """Probabilities, float32 (recordings, classes) in vocabulary order.

    A class of the vocabulary that the forest never saw (a fold without it) has probability zero.

    Raises:
        BundleError: where a feature that the forest was trained on is missing.
    """
    names = [str(name) for name in forest.feature_names_in_]
    missing = [name for name in names if name not in features.columns]
    if missing:
        raise BundleError(
            f"The forest needs {len(missing)} features that are not there, such as {missing[0]!r}: extract "
            "them with the parameters it was trained on, or train it again."
        )
    raw = forest.predict_proba(features[names])
    probabilities = np.zeros((len(features), len(vocabulary)), dtype=np.float32)
    if isinstance(raw, list):  # one entry a label: the probabilities of 0 and of 1, as far as it learned both
        for column, (known, shares) in enumerate(zip(forest.classes_, raw, strict=True)):
            probabilities[:, column] = shares @ np.asarray(known, dtype=np.float64)
        return probabilities
    probabilities[:, [list(vocabulary).index(label) for label in forest.classes_]] = raw
    return probabilities


def permutation_importances(
    forest: RandomForestClassifier,
    features: pd.DataFrame,
    labels: Sequence[str] | npt.NDArray[Any],
    seed: int,
    repeats: int = 10,
) -> pd.DataFrame:
    """How much balanced accuracy (of several labels: mAP) falls when one feature is shuffled, greatest first.

    To be computed on recordings that the forest was not fitted on. Breiman, Random Forests, Machine Learning
    45, 2001; correlated features share their importance and may all look small.

    Returns:
        Columns `feature`, `importance` (mean fall), `deviation` (over the shuffles).
    """
    import pandas as pd
    from sklearn.inspection import permutation_importance
    from sklearn.metrics import average_precision_score, recall_score

    names = [str(name) for name in forest.feature_names_in_]

    def balanced_accuracy(fitted: Any, rows: Any, truth: Any) -> float:
        # Over the classes that are there; scikit-learn's own scorer warns of every one that is not.
        said = fitted.predict(rows)
        return float(recall_score(truth, said, average="macro", labels=np.unique(truth), zero_division=0))

    def mean_average_precision(fitted: Any, rows: Any, truth: Any) -> float:
        occur = truth.any(axis=0)
        said = forest_probabilities(fitted, rows, range(truth.shape[1]))
        return float(average_precision_score(truth[:, occur], said[:, occur], average="macro"))

    truth = np.asarray(labels)
    several = truth.ndim == 2
    result = permutation_importance(
        forest,
        features[names],
        truth if several else truth.astype(str),
        scoring=mean_average_precision if several else balanced_accuracy,
        n_repeats=repeats,
        random_state=seed,
    )
    table = pd.DataFrame(
        {"feature": names, "importance": result.importances_mean, "deviation": result.importances_std}
    )
    return table.sort_values("importance", ascending=False, kind="stable", ignore_index=True)


def forest_config(
    forest: RandomForestClassifier, features: pd.DataFrame, vocabulary: Sequence[str]
) -> dict[str, Any]:
    """`config.json` of a forest's bundle.

    Args:
        forest: the fitted forest.
        features: what it was fitted on; their mean and deviation standardize its embeddings.
        vocabulary: the classes, in the order of the columns of predictions.
    """
    from auricle.models.bundle import FORMAT_VERSION
    from auricle.models.registry import FOREST

    names = [str(name) for name in forest.feature_names_in_]
    values = features[names].to_numpy(dtype=np.float64)
    return {
        "auricle_bundle": FORMAT_VERSION,
        "model_type": FOREST,
        "problem_type": "single_label_classification",
        "id2label": {str(index): label for index, label in enumerate(vocabulary)},
        "label2id": {label: index for index, label in enumerate(vocabulary)},
        "feature_names": names,
        "feature_mean": values.mean(axis=0).tolist(),
        "feature_std": values.std(axis=0).tolist(),
    }


def forest_embeddings(features: pd.DataFrame, config: dict[str, Any]) -> npt.NDArray[np.float32]:
    """The features standardized by the training set's mean and deviation, float32 (recordings, features).

    A feature that was constant in training is only centred.
    """
    mean, deviation = np.asarray(config["feature_mean"]), np.asarray(config["feature_std"])
    values = features[config["feature_names"]].to_numpy(dtype=np.float64)
    standardized: npt.NDArray[np.float64] = (values - mean) / np.where(deviation > 0, deviation, 1.0)
    return standardized.astype(np.float32)


def save_forest(forest: RandomForestClassifier, file: Path) -> None:
    """Write a forest as `.skops`: a zip of JSON and numpy arrays, no pickle."""
    from zipfile import ZIP_DEFLATED

    import skops.io

    skops.io.dump(forest, file, compression=ZIP_DEFLATED)


def load_forest(file: Path) -> RandomForestClassifier:
    """Read a forest that `save_forest` wrote; its trees are checked before anything walks them.

    Raises:
        BundleError: where the file is damaged, holds a type other than a forest and its trees, or a tree
            that points outside itself.
    """
    import skops.io

    from auricle.models.trees import check_forest

    try:
        unknown = sorted(set(skops.io.get_untrusted_types(file=file)) - set(TRUSTED))
        if unknown:
            raise BundleError(
                f"{file} holds types that a forest does not need and that are refused: {unknown}."
            )
        forest: Any = skops.io.load(file, trusted=list(TRUSTED))
        check_forest(forest)
    except BundleError:
        raise
    except Exception as error:  # a damaged file makes skops raise almost anything
        raise BundleError(
            f"{file} cannot be read as a forest ({type(error).__name__}: {error}). It is damaged, or was "
            "saved by another scikit-learn: train the model again."
        ) from error
    return forest
