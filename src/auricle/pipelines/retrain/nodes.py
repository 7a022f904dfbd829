"""Nodes that judge a challenger. Heavy imports stand inside the functions."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from auricle.audio.limits import AudioLimits
from auricle.corpora.labels import LabelParams
from auricle.evaluation.params import EvaluateParams
from auricle.models.bundle import BundleRef
from auricle.models.champion import CHALLENGER, Promotion, model_of, past_moves, pointer_of
from auricle.retraining.params import KeepParams, RuleParams

logger = logging.getLogger(__name__)


def take_up(manifest: pd.DataFrame, due: dict[str, Any]) -> pd.DataFrame:
    """The manifest for those who are to be trained.

    They read it here and not where ingestion leaves it, so that all of them come after the gate.
    """
    logger.info("Retraining is %s", due["reason"])
    return manifest


def measure(
    champion: BundleRef | None,
    challenger: BundleRef,
    manifest: pd.DataFrame,
    recordings: Path,
    rule: RuleParams,
    decoding: AudioLimits,
) -> dict[str, dict[str, Any]]:
    """What champion and challenger cost, measured side by side; see `auricle.retraining.costs`.

    A first model is not timed, nor is one that is the champion: there is nothing to hold it against.
    """
    from auricle.retraining.compared import CHAMPION, VALIDATION
    from auricle.retraining.costs import costs_of, timed_files

    if champion is None or champion.digest == challenger.digest:
        bundles, count = {CHALLENGER: challenger}, 0
    else:
        bundles, count = {CHAMPION: champion, CHALLENGER: challenger}, rule.latency.recordings
    files = timed_files(manifest, recordings, (VALIDATION, "train"), count)
    found = costs_of(bundles, files, rule.latency, decoding)
    return {name: cost._asdict() for name, cost in found.items()}


def decide_on(
    champion: BundleRef | None,
    challenger: BundleRef,
    champion_predictions: pd.DataFrame | None,
    predictions: pd.DataFrame,
    costs: dict[str, dict[str, Any]],
    manifest: pd.DataFrame,
    due: dict[str, Any],
    rule: RuleParams,
    manual_approval: bool,
    evaluation: EvaluateParams,
    labels: LabelParams,
) -> dict[str, Any]:
    """Decide, and keep what the decision rests on; see `auricle.retraining.decision`."""
    from auricle.retraining.compared import CHAMPION, Grounds
    from auricle.retraining.costs import Cost
    from auricle.retraining.decision import Contest, decide
    from auricle.retraining.incumbent import where_it_could

    contest = Contest(
        champion,
        challenger,
        {CHAMPION: where_it_could(champion_predictions), CHALLENGER: predictions},
        {name: Cost(**cost) for name, cost in costs.items()},
    )
    decision = decide(
        contest,
        Grounds(manifest, rule, evaluation, labels),
        manual_approval=manual_approval,
        triggers=due.get("triggers"),
    )
    logger.info("%s: %s. %s", decision["model"], decision["outcome"], decision["reason"])
    return decision


def promote(decision: dict[str, Any], challenger: BundleRef) -> Iterator[Promotion]:
    """Move the champion where it was so decided.

    The decision is on the disk before: what is killed in between is carried out by the next run.
    """
    from auricle.retraining.decision import promotion_by

    promotion = promotion_by(decision, challenger)
    if promotion is not None:
        yield promotion


def prune(champion: BundleRef, decisions: list[dict[str, Any]], keep: KeepParams) -> None:
    """Remove old challengers, but none that is champion, or a rollback leads to, or is in an ensemble.

    Nor one that waits for a person, or was decided on last.
    """
    from auricle.models.pruning import prune_versions
    from auricle.retraining.decisions import still_needed

    if keep.challengers is None:
        return
    spared = still_needed(decisions, past_moves(champion))
    removed = prune_versions(pointer_of(champion).parent, keep.challengers, [CHALLENGER], spared)
    if removed:
        logger.info("%s: removed the challengers %s", model_of(champion), ", ".join(removed))
