"""The decision on a challenger, and all that it rests on, as it is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from auricle.errors import CorpusError
from auricle.evaluation.kinds import Json
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.rows import OUT_OF_FOLD
from auricle.models.bundle import BundleRef
from auricle.models.champion import CHALLENGER, Promotion, model_of, past_moves
from auricle.models.provenance import PACKAGES, asked_by, git_revision, manifest_digest, package_versions
from auricle.retraining.compared import (
    CHAMPION,
    TEST,
    Candidate,
    Compared,
    Grounds,
    compare,
    deciding_split,
)
from auricle.retraining.costs import Cost
from auricle.retraining.rule import checks_of, figure_of, interval_between, label_rows_of, row

FORMAT_VERSION = 1
PROMOTED, KEPT, WAITING = "promoted", "kept", "waiting"


@dataclass(frozen=True)
class Contest:
    """Who is compared.

    Attributes:
        champion: the bundle in use; None where there is none yet, and the challenger takes its place.
        challenger: the bundle that was trained.
        predictions: of the present recordings, by `champion` and `challenger`; None where a champion cannot
            predict them.
        costs: by the same names.
    """

    champion: BundleRef | None
    challenger: BundleRef
    predictions: Mapping[str, pd.DataFrame | None]
    costs: Mapping[str, Cost]


def decide(
    contest: Contest, grounds: Grounds, *, manual_approval: bool = False, triggers: Json | None = None
) -> Json:
    """Decide on a challenger, and say why.

    Args:
        contest: champion and challenger.
        grounds: what it is decided by.
        manual_approval: leave a challenger who has won to a person.
        triggers: why the model was trained, to be kept.

    Returns:
        What is kept, ready for JSON: `outcome` (`promoted`, `kept`, `waiting`), `reason` in words, `checks`
        (see `auricle.retraining.rule`), `figures` (of both on what decides, by label, and on the test split,
        which decides nothing), and where all of it comes from.
    """
    champion, challenger = contest.champion, contest.challenger
    found: Json = {"figures": {}, "checks": []}
    if champion is None:
        outcome, reason = PROMOTED, "It is the first model: there is no champion to be better than."
    elif champion.digest == challenger.digest:
        outcome, reason = KEPT, "The challenger is the champion: nothing was trained since it was made so."
    elif withdrawn := _withdrawn(champion, challenger):
        outcome, reason, found["checks"] = KEPT, withdrawn["text"], [withdrawn]
    else:
        found = _compared(contest, champion, grounds)
        outcome, reason = _outcome(contest, found["checks"], manual_approval)
    return {
        "format": FORMAT_VERSION,
        "model": model_of(challenger),
        "outcome": outcome,
        "reason": reason,
        CHAMPION: None if champion is None else _named(champion),
        CHALLENGER: _named(challenger),
        **found,
        "costs": {name: cost._asdict() for name, cost in contest.costs.items()},
        "rule": grounds.rule.model_dump(mode="json"),
        "manual_approval": manual_approval,
        "triggers": triggers or {},
        "data": _data(grounds.manifest),
        "versions": package_versions(PACKAGES),
        "git_revision": git_revision(),
        "asked_by": asked_by(),
        "decided_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def promotion_by(decision: Json, challenger: BundleRef) -> Promotion | None:
    """The move of the pointer that a decision asks for; None where it asks for none."""
    if decision["outcome"] != PROMOTED or decision[CHALLENGER]["digest"] != challenger.digest:
        return None
    champion = decision[CHAMPION]
    return Promotion(
        challenger,
        replaces=champion and champion["digest"],
        asked_by=decision["asked_by"],
        reason=decision["reason"],
    )


def _outcome(contest: Contest, checks: list[Json], manual_approval: bool) -> tuple[str, str]:
    if failed := [check for check in checks if not check["passed"]]:
        return KEPT, " ".join(check["text"] for check in failed)
    told = next(check["text"] for check in checks if check["name"] == "improvement")
    if manual_approval:
        return (
            WAITING,
            f"{told} It waits for: kedro promote {model_of(contest.challenger)} {contest.challenger.version}",
        )
    return PROMOTED, told


def _compared(contest: Contest, champion: BundleRef, grounds: Grounds) -> Json:
    """Figures and checks of both; one failed check where they cannot be compared."""
    bundles = {CHAMPION: champion, CHALLENGER: contest.challenger}
    old, new = (
        None if (table := contest.predictions[name]) is None else Candidate.of(bundle, table)
        for name, bundle in bundles.items()
    )
    if new is None or old is None:
        return _incomparable(
            "The champion cannot predict the present recordings: its front end is another than the corpus"
            " was prepared for."
        )
    split = deciding_split(new.predictions)
    try:
        compared = compare(old, new, grounds, split)
    except CorpusError as error:
        return _incomparable(str(error))
    figures = {
        "split": split,
        **_figures(compared, grounds),
        "labels": list(label_rows_of(compared, grounds.rule)),
        "test": _on_test(old, new, grounds) if split != OUT_OF_FOLD else None,
    }
    return {"figures": figures, "checks": checks_of(compared, contest.costs, grounds)}


def _figures(compared: Compared, grounds: Grounds) -> Json:
    """Every figure of both, their difference, and its interval."""
    names = [name for name in compared.kind.figures if all(name in told for told in compared.points.values())]
    evaluation = grounds.evaluation
    return {
        "decides": figure_of(grounds.rule, compared.kind),
        "recordings": len(compared.judged),
        "groups": compared.judged.n_groups,
        "confidence": evaluation.confidence,
        "figures": {name: _figure(name, compared, evaluation) for name in names},
    }


def _figure(name: str, compared: Compared, evaluation: EvaluateParams) -> Json:
    old, new = (float(compared.points[side][name][0]) for side in (CHAMPION, CHALLENGER))
    interval = interval_between(name, compared, evaluation) or (None, None)
    values = {CHAMPION: old, CHALLENGER: new, "difference": new - old}
    return {key: None if np.isnan(value) else value for key, value in values.items()} | {
        "low": interval[0],
        "high": interval[1],
        "higher_is_better": compared.kind.figures[name],
    }


def _on_test(old: Candidate, new: Candidate, grounds: Grounds) -> Json | None:
    """The same figures on the test split: to be read, and to decide nothing."""
    try:
        return _figures(compare(old, new, grounds, TEST), grounds)
    except CorpusError:  # there need not be a test split
        return None


def _incomparable(why: str) -> Json:
    text = f"They cannot be compared. {why} To have the new one all the same: kedro promote."
    return {"figures": {}, "checks": [row("comparable", False, None, None, text)]}


def _withdrawn(champion: BundleRef, challenger: BundleRef) -> Json | None:
    """A failed check where somebody has taken the challenger out of use before."""
    for move in reversed(past_moves(champion)):
        if move.version == challenger.version:
            return row(
                "not_withdrawn",
                False,
                None,
                None,
                f"The challenger was champion from {move.moved_at} on and was replaced by {champion.version}"
                " since; it takes a person to make it champion again, or another training.",
            )
    return None


def _named(bundle: BundleRef) -> Json:
    training: dict[str, Any] = bundle.training
    data = training.get("data") or {}
    return {
        "version": bundle.version,
        "digest": bundle.digest,
        "trained_at": training.get("trained_at"),
        "recordings": data.get("recordings"),
        "data_digest": data.get("digest"),
    }


def _data(manifest: pd.DataFrame) -> Json:
    usable = manifest[manifest["status"] == "ok"]
    return {
        "digest": manifest_digest(manifest),
        "recordings": len(usable),
        "groups": int(usable["group"].nunique()),
        "per_split": {str(split): int(count) for split, count in usable["split"].value_counts().items()},
    }
