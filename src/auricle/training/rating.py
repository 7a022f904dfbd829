"""Trains a rater; of a frozen encoder, whose embeddings are made once, the classifier alone."""

import copy
import logging
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from auricle.audio.recording_store import HalfArray, RecordingStore, span_within
from auricle.audio.waveform_front_end import WaveformFrontEnd, WaveformParams
from auricle.corpora.selection import having
from auricle.errors import ConfigurationError, CorpusError
from auricle.models.bundle import BundleDraft
from auricle.models.provenance import manifest_digest, provenance
from auricle.models.rating.params import RaterParams
from auricle.models.seen import SeenRecordings
from auricle.models.windows import WindowParams
from auricle.training.beginnings import beginnings, pair_from_seed
from auricle.training.checks import check_front_end, crop_frames_of
from auricle.training.params import TrainParams
from auricle.training.staging import stage_bundle
from auricle.training.workdir import open_workdir, training_digest

if TYPE_CHECKING:
    import torch

    from auricle.models.rating.config import RaterConfig
    from auricle.training.data import Subset
    from auricle.training.trainer import TrainedModel

logger = logging.getLogger(__name__)

PART = "final"


def fit_rater(  # noqa: PLR0917  (as fit_deep)
    manifest: pd.DataFrame,
    store: RecordingStore,
    front_end: WaveformFrontEnd,
    model: RaterParams,
    params: TrainParams,
    window: WindowParams,
    workdir: Path,
) -> BundleDraft:
    """Check the two parts, train them on the rated recordings, and stage the bundle.

    Killed at any time and called again with the same arguments, it goes on from the newest complete
    checkpoint.

    Args:
        manifest: one row per file of the corpus; `rating` is what is learned, where it is not missing.
        store: waveforms that ``front_end`` made.
        front_end: goes into the bundle.
        model: the two classes and the loss.
        params: of the training; what is for classes must be off.
        window: of evaluation and prediction.
        workdir: where unfinished trainings live.

    Raises:
        ConfigurationError: parameters that are not for ratings, or a class that cannot be had.
        ContractError: a class does not do what it promises.
        CorpusError: too few rated recordings, or folds.
    """
    from auricle.models.rating.check import check_memory
    from auricle.models.rating.pair import checked_pair
    from auricle.training.device import resolve_device, resolve_precision
    from auricle.training.quiet import quiet_transformers

    check_training(params)
    check_front_end(store, front_end)
    check_as_they_are(front_end.params)
    rows = having(manifest, store, what=store.content, pipeline=f"cache_{store.content}s")
    rated = rated_subsets(rows)
    device = resolve_device(params.device)
    config = model.config_for(
        sample_rate=front_end.sample_rate,
        window_frames=front_end.frames(window.window_seconds),
        hop_frames=front_end.frames(window.hop_seconds),
    )
    seconds = params.crop_seconds or window.window_seconds
    crop_frames = crop_frames_of(seconds, front_end, store, rated["train"].recording_ids)
    report = checked_pair(model, front_end.sample_rate, device=device)
    parts = pair_from_seed(model, front_end.sample_rate, params.seed)
    begun = beginnings(model, parts)
    parts = tuple(part.to(device) for part in parts)
    names = (model.encoder_class, model.classifier_class)
    check_memory(*parts, names=names, batch=params.batch_size, samples=crop_frames, device=device)
    training = _Training(store, rated, config, params, window, crop_frames, device)
    precision = resolve_precision(params.precision, device)
    plain = {
        "model": model.model_dump(mode="json"),
        "train": params.model_dump(mode="json"),
        "window": window.model_dump(mode="json"),
    }
    digest = training_digest(
        # Of those alone that are learned from: others may come, go and be tagged meanwhile.
        data=manifest_digest(rows[rows["rating"].notna()]),
        front_end=front_end.digest,
        device=device.type,
        precision=precision,
        parts=begun,
        **plain,
    )
    with open_workdir(workdir, digest) as folder, quiet_transformers():
        frozen = report.encoder.learning == 0
        trained = training.on_embeddings(folder) if frozen else training.whole(folder)
        return stage_bundle(
            folder,
            parts=[trained.model, front_end, SeenRecordings(manifest)],
            training={
                "history": trained.history,
                "best_epoch": trained.best_epoch,
                "folds": [],
                "frozen_encoder": frozen,
                **provenance(
                    manifest=manifest,
                    params=plain,
                    seed=params.seed,
                    protocol="holdout",
                    seconds=sum(entry["seconds"] for entry in trained.history),
                    front_end_digest=front_end.digest,
                    device=device.type,
                    precision=precision,
                ),
            },
            out_of_fold=None,
        )


def check_as_they_are(params: WaveformParams) -> None:
    """Refuse waveforms that were brought to one level.

    Raises:
        ConfigurationError: `do_normalize` is true.
    """
    if params.do_normalize:
        raise ConfigurationError(
            "do_normalize is true: encoders of ratings are promised waveforms as they are, within -1 and 1,"
            " and this front end makes all equally loud. Set do_normalize: false, and cache waveforms again."
        )


def check_training(params: TrainParams) -> None:
    """Refuse for ratings what is for classes or for spectrograms.

    Raises:
        ConfigurationError: which names each parameter and what to set.
    """
    wanted: dict[str, Any] = {
        "class_weights": False,
        "focal_gamma": 0.0,
        "balanced_sampling": 0.0,
        "batches_by_length": False,
        "best_metric": "loss",
        "processes": 1,
        "find_batch_size": False,
        "gradient_checkpointing": False,
        "shuffle_labels": False,
    }
    wrong = {name: value for name, value in wanted.items() if getattr(params, name) != value}
    if params.augment.enabled:
        wrong["augment.enabled"] = False
    if wrong:
        told = ", ".join(f"{name}: {value}".replace("False", "false") for name, value in wrong.items())
        raise ConfigurationError(
            f"{', '.join(wrong)} cannot be used where ratings are learned, which are no classes and whose"
            f" windows are of one length. Set {told}."
        )


def rated_subsets(manifest: pd.DataFrame) -> "dict[str, Subset]":
    """The rated, usable recordings of `train` and `validation`, sorted by recording_id.

    Raises:
        CorpusError: one of them has none, all that is learned from is rated alike, or the corpus has folds.
    """
    from auricle.training.data import Subset

    rows = manifest[(manifest["status"] == "ok") & manifest["rating"].notna()].sort_values("recording_id")
    if (rows["fold"] >= 0).any():
        raise CorpusError(
            "Ratings are learned from one training split, and the corpus has folds. Set ingest.protocol:"
            " holdout."
        )
    found = {}
    for split in ("train", "validation"):
        of_split = rows[rows["split"] == split]
        if of_split.empty:
            raise CorpusError(
                f"No rated recording is in {split} ({len(rows)} are rated). Rate recordings of more artists."
            )
        found[split] = Subset(
            of_split["recording_id"].to_numpy(dtype=object), of_split["rating"].to_numpy(dtype=np.float32)
        )
    if len(np.unique(found["train"].targets)) < 2:
        raise CorpusError(
            f"All {len(found['train'])} training recordings are rated {found['train'].targets[0]:g}: there is"
            " nothing to tell apart. Rate some that you like less, or more."
        )
    return found


@dataclass(frozen=True)
class _Training:
    store: RecordingStore
    rated: "dict[str, Subset]"
    config: "RaterConfig"
    params: TrainParams
    window: WindowParams
    crop_frames: int
    device: "torch.device"

    def whole(self, folder: Path) -> "TrainedModel":
        """Both parts, on windows of waveforms."""
        return self._train(self.config, self.store, self.crop_frames, folder)

    def on_embeddings(self, folder: Path) -> "TrainedModel":
        """The classifier, on what the frozen encoder makes of each window, once."""
        import torch

        from auricle.models.registry import build_model

        with torch.random.fork_rng([]):
            torch.manual_seed(self.params.seed)
            whole: Any = build_model(self.config)
        names = np.concatenate([subset.recording_ids for subset in self.rated.values()])
        embedded = embedded_recordings(whole, self.store, names, self.window.batch_size, self.device)
        logger.info("The encoder is frozen: %d recordings were embedded once.", len(embedded))
        config = copy.deepcopy(self.config)
        config.embedding_dim = config.n_bands = embedded.n_bands
        config.window_frames = config.hop_frames = 1
        trained = self._train(config, embedded, 1, folder)
        whole.to("cpu").load_state_dict(trained.model.state_dict(), strict=False)
        return replace(trained, model=whole.eval())

    def _train(
        self, config: "RaterConfig", store: RecordingStore, crop_frames: int, folder: Path
    ) -> "TrainedModel":
        from auricle.training.trainer import TrainingJob, train_deep

        counts = [len(subset) for subset in self.rated.values()]
        logger.info("The rater learns from %d recordings, validates on %d.", *counts)
        return train_deep(
            TrainingJob(
                config=config,
                store=store,
                train=self.rated["train"],
                validation=self.rated["validation"],
                crop_frames=crop_frames,
                batch_size=self.window.batch_size,
                params=self.params,
                device=self.device,
                workdir=folder / PART,
                name=PART,
            )
        )


class EmbeddedRecordings:
    """Embeddings of the windows of recordings, in memory, to be read as any store: a frame is a window."""

    content: ClassVar[str] = "embedding"

    def __init__(self, by_recording: dict[str, Any], digest: str) -> None:
        self._by_recording = by_recording
        self.front_end_digest = digest
        self.n_bands = int(next(iter(by_recording.values())).shape[0])

    def __contains__(self, recording_id: object, /) -> bool:
        return recording_id in self._by_recording

    def __len__(self) -> int:
        return len(self._by_recording)

    def ids(self) -> AbstractSet[str]:
        """The recordings."""
        return self._by_recording.keys()

    def __getitem__(self, recording_id: str, /) -> HalfArray:
        """Float32 (embedding_dim, windows)."""
        found: HalfArray = self._by_recording[recording_id]
        return found

    def frames(self, recording_id: str) -> int:
        """Its windows."""
        return int(self._by_recording[recording_id].shape[1])

    def crop(self, recording_id: str, start: int, length: int) -> HalfArray:
        """So many windows."""
        span = span_within(self.frames(recording_id), start, length, recording_id)
        found: HalfArray = self._by_recording[recording_id][:, span]
        return found


def embedded_recordings(
    model: Any, store: RecordingStore, names: Any, batch_size: int, device: "torch.device"
) -> EmbeddedRecordings:
    """What a model's encoder makes of each window of these recordings.

    Args:
        model: a rater.
        store: of waveforms.
        names: object (n,), recordings in it.
        batch_size: windows in one pass.
        device: where to compute.
    """
    from auricle.models.windows import predict_stored
    from auricle.progress import track

    outputs = predict_stored(model, store, names, batch_size=batch_size, device=device)
    shown: Iterator[Any] = iter(track(outputs, total=len(names), description="Embedding"))
    found = {str(names[place]): np.ascontiguousarray(output.embeddings.T) for place, output in shown}
    return EmbeddedRecordings(found, store.front_end_digest)
