"""What an ensemble is worth: beside its best member, and without each of its members."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from auricle.corpora.labels import LabelParams
from auricle.evaluation.bootstrap import bootstrap, interval_of
from auricle.evaluation.comparison import common_rows
from auricle.evaluation.differences import BETTER, WORSE, difference_between
from auricle.evaluation.evaluate import kind_of
from auricle.evaluation.kinds import RAW, Config, Figures, Json, Kind
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.verdict import FIGURE_NAMES, interval_text, model_name, signed
from auricle.models.bundle import BundleRef
from auricle.studies import ENSEMBLE
from auricle.training.ensemble import combine, lacking_text
from auricle.training.ensemble_params import EnsembleParams
from auricle.training.member_table import MemberTable, read_members

FORMAT_VERSION = 1
WITHOUT = "without "


def judge_contributions(  # noqa: PLR0917  (the order of its node's entries)
    bundle: BundleRef,
    predictions: pd.DataFrame,
    members: Mapping[str, pd.DataFrame],
    configs: Mapping[str, Config],
    manifest: pd.DataFrame,
    ensemble: EnsembleParams,
    params: EvaluateParams,
    labels: LabelParams | None = None,
) -> Json:
    """Judge an ensemble, each member, and the ensemble made again without each, on the same resamples.

    The best member is that which scores highest on the judged recordings, which is hard on the ensemble: a
    member that was lucky there is the one to beat.

    Args:
        bundle: of the ensemble.
        predictions: of the ensemble.
        members: by name what each member says.
        configs: by name `config.json` of its bundle.
        manifest: the corpus.
        ensemble: how members are combined.
        params: see `EvaluateParams`.
        labels: how labels are read; one class a recording by default.

    Returns:
        `verdict` (`shown`: whether the ensemble is shown to be better than `best`; `text`), `members` (per
        member `model`, `version`, `weight`, `figures`, `lacking` by split), `against` (the ensemble minus
        each member) and `adds` (the ensemble minus itself without each), each with interval and verdict, for
        each of `compared`; `ensemble` (its figures), `recordings` and `groups` that all members know,
        `answered` (how many recordings some member lacks, and the others answer), `warnings`.
    """
    kind = kind_of(labels)
    table = read_members(members)
    everyone = {ENSEMBLE: predictions, **members}
    for name in table.names:
        rest = combine(table.without(name), manifest, _rest(ensemble, name), labels)
        everyone[WITHOUT + name] = rest.predictions
    known = {ENSEMBLE: bundle.config, **configs}
    rows, _ = common_rows(kind, everyone, manifest)
    tables = {
        name: kind.judge(of_one, everyone[name], manifest, params, known.get(name)).tables[RAW]
        for name, of_one in rows.items()
    }
    first = rows[ENSEMBLE]
    drawn = bootstrap(tables, samples=params.bootstrap_samples, seed=params.seed, rows=first.cells)
    points = {name: of_one() for name, of_one in tables.items()}
    claimed = first.n_groups >= params.min_groups_for_claim

    def differences(others: Sequence[str]) -> list[Json]:
        return [
            difference_between((ENSEMBLE, other), figure, points, drawn, params, claimed=claimed)
            for other in others
            for figure in kind.compared
        ]

    best = max(table.names, key=lambda name: float(points[name][kind.ranked_by][0]))
    against = differences(table.names)
    lacking = table.lacking()
    return {
        "format": FORMAT_VERSION,
        "method": ensemble.method,
        "split": first.split,
        "recordings": len(first),
        "groups": first.n_groups,
        "confidence": params.confidence,
        "bootstrap_samples": params.bootstrap_samples,
        "compared": list(kind.compared),
        "ranked_by": kind.ranked_by,
        "ensemble": _figures(kind, points[ENSEMBLE], drawn[ENSEMBLE], params, claimed=claimed),
        "members": [
            {
                "model": entry["model"],
                "version": entry["version"],
                "weight": bundle.training["weights"][entry["model"]] if _weighs(ensemble) else None,
                "figures": _figures(
                    kind, points[entry["model"]], drawn[entry["model"]], params, claimed=claimed
                ),
                "lacking": lacking[entry["model"]],
            }
            for entry in bundle.config["members"]
        ],
        "best": best,
        "against": against,
        "adds": differences([WITHOUT + name for name in table.names]),
        "answered": _lacked(table),
        "verdict": _verdict(best, against, kind.ranked_by, params),
        "warnings": [lacking_text(name, counts) for name, counts in lacking.items() if counts],
    }


def _weighs(ensemble: EnsembleParams) -> bool:
    return ensemble.method in ("mean", "weighted")


def _rest(ensemble: EnsembleParams, name: str) -> EnsembleParams:
    """The same parameters without one member: given weights keep their proportions."""
    if ensemble.weights is None:
        return ensemble
    weights = {other: weight for other, weight in ensemble.weights.items() if other != name}
    # Built without validation: one member may be left, or all of the weight gone.
    return ensemble.model_copy(update={"weights": weights, "members": tuple(weights)})


def _lacked(table: MemberTable) -> int:
    return int(np.isnan(table.probabilities).any(axis=2).any(axis=0).sum())


def _figures(kind: Kind, points: Figures, drawn: Figures, params: EvaluateParams, *, claimed: bool) -> Json:
    found: Json = {}
    for name in kind.compared:
        value = float(points[name][0])
        low, high = (interval_of(name, drawn[name], value, params) if claimed else None) or (None, None)
        found[name] = {"value": value, "low": low, "high": high}
    return found


def _verdict(best: str, against: Sequence[Json], figure: str, params: EvaluateParams) -> dict[str, Any]:
    entry = next(d for d in against if d["than"] == best and d["figure"] == figure)
    interval = interval_text(entry, difference=True)
    bounds = f"{100 * params.confidence:.0f} % interval {interval}" if interval else "no interval claimed"
    outcome = {
        BETTER: "is shown to be better than",
        WORSE: "is shown to be worse than",
    }.get(entry["verdict"], "is not shown to be better than")
    text = (
        f"The ensemble {outcome} its best member, the {model_name(best)}: {signed(entry['value'])}"
        f" {FIGURE_NAMES[figure]} ({bounds})."
    )
    return {"shown": entry["verdict"] == BETTER, "text": text}
