"""Champion and challenger on the same recordings, none of which either has learned from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from auricle.corpora.labels import SINGLE, LabelParams
from auricle.errors import CorpusError
from auricle.evaluation.comparison import common_rows, resampled_together
from auricle.evaluation.evaluate import kind_of
from auricle.evaluation.kinds import Figures, Kind
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.rows import OUT_OF_FOLD, Rows
from auricle.models.bundle import BundleRef
from auricle.models.champion import CHALLENGER
from auricle.retraining.params import RuleParams

CHAMPION = "champion"
VALIDATION, TEST = "validation", "test"


@dataclass(frozen=True)
class Candidate:
    """A model that is to be, or to stay, the champion.

    Attributes:
        config: `config.json` of its bundle.
        heard: recordings that it has learned from; None where its bundle does not say.
        predictions: of the present recordings, by the contract.
    """

    config: Mapping[str, Any]
    heard: frozenset[str] | None
    predictions: pd.DataFrame

    @classmethod
    def of(cls, bundle: BundleRef, predictions: pd.DataFrame) -> "Candidate":
        """What a bundle says of itself beside its predictions."""
        seen = bundle.recordings
        heard = None if seen is None else frozenset(seen.loc[seen["split"] == "train", "recording_id"])
        return cls(bundle.config, heard, predictions)


@dataclass(frozen=True)
class Grounds:
    """What a decision is made by.

    Attributes:
        manifest: the corpus that both are judged on.
        rule: what has to hold.
        evaluation: how figures come about.
        labels: how labels are read.
    """

    manifest: pd.DataFrame
    rule: RuleParams
    evaluation: EvaluateParams
    labels: LabelParams


@dataclass(frozen=True)
class Compared:
    """Figures of both on the rows that decide.

    Attributes:
        kind: of the study.
        rows: of both, on the same recordings in one order, over the labels of both.
        points: figures by candidate.
        resampled: the same figures under the same resamples of groups.
        dropped: recordings that are left out because one of the two has heard their group, by candidate.
        unknown: candidates whose bundles do not say what they have heard.
    """

    kind: Kind
    rows: Mapping[str, Rows]
    points: Mapping[str, Figures]
    resampled: Mapping[str, Figures]
    dropped: Mapping[str, int]
    unknown: tuple[str, ...]

    @property
    def judged(self) -> Rows:
        """The challenger's rows; the champion's are of the same recordings."""
        return self.rows[CHALLENGER]


def deciding_split(predictions: pd.DataFrame) -> str:
    """What a decision is made on: out of fold where that is the protocol, else validation; never the test."""
    return OUT_OF_FOLD if (predictions["split"] == OUT_OF_FOLD).any() else VALIDATION


def compare(champion: Candidate, challenger: Candidate, grounds: Grounds, split: str) -> Compared:
    """Judge both on the recordings of a split that both have predicted and neither has learned from.

    A label that one of the two does not know has probability zero from it.

    Raises:
        CorpusError: they cannot be compared; the message says why.
    """
    candidates = {CHAMPION: champion, CHALLENGER: challenger}
    _check_problem_type(candidates, grounds.labels)
    kind, manifest = kind_of(grounds.labels), grounds.manifest
    tables = {name: candidate.predictions for name, candidate in candidates.items()}
    rows, _ = common_rows(kind, tables, manifest, split)
    rows, dropped = _unheard(rows, candidates, manifest)
    judged = {
        name: kind.judge(of_one, tables[name], manifest, grounds.evaluation, candidates[name].config)
        for name, of_one in rows.items()
    }
    points, resampled = resampled_together(kind, judged, grounds.evaluation, cells=rows[CHALLENGER].cells)
    unknown = tuple(name for name, candidate in candidates.items() if candidate.heard is None)
    # As they are said: with the thresholds of their models.
    said = {name: entry.rows for name, entry in judged.items()}
    return Compared(kind, said, points, resampled, dropped, unknown)


def _check_problem_type(candidates: Mapping[str, Candidate], labels: LabelParams) -> None:
    for name, candidate in candidates.items():
        if (trained_for := candidate.config.get("problem_type") or SINGLE) != labels.problem_type:
            raise CorpusError(
                f"The {name} was trained for {trained_for}, and the study asks for {labels.problem_type}."
            )


def _unheard(
    rows: Mapping[str, Rows], candidates: Mapping[str, Candidate], manifest: pd.DataFrame
) -> tuple[dict[str, Rows], dict[str, int]]:
    """The rows without those of groups that either has learned from, and how many each has heard.

    The ledger keeps every group in its split, so that there are none; a ledger that was deleted does not. Out
    of fold each recording is predicted by a model of other folds, and nothing is to be left out.
    """
    any_rows = rows[CHALLENGER]
    nothing = dict.fromkeys(candidates, 0)
    if any_rows.split == OUT_OF_FOLD:
        return dict(rows), nothing
    groups = manifest.drop_duplicates("recording_id").set_index("recording_id")["group"]
    of_rows = groups.loc[list(any_rows.ids)]
    heard = {
        name: of_rows.isin(groups[groups.index.isin(list(each.heard or ()))]).to_numpy()
        for name, each in candidates.items()
    }
    kept = ~(heard[CHAMPION] | heard[CHALLENGER])
    if not kept.any():
        raise CorpusError(
            f"All {len(kept)} recordings of split '{any_rows.split}' are of groups that one of the two has"
            " learned from: the corpus was split anew since."
        )
    counted = {name: int(found.sum()) for name, found in heard.items()}
    return {name: replace(of_one.take(kept)) for name, of_one in rows.items()}, nothing | counted
