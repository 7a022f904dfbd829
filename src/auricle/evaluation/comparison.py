"""Models side by side: the same recordings, the same resamples, and a plain verdict on each difference."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from auricle.corpora.labels import LabelParams
from auricle.errors import CorpusError
from auricle.evaluation.bootstrap import bootstrap
from auricle.evaluation.differences import difference_between
from auricle.evaluation.evaluate import kind_of, overall_figures
from auricle.evaluation.kinds import Config, Figures, Json, Judged, Kind
from auricle.evaluation.learned import against_baseline, learned
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.rows import KEY_COLUMNS, Rows, evaluated_split
from auricle.evaluation.verdict import put_into_words


def compare_models(
    predictions: Mapping[str, pd.DataFrame | None],
    manifest: pd.DataFrame,
    params: EvaluateParams,
    labels: LabelParams | None = None,
    *,
    commands: Mapping[str, str] | None = None,
    configs: Mapping[str, Config] | None = None,
) -> Json:
    """Judge all models of a study on the recordings that every one of them predicted.

    Args:
        predictions: Per model its predictions, or None where it is not trained.
        manifest: The corpus.
        params: See `EvaluateParams`.
        labels: How labels are read; one class a recording by default.
        commands: Per model the pipeline that trains it (`{"cnn": "train_cnn"}`), to name the remedy.
        configs: Per model `config.json` of its bundle; see `evaluate_model`.

    Returns:
        `models` (figures of each on the common recordings) in the order of `ranking` (the best first by
        `ranked_by`), `majority` (the baseline's figures), `differences` of all pairs and `against_majority`,
        each with interval and verdict on the first-named, `learned` (per model, see
        `auricle.evaluation.learned`), `missing` (what is not trained, and the command that trains it),
        `verdict` (in words), `problem_type`, `baseline` (its name), `compared` (figures),
        `split`, `recordings`, `groups`, `left_out` (recordings per model that others lack) and `warnings`.
        Where nothing is trained, all of it is empty but `missing` and `verdict`.

    Raises:
        CorpusError: The models were judged under different protocols, or share no recording.
    """
    kind = kind_of(labels)
    missing = [missing_model(name, commands or {}) for name, table in predictions.items() if table is None]
    trained = {name: table for name, table in predictions.items() if table is not None}
    comparison: Json = {
        "problem_type": (labels or LabelParams()).problem_type,
        "split": None,
        "recordings": 0,
        "groups": 0,
        "confidence": params.confidence,
        "bootstrap_samples": params.bootstrap_samples,
        "top_k": params.top_k,
        "ranked_by": kind.ranked_by,
        "compared": list(kind.compared),
        "baseline": kind.baseline_name,
        "ranking": [],
        "models": {},
        "majority": {},
        "differences": [],
        "against_majority": [],
        "learned": {},
        "permutations": params.permutations,
        "missing": missing,
        "left_out": {},
        "warnings": [],
    }
    if trained:
        comparison |= _Comparison(kind, manifest, params, configs or {})(trained)
    return comparison | {"verdict": put_into_words(comparison)}


@dataclass(frozen=True)
class _Comparison:
    """A kind of study, its corpus, and how its models are compared."""

    kind: Kind
    manifest: pd.DataFrame
    params: EvaluateParams
    configs: Mapping[str, Config]

    def __call__(self, trained: Mapping[str, pd.DataFrame]) -> Json:
        kind, params = self.kind, self.params
        evaluated, left_out = common_rows(kind, trained, self.manifest)
        rows = next(iter(evaluated.values()))
        judged = {
            name: kind.judge(of_model, trained[name], self.manifest, params, self.configs.get(name))
            for name, of_model in evaluated.items()
        }
        baseline = kind.baseline(rows, self.manifest, params)
        both = judged | {kind.baseline_name: baseline}
        points, resampled = resampled_together(kind, both, params, cells=rows.cells)
        majority = kind.baseline_figures(baseline)
        models = {
            name: overall_figures(kind, rows, points[name], resampled[name], majority, params)
            for name in evaluated
        }
        ranking = sorted(models, key=lambda name: -float(points[name][kind.ranked_by][0]))
        claimed = rows.n_groups >= params.min_groups_for_claim

        tests = {name: kind.permutation_test(of_model, params) for name, of_model in evaluated.items()}
        against = {
            name: against_baseline(name, kind, points, resampled, tests[name], params, claimed=claimed)
            for name in ranking
        }
        return {
            "split": rows.split,
            "recordings": len(rows),
            "groups": rows.n_groups,
            "ranking": ranking,
            "models": {name: models[name] for name in ranking},
            "majority": {name: value for name, value in majority.items() if name in kind.figures},
            "differences": [
                difference_between(pair, name, points, resampled, params, claimed=claimed)
                for pair in combinations(ranking, 2)
                for name in kind.compared
            ],
            "against_majority": [entry for entries in against.values() for entry in entries],
            "learned": {
                name: learned(rows, entries, tests[name], kind.baseline_words(baseline), params)
                for name, entries in against.items()
            },
            "left_out": left_out,
            "warnings": _warnings(evaluated, left_out, params),
        }


def resampled_together(
    kind: Kind, judged: Mapping[str, Judged], params: EvaluateParams, *, cells: int
) -> tuple[dict[str, Figures], dict[str, Figures]]:
    """Figures and resampled figures of each model on the same rows, under the same resamples.

    Args:
        kind: of the study.
        judged: by model, on the same recordings in one order.
        params: how many resamples, and their seed.
        cells: of the rows; bounds the memory.
    """
    flat = {(name, look): table for name, entry in judged.items() for look, table in entry.tables.items()}
    drawn = bootstrap(flat, samples=params.bootstrap_samples, seed=params.seed, rows=cells)
    points: dict[str, Figures] = {}
    resampled: dict[str, Figures] = {}
    for name, entry in judged.items():
        points[name] = kind.merged({look: table() for look, table in entry.tables.items()})
        resampled[name] = kind.merged({look: drawn[name, look] for look in entry.tables})
    return points, resampled


def common_rows(
    kind: Kind, trained: Mapping[str, pd.DataFrame], manifest: pd.DataFrame, split: str | None = None
) -> tuple[dict[str, Rows], dict[str, int]]:
    """The rows of each model on the recordings that all predicted, in one order, and how many each had
    beyond.

    Args:
        kind: of the study.
        trained: predictions by model.
        manifest: the corpus.
        split: rows to take; by default those that are judged, see `evaluated_split`.

    Raises:
        CorpusError: The models were judged on different splits, or share no recording.
    """
    splits = {name: split or evaluated_split(table) for name, table in trained.items()}
    if len(set(splits.values())) > 1:
        raise CorpusError(
            f"The models were judged under different protocols ({splits}), so their figures cannot be"
            " compared. Train all of them again under the protocol of the corpus."
        )
    classes = list(
        dict.fromkeys(c for table in trained.values() for c in table.columns if c not in KEY_COLUMNS)
    )
    scored = {name: kind.rows(table, manifest, classes, split=split) for name, table in trained.items()}
    vocabulary = max((table.vocabulary for table in scored.values()), key=len)
    shared = set.intersection(*(set(table.ids) for table in scored.values()))
    if not shared:
        raise CorpusError(
            f"No recording was predicted by all of {sorted(trained)}, so there is nothing to compare them on."
            " Make their predictions again from one corpus."
        )
    common = {}
    for name, table in scored.items():
        kept = np.flatnonzero(np.isin(table.ids.astype(str), sorted(shared)))
        common[name] = kind.widened(table.take(kept[np.argsort(table.ids[kept].astype(str))]), vocabulary)
    return common, {name: len(table) - len(shared) for name, table in scored.items()}


def missing_model(name: str, commands: Mapping[str, str]) -> Json:
    """A model without predictions, and how to get them."""
    pipeline = commands.get(name)
    command = f"kedro run --pipelines={pipeline}" if pipeline else None
    remedy = f": run {command}" if command else ""
    return {"model": name, "command": command, "text": f"{name} is not trained{remedy}"}


def _warnings(
    evaluated: Mapping[str, Rows], left_out: Mapping[str, int], params: EvaluateParams
) -> list[str]:
    found = [f"{name}: {warning}" for name, table in evaluated.items() for warning in table.warnings]
    for name, count in left_out.items():
        if count:
            found.append(
                f"{count} recordings that {name} predicted and others did not are left out of the comparison."
            )
    groups = next(iter(evaluated.values())).n_groups
    if groups < params.min_groups_for_claim:
        found.append(f"The recordings come from {groups} groups only: no difference can be shown on them.")
    if len(evaluated) > 1:
        found.append(
            f"Each of the {len(evaluated)} models is tested against the baseline by itself; with so many, one"
            " may pass by chance."
        )
    pairs = len(evaluated) * (len(evaluated) - 1) // 2
    if pairs > 1:
        found.append(
            f"Each of the {pairs} pairs has its own interval; with so many, one may exclude zero by chance."
        )
    return found
