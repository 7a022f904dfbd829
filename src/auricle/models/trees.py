"""Checks of a forest read from a file: scikit-learn walks its node arrays in C, without bounds checks."""

from typing import Any

import numpy as np

LEAF = -1


def check_forest(forest: Any) -> None:
    """Refuse a forest whose parts do not fit together.

    Raises:
        ValueError: saying what is wrong.
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.tree import DecisionTreeClassifier
    from sklearn.tree._tree import Tree

    if type(forest) is not RandomForestClassifier:
        raise ValueError(f"it holds a {type(forest).__name__}, not a RandomForestClassifier")
    n_classes, n_features = _classes_of_outputs(forest), int(forest.n_features_in_)
    if len(forest.feature_names_in_) != n_features:
        raise ValueError("its feature names do not fit its number of features")
    if not forest.estimators_:
        raise ValueError("it has no trees")
    for number, estimator in enumerate(forest.estimators_):
        if type(estimator) is not DecisionTreeClassifier or type(estimator.tree_) is not Tree:
            raise ValueError(f"tree {number} is a {type(estimator).__name__}")
        if np.atleast_1d(estimator.n_classes_).tolist() != n_classes or estimator.n_outputs_ != len(
            n_classes
        ):
            raise ValueError(f"tree {number} has other classes than the forest")
        check_tree(estimator.tree_, number, n_features=n_features, n_classes=n_classes)


def _classes_of_outputs(forest: Any) -> list[int]:
    """How many classes each output of a forest tells apart: one output, or one a label."""
    several = forest.n_outputs_ > 1
    classes = list(forest.classes_) if several else [forest.classes_]
    counts = [len(known) if np.ndim(known) == 1 else -1 for known in classes]
    if counts != np.atleast_1d(forest.n_classes_).tolist() or len(counts) != forest.n_outputs_:
        raise ValueError("its classes do not fit its outputs")
    if several and not all(set(np.asarray(known).tolist()) <= {0, 1} for known in classes):
        raise ValueError("its labels are told by something else than 0 and 1")
    return counts


def check_tree(tree: Any, number: int, *, n_features: int, n_classes: list[int]) -> None:
    """Refuse a tree with a child, a feature or a value out of bounds, or with a cycle.

    scikit-learn appends nodes after their parent, so a child's index is greater than its parent's: that
    alone makes every walk end.

    Raises:
        ValueError: saying what is wrong.
    """
    shape = (len(n_classes), max(n_classes))
    if (tree.n_features, tree.n_outputs, tree.max_n_classes) != (n_features, *shape):
        raise ValueError(f"tree {number} has other features or classes than the forest")
    state = tree.__getstate__()
    nodes, values = state["nodes"], state["values"]
    if tree.node_count < 1 or len(nodes) != tree.node_count or values.shape != (len(nodes), *shape):
        raise ValueError(f"tree {number} has node arrays of the wrong length")
    indices = np.arange(len(nodes))
    inner = nodes["left_child"] != LEAF
    for side in ("left_child", "right_child"):
        children = nodes[side][inner]
        if np.any(children <= indices[inner]) or np.any(children >= len(nodes)):
            raise ValueError(
                f"tree {number} has a {side} that points backwards or outside its {len(nodes)} nodes"
            )
    features = nodes["feature"][inner]
    if np.any(features < 0) or np.any(features >= n_features):
        raise ValueError(f"tree {number} splits on a feature outside the {n_features} it was trained on")
    if np.any(nodes["right_child"][~inner] != LEAF):
        raise ValueError(f"tree {number} has a leaf with a child")
    if not np.all(np.isfinite(values)) or np.any(values < 0):
        raise ValueError(f"tree {number} has a share of a class that is no finite number from 0 on")
