"""Trains a Random Forest by the same protocol as the deep models, and stages its bundle."""

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.audio.descriptors import DescriptorExtractor
from auricle.audio.outsiders import outsiders
from auricle.corpora.labels import LabelParams
from auricle.corpora.selection import having
from auricle.errors import CorpusError
from auricle.models.bundle import CONFIG, BundleDraft
from auricle.models.domain import FACTS
from auricle.models.forest import (
    fit_forest,
    forest_config,
    forest_embeddings,
    forest_probabilities,
    permutation_importances,
    rows_of,
    save_forest,
    with_instruments,
)
from auricle.models.params import ForestParams
from auricle.models.provenance import manifest_digest, provenance
from auricle.models.seen import SeenRecordings
from auricle.training.domain import OUTSIDER_SECONDS, FittedDomain, fit_domain, sampled
from auricle.training.folds import FINAL, Partition, partitions
from auricle.training.resume import write_json
from auricle.training.staging import prediction_table, stage_bundle
from auricle.training.vocabulary import Examples, IntArray, labels_for_digest, read_examples
from auricle.training.workdir import open_workdir, training_digest

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestClassifier

logger = logging.getLogger(__name__)


def fit_random_forest(  # noqa: PLR0917  (the order of the catalog entries of its node)
    manifest: pd.DataFrame,
    features: pd.DataFrame,
    extractor: DescriptorExtractor,
    params: ForestParams,
    workdir: Path,
    labels: LabelParams | None = None,
) -> BundleDraft:
    """Fit by the protocol that the manifest's folds tell, and stage the bundle.

    Under hold-out the forest learns from the split ``train`` and its importances are measured on
    ``validation``; under k-fold each fold is scored by a forest of the others, importances are the mean over
    the folds, and the final forest learns from all recordings.

    Args:
        manifest: one row per file of the corpus.
        features: ``recording_id``, ``extractor`` (the digest of what made the row), one column per feature; a
            recording without a row is left out, with a warning.
        extractor: goes into the bundle.
        params: of the forest.
        workdir: where the bundle is staged; `auricle.training.install.install_draft` cleans up.
        labels: how labels are read; one class a recording by default.

    Raises:
        CorpusError: too few labels, an empty split or fold, too many missing features, no instrument where
            they are asked for.
    """
    started = time.monotonic()
    known = rows_of(features, extractor.digest)
    seen = SeenRecordings(manifest)  # those too whose input is missing: they are no newcomers next time
    manifest = having(manifest, known.index, what="row of features", pipeline="extract_features")
    examples = read_examples(manifest, labels)
    described = known.loc[list(examples.recording_ids), list(extractor.names)]
    parts = partitions(examples)
    rows = np.arange(len(examples)) if examples.is_k_fold else parts[-1].train
    known_instruments: tuple[str, ...] = ()
    if params.use_instrument:
        playing = manifest.set_index("recording_id")["instrument"].loc[list(examples.recording_ids)]
        known_instruments = _instruments(playing.iloc[rows])
        described = with_instruments(described, playing, known_instruments)
    fitting = ForestFitting(examples, described, params)
    plain = {
        "train": params.model_dump(mode="json"),
        "features": list(extractor.names),
        **labels_for_digest(examples.labels),
    }
    digest = training_digest(data=manifest_digest(manifest), front_end=extractor.digest, **plain)
    with open_workdir(workdir, digest) as folder:
        folds = [fitting.fold(part) for part in parts if part.name != FINAL]
        forest = fitting.fit(rows)
        importances = [fold.importances for fold in folds] or [
            fitting.importances(forest, parts[-1].validation)
        ]
        training = {
            "importances": _mean_importances(importances),
            "importances_from": "out_of_fold" if folds else "validation",
            **provenance(
                manifest=manifest,
                params=plain,
                seed=params.seed,
                protocol="grouped_k_fold" if examples.is_k_fold else "holdout",
                seconds=time.monotonic() - started,
                front_end_digest=extractor.digest,
            ),
        }
        tables = [fold.predictions for fold in folds]
        out_of_fold = pd.concat(tables, ignore_index=True) if tables else None
        config = forest_config(forest, fitting.features.iloc[rows], examples.vocabulary)
        unheard = fitting.scored(forest, parts[-1].validation) if out_of_fold is None else out_of_fold
        config |= {
            "instruments": list(known_instruments),
            "problem_type": examples.problem_type,
            "parents": examples.labels.parents,
            **examples.decision_by(unheard),
        }
        bundle = _ForestFiles(forest, config)
        fitted = fitting.domain(parts[-1], extractor, config)
        return stage_bundle(
            folder,
            parts=[bundle, extractor, fitted.domain, seen],
            training=training | {FACTS: fitted.facts},
            out_of_fold=out_of_fold,
        )


def _instruments(playing: "pd.Series[str]") -> tuple[str, ...]:
    """The instruments of the recordings that are learned from, sorted."""
    known = tuple(sorted(playing.dropna().unique()))
    if not known:
        raise CorpusError(
            "use_instrument is true, but the corpus names the instrument of no recording to learn"
            " from. Set random_forest.train.use_instrument: false, or read an instrument from the metadata."
        )
    return known


@dataclass(frozen=True)
class ForestFold:
    """What one fold gives: its out-of-fold predictions and the importances measured on them."""

    predictions: pd.DataFrame
    importances: pd.DataFrame


@dataclass(frozen=True)
class ForestFitting:
    """The examples, their features in the same order, and how to fit."""

    examples: Examples
    features: pd.DataFrame
    params: ForestParams

    def labels(self, rows: IntArray) -> npt.NDArray[Any]:
        """What examples are called, by index: one class of each, or an indicator (rows, classes)."""
        targets = self.examples.targets[rows]
        if self.examples.labels.is_multi:
            return targets.astype(np.int64)
        return np.asarray(self.examples.vocabulary)[targets]

    def scored(self, forest: "RandomForestClassifier", rows: IntArray) -> pd.DataFrame:
        """What a forest says of recordings that it did not learn from, by the contract of predictions."""
        probabilities = forest_probabilities(forest, self.features.iloc[rows], self.examples.vocabulary)
        return prediction_table(self.examples.recording_ids[rows], probabilities, self.examples.vocabulary)

    def fit(self, rows: IntArray) -> "RandomForestClassifier":
        """A forest that learned from these rows."""
        return fit_forest(self.features.iloc[rows], self.labels(rows), self.params)

    def importances(self, forest: "RandomForestClassifier", rows: IntArray) -> pd.DataFrame:
        """How much each feature matters for recordings that the forest did not learn from."""
        return permutation_importances(
            forest,
            self.features.iloc[rows],
            self.labels(rows),
            self.params.seed,
            repeats=self.params.importance_repeats,
        )

    def domain(self, part: Partition, extractor: DescriptorExtractor, config: dict[str, Any]) -> FittedDomain:
        """How far from what was learned from other recordings lie: by their features, without instruments."""
        rate, names = extractor.sample_rate, list(extractor.names)
        sounds = [
            (kind, extractor(waveform))
            for kind, waveforms in outsiders(rate, OUTSIDER_SECONDS).items()
            for waveform in waveforms
        ]
        strange = pd.DataFrame([values for _, values in sounds], columns=names)

        def embedded(features: pd.DataFrame) -> npt.NDArray[np.float32]:
            told = with_instruments(features[names], [None] * len(features), config.get("instruments", ()))
            return forest_embeddings(told, config)[:, : len(names)]

        others: dict[str, list[npt.NDArray[np.float32]]] = {}
        for (kind, _), row in zip(sounds, embedded(strange), strict=True):
            others.setdefault(kind, []).append(row[None])
        rows = sampled(part.train, self.params.seed)
        unheard = embedded(self.features.iloc[part.validation])
        return fit_domain(embedded(self.features.iloc[rows]), (row[None] for row in unheard), others)

    def fold(self, part: Partition) -> ForestFold:
        """Fit on all folds but this one (a forest needs no validation) and score this one."""
        forest = self.fit(np.union1d(part.train, part.validation))
        logger.info("%s: scored on %d recordings.", part.name, len(part.test))
        return ForestFold(self.scored(forest, part.test), self.importances(forest, part.test))


@dataclass(frozen=True)
class _ForestFiles:
    """A forest as one of the parts that a bundle is staged from."""

    forest: "RandomForestClassifier"
    config: dict[str, Any]

    def save_pretrained(self, folder: Path) -> None:
        save_forest(self.forest, folder / "model.skops")
        write_json(folder / CONFIG, self.config)


def _mean_importances(tables: list[pd.DataFrame]) -> list[dict[str, Any]]:
    """The mean over folds, greatest first, as rows for JSON."""
    mean = pd.concat(tables).groupby("feature", sort=True)[["importance", "deviation"]].mean()
    rows = mean.sort_values("importance", ascending=False, kind="stable").reset_index()
    return [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")]
