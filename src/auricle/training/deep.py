"""Trains a deep model of any kind by the corpus's protocol, and stages its bundle."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.audio.frontend import FrontEnd
from auricle.audio.outsiders import outsiders
from auricle.audio.recording_store import RecordingStore
from auricle.corpora.labels import LabelParams
from auricle.corpora.selection import having
from auricle.models.architecture import ArchitectureParams
from auricle.models.bundle import BundleDraft
from auricle.models.domain import FACTS
from auricle.models.provenance import manifest_digest, provenance
from auricle.models.seen import SeenRecordings
from auricle.models.windows import WindowParams
from auricle.training.checks import (
    check_front_end,
    check_hearing,
    check_lengths,
    crop_frames_of,
    shown_one_crop,
)
from auricle.training.domain import OUTSIDER_SECONDS, FittedDomain, fit_domain, sampled, spread
from auricle.training.folds import FINAL, Partition, partitions
from auricle.training.history import FIGURES
from auricle.training.params import TrainParams
from auricle.training.staging import FoldReport, finished_fold, keep_fold, prediction_table, stage_bundle
from auricle.training.variants import Variants, variants_for_digest
from auricle.training.vocabulary import (
    Examples,
    IntArray,
    Targets,
    labels_for_digest,
    loss_weights,
    played_counts,
    read_examples,
    shuffled,
)
from auricle.training.workdir import begun_as, open_workdir, training_digest

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedConfig, PreTrainedModel, TrainerCallback

    from auricle.training.data import Subset
    from auricle.training.trainer import TrainedModel

logger = logging.getLogger(__name__)

FloatArray = npt.NDArray[np.float32]


def fit_deep(  # noqa: PLR0917  (the order of the catalog entries of its node)
    manifest: pd.DataFrame,
    store: RecordingStore,
    front_end: FrontEnd,
    model_params: ArchitectureParams,
    params: TrainParams,
    window: WindowParams,
    workdir: Path,
    labels: LabelParams | None = None,
    variants: Variants | None = None,
    events: Path | None = None,
) -> BundleDraft:
    """Train by the protocol that the manifest's folds tell, and stage the bundle.

    Killed at any time and called again with the same arguments, it goes on from the newest complete
    checkpoint of the fold it was at; with other data or parameters it starts afresh, in another folder of
    ``workdir``.

    Args:
        manifest: one row per file of the corpus.
        store: what ``front_end`` made of the recordings; one that is not there is left out, with a warning.
        front_end: goes into the bundle.
        model_params: the architecture.
        params: of the training.
        window: of evaluation and prediction.
        workdir: where unfinished trainings live; `auricle.training.install.install_draft` cleans up.
        labels: how labels are read; one class a recording by default.
        variants: altered copies of the training recordings; none by default.
        events: gets a folder of event files for TensorBoard; none by default.

    Raises:
        ConfigurationError: the device, the precision, the crop or the store cannot be used.
        CorpusError: too few labels, an empty split or fold, too many missing or too short recordings.
    """
    from auricle.training.device import resolve_precision
    from auricle.training.quiet import quiet_transformers

    check_front_end(store, front_end)
    seen = SeenRecordings(manifest)  # those too whose input is missing: they are no newcomers next time
    manifest = having(manifest, store, what=store.content, pipeline=f"cache_{store.content}s")
    examples = read_examples(manifest, labels)
    parts = partitions(examples)
    training = DeepTraining.of(examples, store, front_end, model_params, params, window, variants)
    precision = resolve_precision(params.precision, training.device)
    check_lengths(store, examples.recording_ids, training.check_model(parts[-1]).config)
    digest = training_digest(
        data=manifest_digest(manifest),
        front_end=front_end.digest,
        device=training.device.type,
        precision=precision,
        **training.deciding_params(),
    )
    with open_workdir(workdir, digest) as folder, quiet_transformers():
        if events is not None:
            training = replace(training, events=events / begun_as(folder))
        folds = [training.fold(part, folder) for part in parts if part.name != FINAL]
        final = training.train(parts[-1], folder)
        out_of_fold = pd.concat([table for table, _ in folds], ignore_index=True) if folds else None
        unheard = training.unheard(final.model, parts[-1]) if out_of_fold is None else out_of_fold
        final.model.config.update(examples.decision_by(unheard))
        reports = [report for _, report in folds]
        fitted = training.domain(final.model, parts[-1])
        return stage_bundle(
            folder,
            parts=[final.model, front_end, fitted.domain, seen],
            training={
                "history": final.history,
                "best_epoch": final.best_epoch,
                "padding_share": final.padding_share,
                "folds": reports,
                FACTS: fitted.facts,
                **provenance(
                    manifest=manifest,
                    params=training.plain_params(),
                    seed=params.seed,
                    protocol="grouped_k_fold" if examples.is_k_fold else "holdout",
                    seconds=sum(
                        entry["seconds"] for run in [*reports, vars(final)] for entry in run["history"]
                    ),
                    front_end_digest=front_end.digest,
                    device=training.device.type,
                    precision=precision,
                ),
            },
            out_of_fold=out_of_fold,
        )


@dataclass(frozen=True, kw_only=True)
class DeepTraining:
    """All that the trainings of one protocol have in common."""

    examples: Examples
    store: RecordingStore
    front_end: FrontEnd
    model_params: ArchitectureParams
    params: TrainParams
    window: WindowParams
    crop_frames: int
    device: "torch.device"
    variants: Variants | None = None
    events: Path | None = None

    @classmethod
    def of(  # noqa: PLR0917  (the order of fit_deep)
        cls,
        examples: Examples,
        store: RecordingStore,
        front_end: FrontEnd,
        model_params: ArchitectureParams,
        params: TrainParams,
        window: WindowParams,
        variants: Variants | None = None,
    ) -> Self:
        """Trainings on these examples, with the device and the length of a crop found.

        Altered copies are taken where `params` ask for them.

        Raises:
            ConfigurationError: a device that is not there, or crops longer than every training recording.
        """
        from auricle.training.device import resolve_device

        learned_from = examples.recording_ids[partitions(examples)[-1].train]
        seconds = params.crop_seconds or window.window_seconds
        return cls(
            examples=examples,
            store=store,
            front_end=front_end,
            model_params=model_params,
            params=params,
            window=window,
            crop_frames=crop_frames_of(
                seconds, front_end, store, learned_from, whole=params.batches_by_length
            ),
            device=resolve_device(params.device),
            variants=variants if params.variants else None,
        )

    def plain_params(self) -> dict[str, Any]:
        """Every parameter, for the bundle."""
        return {
            "model": self.model_params.kept(),
            "train": self.params.model_dump(mode="json"),
            "window": self.window.model_dump(mode="json"),
            **labels_for_digest(self.examples.labels),
            **self._levels(),
            **variants_for_digest(self.variants),
        }

    def _levels(self) -> dict[str, Any]:
        """What of the hierarchy of single classes decides the result; nothing where it is not learned."""
        examples = self.examples
        return self.model_params.on_levels(
            examples.vocabulary, examples.labels.parents, examples.problem_type
        )

    def deciding_params(self) -> dict[str, Any]:
        """Those that decide the result, for a digest; whether copies are heard is told by their own block."""
        return self.plain_params() | {
            "model": self.model_params.model_dump(mode="json"),
            "train": self.params.model_dump(mode="json", exclude={"variants"}),
        }

    def check_model(self, part: Partition) -> "PreTrainedModel":
        """The model without weights, after it took a crop: a contradiction is known before the first epoch.

        Raises:
            ConfigurationError: the model does not take such input.
        """
        check_hearing(self.model_params, self.front_end)
        model = shown_one_crop(self.config(part), self.crop_frames)
        logger.info(
            "%s with %s parameters, %d classes, on %s.",
            type(model).__name__,
            f"{model.num_parameters():,}",
            len(self.examples.vocabulary),
            self.device,
        )
        return model

    def config(self, part: Partition) -> "PreTrainedConfig":
        """The model's configuration, its loss weighted by what this partition learns from."""
        weights = loss_weights(self.targets[part.train], len(self.examples.vocabulary), self.params)
        return self.model_params.config(
            n_bands=self.front_end.n_bands,
            vocabulary=self.examples.vocabulary,
            window_frames=self.front_end.frames(self.window.window_seconds),
            hop_frames=self.front_end.frames(self.window.hop_seconds),
            class_weights=weights,
            problem_type=self.examples.problem_type,
            parents=self.examples.labels.parents,
            frames_per_second=self.front_end.frames_per_second,
            instruments=self.examples.instruments_of(part.train),
            counts=self._counts(part),
            focal_gamma=self.params.focal_gamma,
        )

    def _counts(self, part: Partition) -> "IntArray | None":
        """How often each instrument plays each class among what this partition learns from."""
        codes = self.instruments(part, part.train)
        if codes is None or self.targets.ndim == 2:
            return None
        known = len(self.examples.instruments_of(part.train))
        return played_counts(codes, self.targets[part.train], known, len(self.examples.vocabulary))

    def instruments(self, part: Partition, rows: IntArray) -> "IntArray | None":
        """The numbers of the instruments of these examples, for a model that asks for them.

        An instrument that the partition does not learn from is as good as unknown.
        """
        if not self.model_params.takes_instruments:
            return None
        return self.examples.instrument_codes(rows, self.examples.instruments_of(part.train))

    def subset(self, part: Partition, rows: IntArray, targets: Targets) -> "Subset":
        """These examples, with what the model of a partition is told of them."""
        from auricle.training.data import Subset

        return Subset(self.examples.recording_ids[rows], targets[rows], self.instruments(part, rows))

    @property
    def targets(self) -> Any:
        """What the model is told: the labels, or the shuffled ones of a chance test."""
        targets = self.examples.targets
        return shuffled(targets, self.params.seed) if self.params.shuffle_labels else targets

    def train(
        self, part: Partition, folder: Path, callbacks: "tuple[TrainerCallback, ...]" = ()
    ) -> "TrainedModel":
        """Train the model of one partition in its own folder."""
        from auricle.training.trainer import TrainingJob, train_deep

        train, validation = (
            self.subset(part, indices, self.targets) for indices in (part.train, part.validation)
        )
        logger.info("%s: learns from %d recordings, validates on %d.", part.name, len(train), len(validation))
        job = TrainingJob(
            config=self.config(part),
            store=self.store,
            train=train,
            validation=validation,
            crop_frames=self.crop_frames,
            batch_size=self.window.batch_size,
            params=self.params,
            device=self.device,
            workdir=folder / part.name,
            name=part.name,
            callbacks=(*callbacks, *self._event_files(part)),
            begin=self.model_params.begin,
            variants=self.variants,
        )
        return train_deep(job)

    def _event_files(self, part: Partition) -> "list[TrainerCallback]":
        """What writes for TensorBoard, where there is a folder for it."""
        if self.events is None:
            return []
        from auricle.training.event_files import EventFiles

        return [EventFiles(self.events / part.name)]

    def unheard(self, model: "PreTrainedModel", part: Partition) -> pd.DataFrame:
        """Predictions of what a model did not learn from: the validation recordings of its partition."""
        from auricle.training.scoring import score_recordings

        validation = self.examples.recording_ids[part.validation]
        scores = score_recordings(
            model,
            self.store,
            validation,
            instruments=self.instruments(part, part.validation),
            batch_size=self.window.batch_size,
            device=self.device,
        )
        return prediction_table(validation, scores, self.examples.vocabulary)

    def domain(self, model: "PreTrainedModel", part: Partition) -> FittedDomain:
        """How far from what a model learned from other recordings lie, by its embeddings of their windows.

        A model that asks who plays is asked with and without being told, as people will.
        """
        from auricle.models.windows import predict_spectrograms

        waveforms = outsiders(self.front_end.sample_rate, OUTSIDER_SECONDS)
        config: Any = model.config
        outputs = predict_spectrograms(
            model,
            (self.front_end(waveform) for kind in waveforms.values() for waveform in kind),
            config.window_frames,
            config.hop_frames,
            batch_size=self.window.batch_size,
            device=self.device,
        )
        strange = {kind: [next(outputs).embeddings for _ in sounds] for kind, sounds in waveforms.items()}
        learned = [
            spread(windows) for windows in self._heard(model, part, sampled(part.train, self.params.seed))
        ]
        rows = sampled(part.validation, self.params.seed)
        unheard = self._heard(model, part, rows)
        return fit_domain(np.concatenate(learned), unheard, strange, recordings=len(rows))

    def _heard(self, model: "PreTrainedModel", part: Partition, rows: IntArray) -> Iterator[FloatArray]:
        """Embeddings of the windows of each of these examples, float32 (windows, size)."""
        from auricle.models.windows import predict_stored

        known = self.instruments(part, rows)
        for told in [None] if known is None else [known, np.zeros_like(known)]:
            for _, output in predict_stored(
                model,
                self.store,
                self.examples.recording_ids[rows],
                instruments=told,
                batch_size=self.window.batch_size,
                device=self.device,
            ):
                yield output.embeddings

    def fold(self, part: Partition, folder: Path) -> tuple[pd.DataFrame, FoldReport]:
        """Predictions of a fold's recordings by a model that never heard them, and how it was trained."""
        finished = finished_fold(folder, part.name)
        if finished is not None:
            logger.info("%s: was finished by an earlier run.", part.name)
            return finished
        from auricle.training.scoring import figures, score_recordings

        trained = self.train(part, folder)
        tested = self.subset(part, part.test, self.examples.targets)
        probabilities = score_recordings(
            trained.model,
            self.store,
            tested.recording_ids,
            instruments=tested.instruments,
            batch_size=self.window.batch_size,
            device=self.device,
        )
        table = prediction_table(tested.recording_ids, probabilities, self.examples.vocabulary)
        scored = figures(probabilities, tested)
        told = ", ".join(f"{FIGURES[name]} {value:.3f}" for name, value in scored.items() if name in FIGURES)
        report = {"name": part.name, "best_epoch": trained.best_epoch, "history": trained.history, **scored}
        keep_fold(folder, part.name, table, report)
        logger.info("%s: %s on %d recordings.", part.name, told, len(tested))
        return table, report
