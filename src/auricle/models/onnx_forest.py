"""Random Forests as ONNX files: descriptors in, probabilities out."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.errors import DivergedError, MissingPackageError, NotExportableError
from auricle.models.backbones.packages import needed
from auricle.models.bundle import BundleRef
from auricle.models.forest import forest_embeddings, forest_probabilities, load_forest
from auricle.models.onnx_check import TOLERANCE, session_of
from auricle.models.onnx_export import EXTRA
from auricle.models.onnx_metadata import FOREST_PACKAGES, metadata_of
from auricle.models.temperature import PROBABILITY_FLOOR

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

OUTPUTS = ("probabilities", "embeddings")
CALIBRATED = "calibrated_probabilities"
# Trees in double precision came with the third version of ONNX's operators of machine learning.
OPSETS = {"": 18, "ai.onnx.ml": 3}
IR_VERSION = 10
ROWS = 512
# Shares of trees that are as good as equal: which class is then named is chance.
TIE = 1e-6


def onnx_of_forest(bundle: BundleRef) -> bytes:
    """A forest as ONNX, by skl2onnx.

    Input: `features`, float32 (batch, features), in the order of the metadata's `feature_names`; a column
    `instrument=<name>` is 1 where it plays. Outputs: `probabilities`, float32 (batch, classes);
    `calibrated_probabilities` of bundles that keep a temperature; and `embeddings`, the features
    standardized, float32 (batch, features). Trees compare and add in double precision as scikit-learn's do:
    thresholds rounded to float32 would send some recordings another way.

    Raises:
        MissingPackageError: the extra `onnx` is not installed.
        NotExportableError: skl2onnx is not, or cannot convert this forest.
        BundleError: the bundle cannot be loaded.
    """
    onnx = needed("onnx", extra=EXTRA, by="Export to ONNX")
    forest = load_forest(bundle.path / "model.skops")
    proto = _converted(forest)
    graph = _Graph(onnx, proto)
    said = graph.chosen(forest, bundle.vocabulary)
    graph.embeddings(bundle.config)
    temperature = bundle.config.get("calibration_temperature")
    if temperature is not None:
        graph.calibrated(said, temperature)
    graph.finish(forest.n_features_in_, len(bundle.vocabulary), temperature is not None)
    for key, value in metadata_of(bundle.config, bundle.vocabulary, FOREST_PACKAGES, bundle).items():
        proto.metadata_props.add(key=key, value=value)
    onnx.checker.check_model(proto)
    content: bytes = proto.SerializeToString()
    return content


def check_forest(content: bytes, bundle: BundleRef) -> dict[str, Any]:
    """Compare ONNX Runtime with scikit-learn where they would differ first: on the trees' very thresholds.

    Args:
        content: what `onnx_of_forest` made of the bundle.
        bundle: of the forest.

    Returns:
        `max_difference` over all outputs, `differences`, `tolerance`, the number of `rows`, and versions.

    Raises:
        DivergedError: an output differs by more than `TOLERANCE`, or another class is named.
        MissingPackageError: ONNX Runtime is not installed.
    """
    forest = load_forest(bundle.path / "model.skops")
    rows = _on_thresholds(forest)
    features = pd.DataFrame(rows, columns=[str(name) for name in forest.feature_names_in_])
    expected = (
        forest_probabilities(forest, features, bundle.vocabulary),
        forest_embeddings(features, bundle.config),
    )
    said = session_of(content).run(list(OUTPUTS), {"features": rows})
    differences = {
        name: float(np.abs(ours - theirs).max() / max(1.0, np.abs(ours).max()))
        for name, ours, theirs in zip(OUTPUTS, expected, said, strict=True)
    }
    largest = float(np.max(list(differences.values())))
    others = _other_decisions(expected[0], said[0])
    if not largest <= TOLERANCE or others:
        raise DivergedError(
            f"The forest as ONNX differs from scikit-learn by {largest:.1e} and may by {TOLERANCE:.0e}, and"
            f" names another class {others} times of {len(rows)}. Use the bundle, or export with another"
            " skl2onnx or ONNX Runtime."
        )
    return {
        "max_difference": largest,
        "differences": differences,
        "tolerance": TOLERANCE,
        "rows": len(rows),
        "scikit-learn": needed("sklearn", extra="pipelines", by="A forest").__version__,
        "onnxruntime": needed("onnxruntime", extra=EXTRA, by="ONNX").__version__,
    }


def _converted(forest: "RandomForestClassifier") -> Any:
    """The trees alone, from float64 `exact` to the last of the outputs, what is said of the classes."""
    try:
        skl2onnx = needed("skl2onnx", extra=EXTRA, by="Export of a forest to ONNX")
        types = needed("skl2onnx.common.data_types", extra=EXTRA, by="Export of a forest to ONNX")
    except MissingPackageError as error:  # networks can be exported without it
        raise NotExportableError(str(error)) from error
    several = forest.n_outputs_ > 1
    trees = _shares_of_labels(forest) if several else forest
    return skl2onnx.convert_sklearn(
        trees,
        initial_types=[("exact", types.DoubleTensorType([None, forest.n_features_in_]))],
        options=None if several else {id(trees): {"zipmap": False}},
        target_opset=OPSETS,
    )


def _shares_of_labels(forest: "RandomForestClassifier") -> "RandomForestRegressor":
    """A forest of several labels with the same splits, whose leaves hold the probability of each label.

    skl2onnx compares with thresholds rounded to float32 where a classifier has several outputs (seen with
    1.20: probabilities off by 0.07), and with exact ones where a regressor has.
    """
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.tree import DecisionTreeRegressor
    from sklearn.tree._tree import Tree

    labels = forest.n_outputs_
    regressor = RandomForestRegressor(n_estimators=len(forest.estimators_))
    regressor.n_outputs_, regressor.n_features_in_ = labels, forest.n_features_in_
    regressor.estimators_ = []
    for estimator in forest.estimators_:
        state = estimator.tree_.__getstate__()
        shares = state["values"] / state["values"].sum(axis=2, keepdims=True)
        held = np.zeros((*shares.shape[:2], 1))
        for label, known in enumerate(forest.classes_):
            held[:, label, 0] = shares[:, label, : len(known)] @ np.asarray(known, dtype=np.float64)
        tree = Tree(forest.n_features_in_, np.ones(labels, dtype=np.intp), labels)
        tree.__setstate__(state | {"values": held})
        one = DecisionTreeRegressor()
        one.tree_, one.n_outputs_, one.n_features_in_ = tree, labels, forest.n_features_in_
        regressor.estimators_.append(one)
    return regressor


class _Graph:
    """What is put around the trees.

    Args:
        onnx: the package.
        proto: of the trees, which is changed.
    """

    def __init__(self, onnx: Any, proto: Any) -> None:
        self._helper, self._numpy = onnx.helper, onnx.numpy_helper
        self._float, self._double = onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE
        self._proto, self._graph = proto, proto.graph
        self._rename(proto.graph.output[-1].name, "trees")
        self._graph.node.insert(0, self._node("Cast", ["features"], "exact", to=self._double))

    def chosen(self, forest: "RandomForestClassifier", vocabulary: Sequence[str]) -> str:
        """Probabilities in vocabulary order; a class that no tree has seen has probability 0."""
        if forest.n_outputs_ > 1:  # the trees tell the probability of each label already
            self._add("Cast", ["trees"], "probabilities", to=self._float)
            return "probabilities"
        places = np.zeros((len(forest.classes_), len(vocabulary)), dtype=np.float32)
        for row, label in enumerate(forest.classes_):
            places[row, list(vocabulary).index(str(label))] = 1
        self._add("MatMul", ["trees", self._constant("places", places)], "probabilities")
        return "probabilities"

    def embeddings(self, config: Mapping[str, Any]) -> None:
        """The features standardized, as `forest_embeddings` does it."""
        mean = np.asarray(config["feature_mean"], dtype=np.float64)
        deviation = np.asarray(config["feature_std"], dtype=np.float64)
        scale = np.where(deviation > 0, deviation, 1.0)
        self._add("Sub", ["exact", self._constant("feature_mean", mean)], "centred")
        self._add("Div", ["centred", self._constant("feature_scale", scale)], "standardized")
        self._add("Cast", ["standardized"], "embeddings", to=self._float)

    def calibrated(self, said: str, temperature: float) -> None:
        """The probabilities at the bundle's temperature, as `auricle.models.temperature.scale` does it."""
        for name, value in (("least", PROBABILITY_FLOOR), ("most", 1.0), ("temperature", temperature)):
            self._constant(name, np.float32(value))
        self._add("Clip", [said, "least", "most"], "bounded")
        self._add("Log", ["bounded"], "logs")
        self._add("Div", ["logs", "temperature"], "scaled")
        self._add("Softmax", ["scaled"], CALIBRATED, axis=1)

    def finish(self, features: int, classes: int, calibrated: bool) -> None:
        """Declare inputs and outputs."""
        sizes = {"probabilities": classes, **({CALIBRATED: classes} if calibrated else {})}
        sizes["embeddings"] = features
        self._proto.ir_version = min(self._proto.ir_version, IR_VERSION)
        del self._graph.value_info[:], self._graph.input[:], self._graph.output[:]
        self._graph.input.append(self._value("features", features))
        self._graph.output.extend(self._value(name, size) for name, size in sizes.items())

    def _rename(self, old: str, new: str) -> None:
        """Give a value another name."""
        for node in self._graph.node:
            for place, name in enumerate(node.output):
                if name == old:
                    node.output[place] = new
            for place, name in enumerate(node.input):
                if name == old:
                    node.input[place] = new

    def _value(self, name: str, size: int) -> Any:
        return self._helper.make_tensor_value_info(name, self._float, ["batch", size])

    def _constant(self, name: str, value: Any) -> str:
        self._graph.initializer.append(self._numpy.from_array(np.asarray(value), name))
        return name

    def _add(self, kind: str, given: list[str], made: str, **attributes: Any) -> None:
        self._graph.node.append(self._node(kind, given, made, **attributes))

    def _node(self, kind: str, given: list[str], made: str, **attributes: Any) -> Any:
        return self._helper.make_node(kind, given, [made], **attributes)


def _on_thresholds(forest: "RandomForestClassifier") -> npt.NDArray[np.float32]:
    """Rows whose features lie on thresholds of the trees as float32 has them, and just beside."""
    random = np.random.default_rng(0)
    thresholds: list[list[float]] = [[0.0] for _ in range(forest.n_features_in_)]
    for estimator in forest.estimators_:
        tree = estimator.tree_
        for feature, threshold in zip(tree.feature, tree.threshold, strict=True):
            if feature >= 0:
                thresholds[feature].append(threshold)
    columns = [random.choice(np.array(values), size=ROWS) for values in thresholds]
    rows = np.stack(columns, axis=1).astype(np.float32)
    towards = random.choice(np.array([-np.inf, np.inf], dtype=np.float32), size=rows.shape)
    beside: npt.NDArray[np.float32] = np.where(
        random.random(rows.shape) < 0.5, rows, np.nextafter(rows, towards)
    )
    return beside


def _other_decisions(ours: npt.NDArray[np.float32], theirs: npt.NDArray[np.float32]) -> int:
    """How often another class is named, but for ties."""
    chosen = np.take_along_axis(ours, theirs.argmax(axis=1)[:, None], axis=1)[:, 0]
    return int((ours.max(axis=1) - chosen > TIE).sum())
