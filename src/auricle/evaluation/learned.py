"""Whether a model is shown to have learned anything: its figures against those of the baseline.

Two things are asked of a figure. The interval of its paired difference from the baseline lies above zero:
the model is better than the majority, and would be on other groups too. And permuted labels hardly ever agree
with the predictions as well: without that, a model that guesses at random among many classes would pass, for
its macro-F1 is above that of the majority, which has but one class to be right about. Of several labels,
where there is no such test, the first suffices: the baseline itself ranks at random.
"""

from collections.abc import Mapping, Sequence

from auricle.evaluation.differences import BETTER, NOT_SHOWN, difference_between
from auricle.evaluation.kinds import Figures, Json, Kind
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.permutation import PermutationTest
from auricle.evaluation.rows import Rows
from auricle.evaluation.verdict import FIGURE_NAMES, listed

NOTHING = "Nothing learned can be shown"


def against_baseline(  # noqa: PLR0917  (as its parts have them)
    model: str,
    kind: Kind,
    points: Mapping[str, Figures],
    resampled: Mapping[str, Figures],
    test: PermutationTest | None,
    params: EvaluateParams,
    *,
    claimed: bool,
) -> list[Json]:
    """Differences of a model from the baseline, with interval, `p_value` and verdict.

    Args:
        model: Its name in `points` and `resampled`, where the baseline has its own.
        kind: Names the baseline and the figures.
        points: Figures of both.
        resampled: The same under paired resamples.
        test: Of the model, None where the kind has none.
        params: See `EvaluateParams`.
        claimed: Whether there are groups enough for intervals.
    """
    found = []
    for name in kind.against_baseline:
        pair = model, kind.baseline_name
        entry = difference_between(pair, name, points, resampled, params, claimed=claimed)
        if test is not None:
            entry |= {"p_value": test.figures[name]}
            if entry["verdict"] == BETTER and not _passes(test, name, params):
                entry |= {"verdict": NOT_SHOWN}
        found.append(entry)
    return found


def learned(
    rows: Rows, against: Sequence[Json], test: PermutationTest | None, baseline: str, params: EvaluateParams
) -> Json:
    """Whether a model is shown to have learned anything, and that in words.

    Args:
        rows: The judged rows.
        against: See `against_baseline`.
        test: Of the model, None where the kind has none.
        baseline: What the baseline does, such as "always saying blues".
        params: See `EvaluateParams`.

    Returns:
        `shown`, `p_value` (of all tested figures together), `figures` (per name `value`, `low`, `high`,
        `p_value` and `verdict` of the difference from the baseline) and `text`.
    """
    better = [entry["figure"] for entry in against if entry["verdict"] == BETTER]
    p_value = None if test is None else test.together
    return {
        "shown": bool(better),
        "p_value": p_value,
        "figures": {
            entry["figure"]: {key: entry.get(key) for key in ("value", "low", "high", "p_value", "verdict")}
            for entry in against
        },
        "text": _text(rows, against, better, p_value, baseline, params),
    }


def with_p_values(figures: Json, test: PermutationTest) -> Json:
    """Figures over all classes, the tested ones with their `p_value`; none where nothing is judged."""
    return {
        name: entry | ({"p_value": test.figures[name]} if name in test.figures else {})
        for name, entry in figures.items()
    }


def nothing_learned(told: Json | None) -> list[str]:
    """The warning that nothing is shown, where that is so."""
    return [told["text"]] if told is not None and not told["shown"] else []


def _passes(test: PermutationTest, name: str, params: EvaluateParams) -> bool:
    return max(test.figures[name], test.together) <= params.level


def _text(  # noqa: PLR0917  (each a different fact of one sentence)
    rows: Rows,
    against: Sequence[Json],
    better: Sequence[str],
    p_value: float | None,
    baseline: str,
    params: EvaluateParams,
) -> str:
    by = "" if p_value is None else f" (p = {p_value:.3f}, by {params.permutations} permutations of labels)"
    if better:
        names = listed([FIGURE_NAMES[name] for name in better])
        return f"It is shown to be better than {baseline} in {names}{by}."
    if rows.n_groups < params.min_groups_for_claim:
        return (
            f"{NOTHING}: {rows.n_groups} groups give no figure an interval, so that this model cannot be told"
            f" from {baseline}{by}."
        )
    names = listed([FIGURE_NAMES[entry["figure"]] for entry in against])
    found = f"{NOTHING}: in none of {names} is this model shown to be better than {baseline}{by}."
    if p_value is not None and p_value <= params.level:
        found += (
            " Its predictions agree with the labels more than by chance, but no figure is shown to be above"
            " that of the baseline."
        )
    return found
