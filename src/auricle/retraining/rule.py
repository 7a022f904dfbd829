"""The rule of promotion: what has to hold for a challenger to become the champion, each as a row to read."""

from collections.abc import Iterator, Mapping

import numpy as np

from auricle.errors import ConfigurationError
from auricle.evaluation.differences import difference_interval
from auricle.evaluation.kinds import Json, Kind
from auricle.evaluation.params import EvaluateParams
from auricle.models.champion import CHALLENGER
from auricle.retraining.compared import CHAMPION, Compared, Grounds
from auricle.retraining.costs import Cost
from auricle.retraining.params import RuleParams

MEGABYTE = 1e6


def figure_of(rule: RuleParams, kind: Kind) -> str:
    """The figure that has to improve.

    Raises:
        ConfigurationError: such studies have no such figure, or less of it is better.
    """
    if rule.figure is None:
        return kind.ranked_by
    known = [name for name, higher_is_better in kind.figures.items() if higher_is_better]
    if rule.figure not in known:
        raise ConfigurationError(
            f"retrain.rule.figure is {rule.figure!r}, which is no figure of such labels of which more is"
            f" better. There are {', '.join(known)}."
        )
    return rule.figure


def label_figure_of(kind: Kind) -> str:
    """The figure of a label that must not drop."""
    return "average_precision" if "average_precision" in kind.class_figures else "f1"


def checks_of(compared: Compared, costs: Mapping[str, Cost], grounds: Grounds) -> list[Json]:
    """All that the rule asks for, as rows `name`, `passed`, `value`, `limit` and `text`.

    Args:
        compared: both on the rows that decide.
        costs: of both.
        grounds: the limits among them.
    """
    rule = grounds.rule
    found = [_heard(compared), improvement(compared, rule, grounds.evaluation), _labels(compared, rule)]
    if rule.max_calibration_worsening is not None:
        found.append(_calibration(compared, rule.max_calibration_worsening, grounds.evaluation))
    return [*found, *_latency(costs, rule), *_size(costs, rule)]


def row(name: str, passed: bool, value: float | None, limit: float | None, text: str) -> Json:
    """One check; numbers that are not defined are null, for JSON has no other way to say so."""
    known = None if value is None or not np.isfinite(value) else float(value)
    return {"name": name, "passed": bool(passed), "value": known, "limit": limit, "text": text}


def improvement(compared: Compared, rule: RuleParams, evaluation: EvaluateParams) -> Json:
    """Whether the lower bound of the improvement lies above what is asked for."""
    name = figure_of(rule, compared.kind)
    new, old = (float(compared.points[side][name][0]) for side in (CHALLENGER, CHAMPION))
    interval = interval_between(name, compared, evaluation)
    told = f"{name} is {new:.4f}, the champion's {old:.4f}"
    if interval is None:
        groups = compared.judged.n_groups
        return row(
            "improvement",
            False,
            None,
            rule.min_improvement,
            f"{told}. {groups} groups are too few to show a difference; evaluation.min_groups_for_claim is"
            f" {evaluation.min_groups_for_claim}.",
        )
    return row(
        "improvement",
        interval[0] > rule.min_improvement,
        interval[0],
        rule.min_improvement,
        f"{told}: {_difference(new - old, interval, evaluation)}. The lower bound has to be above"
        f" {rule.min_improvement:g}.",
    )


def interval_between(name: str, compared: Compared, evaluation: EvaluateParams) -> tuple[float, float] | None:
    """The interval of challenger less champion in a figure; None where there are too few groups for one."""
    if compared.judged.n_groups < evaluation.min_groups_for_claim:
        return None
    value = float(compared.points[CHALLENGER][name][0] - compared.points[CHAMPION][name][0])
    drawn = compared.resampled[CHALLENGER][name] - compared.resampled[CHAMPION][name]
    return difference_interval(name, drawn, value, evaluation.confidence)


def _difference(value: float, interval: tuple[float, float] | None, evaluation: EvaluateParams) -> str:
    """A difference in words, with its interval where there is one."""
    if interval is None:
        return f"a difference of {value:+.4f}"
    low, high = interval
    return (
        f"a difference of {value:+.4f}, from {low:+.4f} to {high:+.4f} with a confidence of"
        f" {evaluation.confidence:g}"
    )


def label_rows_of(compared: Compared, rule: RuleParams) -> Iterator[Json]:
    """Of each label its support and the figure of both."""
    rows = compared.judged
    key = compared.kind.class_figures[label_figure_of(compared.kind)]
    for index, label in enumerate(rows.vocabulary):
        having = rows.having(index)
        recordings, groups = int(having.sum()), len(np.unique(rows.groups[having]))
        new, old = (float(compared.points[side][key][index, 0]) for side in (CHALLENGER, CHAMPION))
        yield {
            "label": label,
            "recordings": recordings,
            "groups": groups,
            "has_support": recordings >= rule.min_support and groups >= rule.min_support_groups,
            CHAMPION: None if np.isnan(old) else old,
            CHALLENGER: None if np.isnan(new) else new,
        }


def _heard(compared: Compared) -> Json:
    """How many recordings were left out; what is left is judged."""
    rows = compared.judged
    told = [
        f"Judged on {len(rows)} recordings of {rows.n_groups} groups ({rows.split.replace('_', ' ')}).",
        *(
            f"Left out are {count} whose group the {name} has learned from."
            for name, count in compared.dropped.items()
            if count
        ),
        *(
            f"The bundle of the {name} does not say what it has learned from; the ledger vouches for it."
            for name in compared.unknown
        ),
    ]
    return row("unheard", True, sum(compared.dropped.values()), None, " ".join(told))


def _labels(compared: Compared, rule: RuleParams) -> Json:
    """Whether every label with support is about as good as before."""
    name = label_figure_of(compared.kind)
    drops = {
        told["label"]: (told[CHAMPION] or 0.0) - (told[CHALLENGER] or 0.0)
        for told in label_rows_of(compared, rule)
        if told["has_support"]
    }
    if not drops:
        return row(
            "labels",
            True,
            None,
            rule.max_label_drop,
            f"No label has support, which is {rule.min_support} recordings of {rule.min_support_groups}"
            " groups.",
        )
    worst = max(drops, key=lambda label: drops[label])
    worse = [label for label, drop in drops.items() if drop > rule.max_label_drop]
    more = f" So it is of {len(worse)} labels: {', '.join(worse)}." if len(worse) > 1 else ""
    change = f"lower by {drops[worst]:.4f}" if drops[worst] > 0 else f"higher by {-drops[worst]:.4f}"
    return row(
        "labels",
        not worse,
        drops[worst],
        rule.max_label_drop,
        f"Of {len(drops)} labels with support {worst!r} is worst off: its {name} is {change}; up to"
        f" {rule.max_label_drop:g} is allowed.{more}",
    )


def _calibration(compared: Compared, limit: float, evaluation: EvaluateParams) -> Json:
    """Whether confidences are shown to mean less than before, at the temperatures that prediction uses.

    It is the lower bound that counts: of some hundred recordings an ECE is known to some hundredths, and the
    difference itself would keep one of a few challengers that are no worse.
    """
    both = all("ece_calibrated" in figures for figures in compared.points.values())
    name = "ece_calibrated" if both else "ece"
    new, old = (float(compared.points[side][name][0]) for side in (CHALLENGER, CHAMPION))
    interval = interval_between(name, compared, evaluation)
    low, _ = interval or (new - old, new - old)
    return row(
        "calibration",
        low <= limit,
        low,
        limit,
        f"{name} is {new:.4f}, the champion's {old:.4f}: {_difference(new - old, interval, evaluation)}. The"
        f" lower bound may be up to {limit:g}.",
    )


def _latency(costs: Mapping[str, Cost], rule: RuleParams) -> Iterator[Json]:
    new, old = costs[CHALLENGER].seconds, costs[CHAMPION].seconds
    asked = rule.latency
    if new is None or old is None:
        if asked.recordings and (asked.max_ratio is not None or asked.max_seconds is not None):
            yield row("latency", False, None, None, "No recording could be predicted to measure the time.")
        return
    on = f"measured on {costs[CHALLENGER].recordings} recordings"
    if asked.max_ratio is not None:
        yield row(
            "latency_ratio",
            new <= asked.max_ratio * old,
            new / old,
            asked.max_ratio,
            f"{new:.4f} s a recording on the CPU are {new / old:.2f} of the champion's {old:.4f} s, {on};"
            f" up to {asked.max_ratio:g} is allowed.",
        )
    if asked.max_seconds is not None:
        yield row(
            "latency",
            new <= asked.max_seconds,
            new,
            asked.max_seconds,
            f"{new:.4f} s a recording on the CPU, {on}; up to {asked.max_seconds:g} s are allowed.",
        )


def _size(costs: Mapping[str, Cost], rule: RuleParams) -> Iterator[Json]:
    new, old = costs[CHALLENGER].bytes / MEGABYTE, costs[CHAMPION].bytes / MEGABYTE
    asked = rule.size
    if asked.max_ratio is not None:
        yield row(
            "size_ratio",
            new <= asked.max_ratio * old,
            new / old,
            asked.max_ratio,
            f"{new:.2f} MB are {new / old:.2f} of the champion's {old:.2f} MB; up to {asked.max_ratio:g} is"
            " allowed.",
        )
    if asked.max_megabytes is not None:
        yield row(
            "size",
            new <= asked.max_megabytes,
            new,
            asked.max_megabytes,
            f"{new:.2f} MB; up to {asked.max_megabytes:g} MB are allowed.",
        )
