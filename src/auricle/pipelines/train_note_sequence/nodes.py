"""Nodes of the sequence model. Heavy imports stand inside the functions."""

import logging
from pathlib import Path
from typing import Any

import pandas as pd

from auricle.audio.front_ends import load_front_end
from auricle.audio.store import SpectrogramStore
from auricle.corpora.labels import LabelParams
from auricle.errors import CorpusError
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.stale import why_stale
from auricle.models.bundle import BundleRef
from auricle.training.note_sequence_params import NoteSequenceParams, untrained

logger = logging.getLogger(__name__)


def hear(
    champion: BundleRef | None,
    predictions: pd.DataFrame | None,
    manifest: pd.DataFrame,
    spectrograms: Path,
    labels: LabelParams,
    note_sequence: NoteSequenceParams,
) -> pd.DataFrame:
    """What the analyzer makes of each note, once, and which notes it has learned from.

    Raises:
        ConfigurationError: the analyzer is not trained.
        CorpusError: the splits have changed since the analyzer was trained, so that nobody knows what it has
            learned from.
    """
    from auricle.training.note_table import note_table

    if champion is None or predictions is None:
        raise untrained()
    if reason := why_stale(predictions, manifest, labels, champion):
        raise CorpusError(
            f"The analyzer of version {champion.version} is not of this corpus any more: {reason} Train it"
            " again with `kedro run --pipelines=train_note_analyzer`."
        )
    extractor = load_front_end(champion.path)
    with SpectrogramStore.open(spectrograms, extractor.digest, extractor.n_bands, mode="r") as store:
        return note_table(champion, store, manifest, note_sequence)


def fit(
    champion: BundleRef,
    notes: pd.DataFrame,
    manifest: pd.DataFrame,
    evaluation: EvaluateParams,
    note_sequence: NoteSequenceParams,
) -> tuple[bytes, dict[str, Any]]:
    """The sequence model with its decision, and the figures behind that."""
    from auricle.evaluation.note_sequence import judge_sequence
    from auricle.evaluation.scored import training_labels
    from auricle.models.note_sequence import SequenceFacts, sequence_bytes
    from auricle.models.temperature import fit_temperature
    from auricle.training.note_sequence import train_sequence
    from auricle.training.passages import Notes

    known = Notes.of(notes, champion.vocabulary)
    trained = train_sequence(known, note_sequence)
    others = manifest[~manifest["recording_id"].isin(notes.loc[notes["part"] != "heard", "recording_id"])]
    judged = judge_sequence(trained, known, training_labels(others)["label"], evaluation)
    unheard = trained.validation
    facts = SequenceFacts(
        network=note_sequence.network,
        vocabulary=known.vocabulary,
        embedding_size=known.embeddings.shape[1],
        longest=note_sequence.notes[1],
        analyzer_version=champion.version,
        analyzer_digest=champion.digest,
        calibration_temperature=fit_temperature(unheard.sequence.astype(float), known.targets[unheard.rows]),
        kept=judged["kept"],
        reason=judged["reason"],
    )
    logger.info("The sequence model is %skept. %s", "" if judged["kept"] else "not ", judged["reason"])
    told = {"analyzer": champion.version, "parameters": note_sequence.model_dump(mode="json")}
    return sequence_bytes(trained.model, facts), told | judged
