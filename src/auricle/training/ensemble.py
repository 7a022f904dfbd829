"""Makes an ensemble of a study's models, from their predictions alone, and stages its bundle.

No recording has a say in its own answer. Under hold-out the combination (weights, stacker, ranks,
temperature, thresholds) learns from validation recordings only, and test recordings are answered by it; the
validation recordings themselves, by which temperature and thresholds are then chosen, are answered by
combinations of other groups. Under `grouped_k_fold` members are known by what they said out of fold:
recordings of fold k are answered by a combination that learned from the other folds, whose labels are all
that it has seen. What remains is in the members: that which answered fold j had learned from fold k too, as
in every stacking of out-of-fold predictions (Wolpert, "Stacked Generalization", 1992; van der Laan et al.,
"Super Learner", 2007).
To take this away too, each member would have to be trained once for every pair of folds.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.corpora.labels import LabelParams
from auricle.errors import ConfigurationError, CorpusError
from auricle.models.bundle import CONFIG, CROSS_FITTED, FORMAT_VERSION, BundleDraft, BundleRef
from auricle.models.ensemble import WEIGHTS_FILE, Combination, save_combination
from auricle.models.members import references_to
from auricle.models.provenance import manifest_digest, provenance
from auricle.models.registry import ENSEMBLE
from auricle.models.seen import SeenRecordings
from auricle.studies import TRAINED_BY
from auricle.training.combining import fit_combination
from auricle.training.ensemble_params import EnsembleParams
from auricle.training.member_table import MemberTable, read_members
from auricle.training.resume import write_json
from auricle.training.staging import OUT_OF_FOLD_SPLIT, stage_bundle
from auricle.training.vocabulary import Examples, IntArray, labels_for_digest, read_examples
from auricle.training.workdir import open_workdir, training_digest

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Combined:
    """An ensemble as it came out.

    Attributes:
        combination: Learned from all recordings that may be learned from.
        cross_fitted: What it says of these, each without its own fold or group; by the contract.
        decision: Temperature or thresholds, chosen by `cross_fitted`.
        predictions: Of all recordings, by the contract: `cross_fitted`, and `combination` of the rest.
    """

    combination: Combination
    cross_fitted: pd.DataFrame
    decision: dict[str, Any]
    predictions: pd.DataFrame


def combine(
    members: MemberTable, manifest: pd.DataFrame, params: EnsembleParams, labels: LabelParams | None = None
) -> Combined:
    """Learn how to combine members, and answer every recording by what did not learn from it.

    Args:
        members: what they say.
        manifest: of the corpus.
        params: of the ensemble.
        labels: how labels are read; one class a recording by default.

    Raises:
        ConfigurationError: the members know other classes than the corpus has, or a rank mean of one class.
        CorpusError: nothing to learn from, or one group only.
    """
    examples = read_examples(manifest, labels)
    _check(members, examples, params)
    groups = manifest[manifest["status"] == "ok"].set_index("recording_id")["group"]
    rows, targets, folds = _learned_from(members, examples, groups, params)
    known = members.probabilities[:, rows]
    combination = fit_combination(members.names, known, targets, params)
    answers = np.empty(known.shape[1:])
    for fold in np.unique(folds):
        here = folds == fold
        apart = fit_combination(members.names, known[:, ~here], targets[~here], params)
        answers[here] = apart(known[:, here])
    cross_fitted = members.table(rows, answers)
    everything = combination(members.probabilities)
    everything[rows] = answers
    predictions = members.table(np.arange(len(members.recording_ids)), everything)
    return Combined(combination, cross_fitted, examples.decision_by(cross_fitted), predictions)


def _check(members: MemberTable, examples: Examples, params: EnsembleParams) -> None:
    if params.method == "rank_mean" and not examples.labels.is_multi:
        raise ConfigurationError(rank_mean_refused())
    if differing := sorted(set(members.vocabulary) ^ set(examples.vocabulary)):
        raise ConfigurationError(
            f"The members {', '.join(members.names)} know {len(members.vocabulary)} classes, and the corpus"
            f" has {len(examples.vocabulary)}; they differ in {', '.join(differing[:5])}. Train the members"
            " again."
        )


def rank_mean_refused() -> str:
    """Why ranks are not averaged where each recording has one class."""
    return (
        "ensemble.method is rank_mean, which ranks recordings by each of several labels, and here each"
        " recording has one class. Set method: mean, weighted or stacking."
    )


def _learned_from(
    members: MemberTable, examples: Examples, groups: "pd.Series[str]", params: EnsembleParams
) -> tuple[IntArray, npt.NDArray[Any], IntArray]:
    """Rows of the members' table that may be learned from, their targets by its classes, and their folds."""
    split = OUT_OF_FOLD_SPLIT if examples.is_k_fold else "validation"
    places = pd.Index(examples.recording_ids).get_indexer(pd.Index(members.recording_ids))
    rows = np.flatnonzero((places >= 0) & (members.splits == split)).astype(np.int64)
    if not len(rows):
        raise CorpusError(
            f"No labelled recording has a prediction of the split {split!r}, so there is nothing that an"
            " ensemble may learn from. Give the corpus a validation split (validation_share), or choose"
            " protocol: grouped_k_fold, and train the members again."
        )
    of_rows = examples.targets[places[rows]]
    if examples.labels.is_multi:
        order = [examples.vocabulary.index(label) for label in members.vocabulary]
        targets = of_rows[:, order]
    else:
        order = [members.vocabulary.index(label) for label in examples.vocabulary]
        targets = np.asarray(order, dtype=np.int64)[of_rows]
    if examples.is_k_fold:
        return rows, targets, examples.folds[places[rows]]
    return rows, targets, _dealt(groups.loc[list(members.recording_ids[rows])], params)


def _dealt(groups: "pd.Series[str]", params: EnsembleParams) -> IntArray:
    """A fold for each recording that no group crosses, int64 (n,)."""
    from sklearn.model_selection import GroupKFold

    numbers = pd.factorize(groups.astype(str), sort=True)[0]
    count = int(numbers.max()) + 1
    if count < 2 and params.method != "mean":
        raise CorpusError(
            f"All {len(groups)} validation recordings are of one group: method {params.method} must learn"
            " from others than it is judged on. Set ensemble.method: mean, or give validation more groups."
        )
    folds = np.zeros(len(groups), dtype=np.int64)
    if count >= 2:
        dealt = GroupKFold(min(params.folds, count)).split(numbers, groups=numbers)
        for fold, (_, rows) in enumerate(dealt):
            folds[rows] = fold
    return folds


def fit_ensemble(  # noqa: PLR0917  (the order of the catalog entries of its node)
    champions: Mapping[str, BundleRef],
    predictions: Mapping[str, pd.DataFrame],
    manifest: pd.DataFrame,
    params: EnsembleParams,
    workdir: Path,
    labels: LabelParams | None = None,
) -> BundleDraft:
    """Combine champions by the protocol of their corpus, and stage the bundle.

    Args:
        champions: the members' bundles; the ensemble's refers to them by digest.
        predictions: what each says.
        manifest: one row per file of the corpus.
        params: of the ensemble.
        workdir: where the bundle is staged; `auricle.training.install.install_draft` cleans up.
        labels: how labels are read; one class a recording by default.

    Raises:
        ConfigurationError: fewer than two members, or members of different vocabularies.
        CorpusError: see `combine`; members that were trained on other splits.
    """
    started = time.monotonic()
    if len(champions) < 2:
        raise ConfigurationError(too_few(champions))
    members = read_members({name: predictions[name] for name in champions})
    combined = combine(members, manifest, params, labels)
    lacking = members.lacking()
    for name, counts in lacking.items():
        if counts:
            logger.warning("%s", lacking_text(name, counts))
    plain = {"ensemble": params.model_dump(mode="json"), **labels_for_digest(labels or LabelParams())}
    digests = {name: ref.digest for name, ref in champions.items()}
    digest = training_digest(data=manifest_digest(manifest), members=digests, **plain)
    is_k_fold = bool((combined.cross_fitted["split"] == OUT_OF_FOLD_SPLIT).all())
    with open_workdir(workdir, digest) as folder:
        config = _config(members, champions, params, labels or LabelParams(), workdir) | combined.decision
        training = {
            "lacking": lacking,
            "weights": dict(zip(members.names, combined.combination.weights.tolist(), strict=True)),
            "learned_from": {
                "split": OUT_OF_FOLD_SPLIT if is_k_fold else "validation",
                "recordings": len(combined.cross_fitted),
            },
            **provenance(
                manifest=manifest,
                params=plain,
                seed=0,
                protocol="grouped_k_fold" if is_k_fold else "holdout",
                seconds=time.monotonic() - started,
                front_end_digest=", ".join(sorted({_front_end(ref) for ref in champions.values()})),
            ),
        }
        files = _EnsembleFiles(combined.combination, config, None if is_k_fold else combined.cross_fitted)
        return stage_bundle(
            folder,
            parts=[files, SeenRecordings(manifest)],
            training=training,
            out_of_fold=combined.cross_fitted if is_k_fold else None,
        )


def too_few(found: Mapping[str, Any]) -> str:
    """Why there is no ensemble of fewer than two."""
    return (
        f"An ensemble needs two trained models or more, and there {'is' if len(found) == 1 else 'are'}"
        f" {', '.join(found) or 'none'}. Train others of the study first, such as with kedro run"
        " --pipelines=train_rf,train_cnn."
    )


def untrained(name: str) -> str:
    """Why a model cannot be a member."""
    return (
        f"ensemble.members names {name}, which is not trained: run kedro run --pipelines={TRAINED_BY[name]},"
        " leave it out, or set members: null for all that are trained."
    )


def lacking_text(name: str, counts: Mapping[str, int]) -> str:
    """A sentence on the recordings that a member lacks."""
    told = ", ".join(f"{count} of {split}" for split, count in counts.items())
    total = sum(counts.values())
    return (
        f"{name} lacks {total} recording{'s' * (total != 1)} ({told}) that others know; these are answered by"
        " the others."
    )


def _front_end(ref: BundleRef) -> str:
    return str(ref.training.get("front_end_digest", ""))


def _config(
    members: MemberTable,
    champions: Mapping[str, BundleRef],
    params: EnsembleParams,
    labels: LabelParams,
    beside: Path,
) -> dict[str, Any]:
    told = [name for ref in champions.values() for name in ref.config.get("instruments") or ()]
    return {
        "auricle_bundle": FORMAT_VERSION,
        "model_type": ENSEMBLE,
        "problem_type": labels.problem_type,
        "id2label": {str(index): label for index, label in enumerate(members.vocabulary)},
        "label2id": {label: index for index, label in enumerate(members.vocabulary)},
        "parents": labels.parents,
        "instruments": sorted(set(told)),
        "method": params.method,
        "members": references_to(champions, beside),
    }


@dataclass(frozen=True)
class _EnsembleFiles:
    """An ensemble as one of the parts that a bundle is staged from."""

    combination: Combination
    config: dict[str, Any]
    cross_fitted: pd.DataFrame | None

    def save_pretrained(self, folder: Path) -> None:
        save_combination(self.combination, folder / WEIGHTS_FILE)
        write_json(folder / CONFIG, self.config)
        if self.cross_fitted is not None:
            self.cross_fitted.to_parquet(folder / CROSS_FITTED, index=False)
