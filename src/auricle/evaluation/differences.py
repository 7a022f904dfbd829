"""The difference of two models in one figure, from paired resamples, and what it shows."""

from collections.abc import Mapping

from auricle.evaluation.bootstrap import centred_interval, is_biased, percentile_interval
from auricle.evaluation.kinds import Figures, Json
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.rows import FloatArray

BETTER, WORSE, NOT_SHOWN = "better", "worse", "no difference shown"


def difference_between(
    pair: tuple[str, str],
    name: str,
    points: Mapping[str, Figures],
    resampled: Mapping[str, Figures],
    params: EvaluateParams,
    *,
    claimed: bool,
) -> Json:
    """First minus second on one figure, with the interval of the paired resamples and what it shows."""
    first, second = pair
    value = float(points[first][name][0] - points[second][name][0])
    values = resampled[first][name] - resampled[second][name]
    interval = difference_interval(name, values, value, params.confidence) if claimed else None
    low, high = interval or (None, None)
    return {
        "model": first,
        "than": second,
        "figure": name,
        "value": value,
        "low": low,
        "high": high,
        "verdict": verdict_on(interval),
    }


def difference_interval(
    name: str, values: FloatArray, value: float, confidence: float
) -> tuple[float, float] | None:
    """The interval of a difference in one figure, from its paired resamples."""
    if is_biased(name):
        return centred_interval(values, value, confidence)
    return percentile_interval(values, confidence)


def verdict_on(interval: tuple[float, float] | None) -> str:
    """What the interval of a difference shows of the first-named."""
    if interval is None or interval[0] <= 0 <= interval[1]:
        return NOT_SHOWN
    return BETTER if interval[0] > 0 else WORSE
