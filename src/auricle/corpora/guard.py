"""What of the training recordings altered copies must leave alone, by what they are called."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Self

import pandas as pd

from auricle.audio.guard import KINDS, GuardRow, Kind
from auricle.audio.waveform_augment import VariantParams
from auricle.corpora.labels import with_implied
from auricle.corpora.selection import training_paths
from auricle.errors import ConfigurationError, CorpusError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Spared:
    """Changes that the guard keeps from training recordings; only such as the parameters would make.

    Attributes:
        recordings: by `recording_id`; those that are spared nothing are left out.
        labels: the same by label, of those that training recordings have.
    """

    recordings: Mapping[str, tuple[Kind, ...]] = field(default_factory=dict)
    labels: Mapping[str, tuple[Kind, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, manifest: pd.DataFrame, params: VariantParams, parents: Mapping[str, str]) -> Self:
        """What these parameters spare; all labels of a recording count, whichever of them are learned.

        Args:
            manifest: of the corpus.
            params: of the copies, with the guard.
            parents: child to parent; a row of the guard stands for all below its label.
        """
        if not params.guard:
            return cls()
        rows = manifest[manifest["recording_id"].isin(training_paths(manifest))]
        recordings: dict[str, tuple[Kind, ...]] = {}
        labels: dict[str, tuple[Kind, ...]] = {}
        for recording_id, several in zip(rows["recording_id"], rows["labels"], strict=True):
            if found := _excluded(several, params, parents):
                recordings[recording_id] = found
            labels |= {label: _excluded([label], params, parents) for label in several}
        return cls(recordings, {label: labels[label] for label in sorted(labels) if labels[label]})

    def counts(self) -> dict[Kind, int]:
        """How many recordings are spared each change."""
        return {kind: sum(kind in kinds for kinds in self.recordings.values()) for kind in KINDS}

    def for_digest(self) -> dict[str, Any]:
        """What of it decides which copies are heard, beside the manifest; nothing where nothing is spared."""
        return {"guard": {label: list(kinds) for label, kinds in self.labels.items()}} if self.labels else {}

    def log(self) -> None:
        """Say how many recordings are spared what."""
        if self.recordings:
            told = ", ".join(f"{kind} from {count}" for kind, count in self.counts().items() if count)
            logger.info("variants.guard keeps, by their labels, %s training recordings.", told)


def _excluded(labels: Iterable[str], params: VariantParams, parents: Mapping[str, str]) -> tuple[Kind, ...]:
    names = with_implied(labels, parents)
    found = {kind for name in names if name in params.guard for kind in params.guard[name].exclude}
    return tuple(kind for kind in params.kinds if kind in found)


def guard_rows(
    manifest: pd.DataFrame, guard: Mapping[str, GuardRow], parents: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The guard as a table: `label`, `exclude`, `why`, and how many training `recordings` each row is of."""
    rows = manifest[manifest["recording_id"].isin(training_paths(manifest))]
    called = [set(with_implied(several, parents)) for several in rows["labels"]] if guard else []
    return [
        {"label": label, **row.model_dump(), "recordings": sum(label in names for names in called)}
        for label, row in guard.items()
    ]


def unknown_labels(guard: Mapping[str, GuardRow], known: Iterable[str]) -> str:
    """What to say of labels of a guard that there are not; nothing where all are known."""
    names = set(known)
    unknown = [label for label in guard if label not in names]
    if not unknown:
        return ""
    near = get_close_matches(unknown[0], names, n=3, cutoff=0.4)
    more = f" (and {len(unknown) - 1} more: {', '.join(unknown[1:4])})" if len(unknown) > 1 else ""
    return (
        f"variants.guard names the label {unknown[0]!r}{more}, which there is not, so that it would guard"
        f" nothing. Near to it: {', '.join(near or sorted(names)[:3])}. Correct it, or set"
        " variants.guard: null"
    )


def names_known(parents: Mapping[str, str], vocabulary: Iterable[str] | None) -> set[str]:
    """The labels that parameters name: of the hierarchy, and of `ingest.vocabulary`."""
    return {*parents, *parents.values(), *(vocabulary or ())}


def check_known(params: VariantParams, parents: Mapping[str, str], vocabulary: Iterable[str] | None) -> None:
    """Refuse a guard of labels that neither hierarchy nor vocabulary has; where neither is told, any passes.

    Where nothing is altered it is a warning.

    Raises:
        ConfigurationError: which names the label, and those near to it.
    """
    known = names_known(parents, vocabulary)
    told = unknown_labels(params.guard, known) if known else ""
    if told and params.enabled:
        raise ConfigurationError(f"{told}; or list all labels in ingest.vocabulary.")
    if told:
        logger.warning("%s. (Nothing is altered now.)", told)


def check_heard(
    manifest: pd.DataFrame,
    params: VariantParams,
    parents: Mapping[str, str],
    vocabulary: Iterable[str] | None,
) -> None:
    """Refuse a guard of labels that no parameter names and no recording has.

    Raises:
        CorpusError: which names the label, and those near to it.
    """
    if params.guard:
        heard = manifest["labels"].explode().dropna()
        if told := unknown_labels(params.guard, names_known(parents, vocabulary) | set(heard)):
            raise CorpusError(f"{told}.")
