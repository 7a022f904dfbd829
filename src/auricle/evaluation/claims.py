"""What may be said of a class, an instrument or a split, and what must be said beside the figures."""

from typing import Any

from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.rows import Rows

Json = dict[str, Any]
NAMED = 20


def no_claim(examples: int, groups: int, params: EvaluateParams) -> str | None:
    """Why nothing is claimed about what was judged so seldom, or None where something may be."""
    if examples == 0:
        return "absent from the judged recordings"
    if groups < params.min_groups_for_claim:
        return f"heard in {groups} of the {params.min_groups_for_claim} groups that a claim needs"
    if examples < params.min_examples_for_claim:
        return f"heard in {examples} of the {params.min_examples_for_claim} recordings that a claim needs"
    return None


def figure(value: float | None, interval: tuple[float, float] | None) -> Json:
    """A figure as JSON."""
    low, high = interval or (None, None)
    return {"value": value, "low": low, "high": high}


def claim_warnings(evaluated: Rows, classes: list[Json], params: EvaluateParams) -> list[str]:
    """What must be said beside the figures."""
    absent = [row["label"] for row in classes if row["support"] == 0]
    few = [row for row in classes if row["support"] and row["groups"] < params.min_groups_for_claim]
    rare = [row for row in classes if row["support"] and not row["claim"] and row not in few]
    found = []
    if absent:
        found.append(
            f"No judged recording of {_some(absent)}: averages over classes go over the other"
            f" {len(classes) - len(absent)}."
        )
    if few:
        named = _some([f"{row['label']} ({row['groups']})" for row in few])
        found.append(
            f"Too few groups for a claim (fewer than {params.min_groups_for_claim}): {named}. These classes"
            " are trained and shown, and nothing is claimed about them."
        )
    if rare:
        named = _some([f"{row['label']} ({row['support']})" for row in rare])
        found.append(
            f"Too few judged recordings for a claim (fewer than {params.min_examples_for_claim}): {named}."
            " These classes are trained and shown, and nothing is claimed about them."
        )
    if evaluated.n_groups < params.min_groups_for_claim:
        found.append(
            f"All judged recordings come from {evaluated.n_groups} groups, fewer than"
            f" {params.min_groups_for_claim}: no interval can be given."
        )
    return found


def _some(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
