"""Notes judged with the others of their passage in mind, where that is shown to be better."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from auricle.errors import AudioError, ConfigurationError
from auricle.inference.scorers import Score
from auricle.models.bundle import BundleRef, labels_of
from auricle.models.note_sequence import NoteSequence, SequenceFacts, read_sequence, sequence_file

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Neighbours:
    """The sequence model of a bundle.

    Attributes:
        model: in evaluation mode.
        facts: what its file says of it.
        config: `config.json` of the bundle, with the temperature of the sequence model.
    """

    model: NoteSequence
    facts: SequenceFacts
    config: Mapping[str, Any]

    def __call__(self, scores: Sequence[Score | AudioError]) -> list[Score | AudioError]:
        """The same scores corrected by each other: one window each, the note as a whole.

        What could not be used is passed over. A passage longer than any that was learned from is judged in
        stretches of about one length.
        """
        corrected = list(scores)
        usable = [(place, score) for place, score in enumerate(scores) if isinstance(score, Score)]
        if not usable:
            return corrected
        stretches = np.array_split(np.arange(len(usable)), -(-len(usable) // self.facts.longest))
        said = self.model.corrected(
            np.stack([score.embedding for _, score in usable]),
            np.stack([score.probabilities.mean(axis=0) for _, score in usable]),
            stretches,
        )
        for (place, score), probabilities in zip(usable, np.concatenate(said), strict=True):
            whole = (score.spans[0][0], score.spans[-1][1])
            corrected[place] = replace(score, spans=[whole], probabilities=probabilities[None])
        return corrected


def load_neighbours(bundle: BundleRef, device: Any) -> Neighbours | None:
    """The sequence model of a bundle; None, and a warning, where it is not shown to beat note by note.

    Raises:
        ConfigurationError: for a model of several labels; where no sequence model was trained for it.
        BundleError: for a sequence model that is damaged, or of another bundle.
    """
    if labels_of(bundle.config).is_multi:
        raise ConfigurationError(
            "neighbours is for models of one class a note, and this one says several labels. Leave neighbours"
            " out."
        )
    file = sequence_file(bundle)
    if not file.is_file():
        raise ConfigurationError(
            f"neighbours is true, and version {bundle.version} has no sequence model: there is no {file}."
            " Train it with `kedro run --pipelines=train_note_sequence` (it is for the note analyzer), or"
            " leave neighbours out."
        )
    model, facts = read_sequence(file, bundle)
    if not facts.kept:
        logger.warning("Each note is judged by itself: the sequence model was not kept. %s", facts.reason)
        return None
    config = {**bundle.config, "calibration_temperature": facts.calibration_temperature}
    return Neighbours(model.to(device), facts, config)
