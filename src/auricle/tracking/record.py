"""What there is to log of a bundle and of its figures, as plain names and numbers."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from auricle.evaluation.kinds import Json
from auricle.evaluation.report_provenance import flattened
from auricle.models.bundle import PREPROCESSOR, BundleRef
from auricle.training.folds import FINAL
from auricle.training.history import scalars

FACTS = ("seed", "protocol", "device", "precision", "front_end_digest", "python")
BOUNDS = {"value": "", "low": "_low", "high": "_high", "majority": "_baseline"}
NOT_IN_NAMES = re.compile(r"[^\w\-. :]")


class Point(NamedTuple):
    """One value of a curve: its name, the value, milliseconds since 1970, and the epoch."""

    name: str
    value: float
    timestamp: int
    step: int


class Part(NamedTuple):
    """One training of a bundle's: ``final``, or ``fold-<k>``; times in milliseconds since 1970."""

    name: str
    begun: int
    ended: int
    points: list[Point]


def parameters_of(bundle: BundleRef) -> dict[str, str]:
    """Every parameter that a bundle was trained with, by dotted names that MLflow takes.

    Long lists are told by their length; `training.json`, which is logged too, has all of them.
    """
    training = bundle.training
    preprocessor = bundle.path / PREPROCESSOR  # an ensemble has none of its own
    front_end = json.loads(preprocessor.read_text(encoding="utf-8")) if preprocessor.is_file() else {}
    tree = {
        **training.get("params", {}),
        "front_end": front_end,
        **{name: training[name] for name in FACTS if name in training},
        "data": {name: training["data"][name] for name in ("digest", "recordings")},
    }
    return {NOT_IN_NAMES.sub("_", name): value for name, value in flattened(tree)}


def parts_of(training: Json) -> list[Part]:
    """The trainings of a bundle one after the other, the final one last, by its `training.json`.

    Times are reckoned back from the end by the seconds of the epochs, so that the same bundle always gives
    the same points.
    """
    clock = 1000 * (datetime.fromisoformat(training["trained_at"]).timestamp() - training["seconds"])
    parts = []
    for report in [*training.get("folds", []), training | {"name": FINAL}]:
        begun, points = clock, list[Point]()
        for entry in report.get("history", []):
            clock += 1000 * entry["seconds"]
            points += _points(scalars(entry), int(clock), int(entry["epoch"]))
        if not report.get("history"):  # a forest
            clock += 1000 * training["seconds"]
        parts.append(Part(report["name"], int(begun), int(clock), points + _results(report, int(clock))))
    return parts


def _results(report: Json, timestamp: int) -> list[Point]:
    """What came out of a training: the epoch that was kept and, of a fold, the figures out of fold."""
    apart = ("name", "history", "best_epoch")
    scored = {} if report["name"] == FINAL else {k: v for k, v in report.items() if k not in apart}
    results = {f"out_of_fold/{name}": value for name, value in scored.items()}
    if "best_epoch" in report:
        results["best_epoch"] = report["best_epoch"]
    return _points(results, timestamp, 0)


def figures_of(metrics: Json) -> dict[str, float]:
    """Every figure with its interval and the baseline: `test/macro_f1`, `…_low`, `…_high`, `…_baseline`.

    Args:
        metrics: see `auricle.evaluation.evaluate.evaluate_model`; what is not defined there is left out.
    """
    return {
        f"{metrics['split']}/{name}{suffix}": float(figure[key])
        for name, figure in metrics["figures"].items()
        for key, suffix in BOUNDS.items()
        if figure[key] is not None
    }


def _points(values: Mapping[str, float], timestamp: int, step: int) -> list[Point]:
    return [Point(name, float(value), timestamp, step) for name, value in values.items()]


def batches(points: Iterable[Any], size: int) -> Iterable[list[Any]]:
    """Lists of at most so many, since a server takes no more at once."""
    items = list(points)
    for start in range(0, len(items), size):
        yield items[start : start + size]
