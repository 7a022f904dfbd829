"""All trainings of a study side by side: what each was told, and what it can, on the same recordings."""

from collections.abc import Mapping, Sequence

import pandas as pd

from auricle.corpora.labels import LabelParams
from auricle.errors import CorpusError
from auricle.evaluation.comparison import compare_models
from auricle.evaluation.evaluate import kind_of
from auricle.evaluation.kinds import Json
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.report_provenance import flattened
from auricle.evaluation.rows import evaluated_split
from auricle.models.bundle import PastBundle

FACTS = ("trained_at", "seconds", "device", "precision", "git_revision")


def compare_experiments(
    histories: Mapping[str, Sequence[PastBundle]],
    manifest: pd.DataFrame,
    params: EvaluateParams,
    labels: LabelParams,
) -> Json:
    """Figures of every bundle on the recordings that all of them predicted, with what sets it apart.

    Args:
        histories: Per model its bundles, the oldest first.
        manifest: The corpus as it is now.
        params: See `EvaluateParams`.
        labels: How labels are read.

    Returns:
        `experiments` (the best first: `name`, `model`, `version`, `figures` with their intervals, `differs`:
        the parameters that not all bundles of its model share, `facts`), `differences` of the best from each
        other, `baseline`, `compared`, `left_out` (bundles that cannot be compared, and why), `problem_type`,
        `split`, `recordings`, `groups`, `confidence`, `bootstrap_samples` and `warnings`.
    """
    found = {
        f"{model} {past.bundle.version}": (model, past)
        for model, history in histories.items()
        for past in history
    }
    comparable, left_out = _comparable({name: past for name, (_, past) in found.items()}, manifest, labels)
    comparison = compare_models(
        {name: past.predictions for name, past in comparable.items()},
        manifest,
        params,
        labels,
        configs={name: past.bundle.config for name, past in comparable.items()},
    )
    differing = _differing({name: (found[name][0], past) for name, past in comparable.items()})
    best = comparison["ranking"][:1]
    return {
        "experiments": [
            {
                "name": name,
                "model": found[name][0],
                "version": comparable[name].bundle.version,
                "figures": {
                    figure: {key: comparison["models"][name][figure][key] for key in ("value", "low", "high")}
                    for figure in comparison["models"][name]
                },
                "differs": differing[name],
                "facts": {key: comparable[name].bundle.training.get(key) for key in FACTS},
            }
            for name in comparison["ranking"]
        ],
        "differences": [entry for entry in comparison["differences"] if entry["model"] in best],
        "baseline": comparison["majority"],
        "left_out": left_out,
    } | {
        key: comparison[key]
        for key in (
            "compared",
            "problem_type",
            "split",
            "recordings",
            "groups",
            "confidence",
            "bootstrap_samples",
            "warnings",
        )
    }


def _comparable(
    bundles: Mapping[str, PastBundle], manifest: pd.DataFrame, labels: LabelParams
) -> tuple[dict[str, PastBundle], dict[str, str]]:
    """The bundles that were judged as the newest of them is, and of the others why not."""
    kind = kind_of(labels)
    kept: dict[str, PastBundle] = {}
    left_out: dict[str, str] = {}
    for name, past in sorted(bundles.items(), key=lambda item: item[1].bundle.version, reverse=True):
        problem_type = past.bundle.config.get("problem_type")
        try:
            if problem_type not in (None, labels.problem_type):
                raise CorpusError(f"It was trained for {problem_type}.")
            kind.rows(past.predictions, manifest)
            split = evaluated_split(past.predictions)
            of_newest = next((evaluated_split(other.predictions) for other in kept.values()), split)
            if split != of_newest:
                raise CorpusError(f"It was judged on {split!r}, the newest on {of_newest!r}.")
        except CorpusError as error:
            left_out[name] = str(error)
        else:
            kept[name] = past
    return kept, left_out


def _differing(bundles: Mapping[str, tuple[str, PastBundle]]) -> dict[str, dict[str, str]]:
    """Per bundle its parameters, and the data that it learned from, where those of its model disagree."""
    told = {
        name: dict(flattened(past.bundle.training.get("params") or {}))
        | {"data": str((past.bundle.training.get("data") or {}).get("digest", ""))[:12]}
        for name, (_, past) in bundles.items()
    }
    found = {}
    for name, (model, _) in bundles.items():
        siblings = [told[other] for other, (of, _) in bundles.items() if of == model]
        keys = dict.fromkeys(key for sibling in siblings for key in sibling)
        found[name] = {
            key: told[name].get(key, "")
            for key in keys
            if len({sibling.get(key) for sibling in siblings}) > 1
        }
    return found
