"""The sequence model: what the other notes of a passage make a note analyzer say differently of each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn
from torch.nn.utils.rnn import pad_sequence

from auricle.errors import BundleError
from auricle.models.bundle import BundleRef
from auricle.models.note_sequence_params import NetworkParams
from auricle.models.recurrent import packed_states
from auricle.models.temperature import PROBABILITY_FLOOR
from auricle.params import Params

FloatArray = npt.NDArray[np.float32]

FORMAT_VERSION = 1
TOLD = "auricle_note_sequence"
AT_ONCE = 256  # passages in one pass
LOG_SCALE = 4.0  # of logarithms of probabilities, whose floor is at -16
RETRAIN = "Run `kedro run --pipelines=train_note_sequence` again."


class NoteSequence(nn.Module):
    """A bidirectional GRU over the notes of a passage, which corrects what an analyzer says of each.

    One GRU for all classes, run for each of them: it is shown the embeddings of the notes, what the analyzer
    says of this class, and which class it is. That what the neighbours are called makes a name likelier is
    then learned once, and not for every class from the few notes that it has.

    It begins as the analyzer, for the layer of the corrections is zero, and with all classes alike. A passage
    that was padded to fill a batch gives what it gives alone.

    Args:
        params: sizes.
        embedding_size: of the analyzer.
        n_classes: of its vocabulary.
    """

    def __init__(self, params: NetworkParams, embedding_size: int, n_classes: int) -> None:
        super().__init__()
        self.scaled = nn.LayerNorm(embedding_size)
        self.projection = nn.Linear(embedding_size, params.projection_size)
        self.dropout = nn.Dropout(params.dropout)
        self.classes = nn.Embedding(n_classes, params.class_size)
        self.gru = nn.GRU(
            params.projection_size + params.class_size + 2,
            params.hidden_size,
            batch_first=True,
            bidirectional=True,
        )
        self.correction = nn.Linear(2 * params.hidden_size, 1)
        for zero in (self.classes.weight, self.correction.weight, self.correction.bias):
            nn.init.zeros_(zero)

    def forward(
        self, embeddings: torch.Tensor, log_probabilities: torch.Tensor, lengths: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Logits of every note, float32 (passages, notes, classes); what padding gets means nothing.

        Args:
            embeddings: by the analyzer, float32 (passages, notes, embedding_size).
            log_probabilities: by the analyzer, float32 (passages, notes, classes).
            lengths: int64 (passages,), notes that are no padding; None where all are.
        """
        passages, notes, classes = log_probabilities.shape
        heard = self.dropout(torch.relu(self.projection(self.scaled(embeddings))))
        of_class = log_probabilities.transpose(1, 2)[..., None]  # (passages, classes, notes, 1)
        shown = torch.cat(
            [
                heard[:, None].expand(-1, classes, -1, -1),
                self.classes.weight[None, :, None].expand(passages, -1, notes, -1),
                of_class / LOG_SCALE,
                of_class.exp(),
            ],
            dim=3,
        )
        each = None if lengths is None else lengths.repeat_interleave(classes)
        states = packed_states(self.gru, shown.flatten(0, 1), each)
        corrections = self.correction(self.dropout(states)).reshape(passages, classes, notes)
        corrected: torch.Tensor = log_probabilities + corrections.transpose(1, 2)
        return corrected

    def corrected(
        self, embeddings: FloatArray, probabilities: FloatArray, passages: Sequence[npt.NDArray[np.int64]]
    ) -> list[FloatArray]:
        """Probabilities of the notes of each passage, float32 (notes, classes).

        Args:
            embeddings: of all notes, float32 (n, embedding_size).
            probabilities: of all notes, by the analyzer, float32 (n, classes).
            passages: places of the notes of each, in their order.
        """
        device, logs = self.correction.weight.device, log_of(probabilities)
        self.eval()
        found: list[FloatArray] = []
        for start in range(0, len(passages), AT_ONCE):
            some = passages[start : start + AT_ONCE]
            with torch.inference_mode():
                said = self(*batch_of(embeddings, logs, some, device)).softmax(dim=2).cpu().numpy()
            found += [row[: len(passage)] for row, passage in zip(said, some, strict=True)]
        return found


def log_of(probabilities: npt.NDArray[Any]) -> FloatArray:
    """Logarithms of probabilities, none below that of the smallest that is told from 0, float32."""
    return np.asarray(np.log(np.clip(probabilities, PROBABILITY_FLOOR, 1.0)), dtype=np.float32)


def batch_of(
    embeddings: FloatArray,
    log_probabilities: FloatArray,
    passages: Sequence[npt.NDArray[np.int64]],
    device: torch.device,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """What `NoteSequence.forward` takes of these passages."""
    padded = (
        pad_sequence([torch.from_numpy(values[passage]) for passage in passages], batch_first=True)
        for values in (embeddings, log_probabilities)
    )
    heard, said = (values.to(device) for values in padded)
    return heard, said, torch.tensor([len(passage) for passage in passages], device=device)


class SequenceFacts(Params):
    """What a file of a sequence model says of itself."""

    format: int = Field(FORMAT_VERSION, description="Of the file.")
    network: NetworkParams = Field(description="Sizes.")
    vocabulary: tuple[str, ...] = Field(description="The classes, in the order of the logits.")
    embedding_size: int = Field(description="Of the analyzer.")
    longest: int = Field(description="Notes of the longest passage that was learned from.")
    analyzer_version: str = Field(description="Of the bundle that it was trained with.")
    analyzer_digest: str = Field(description="Of the same.")
    calibration_temperature: float = Field(description="Of its probabilities, fitted out of fold.")
    kept: bool = Field(description="Whether it is shown to be better than note by note.")
    reason: str = Field(description="The figures behind that, in a sentence.")


def sequence_file(bundle: BundleRef) -> Path:
    """Where the sequence model of a bundle lies, or would: `sequence/<version>/model.safetensors`, beside the
    folder of the versions or, of a bundle that is laid out otherwise, beside the bundle.
    """
    path = bundle.path.resolve()
    beside = path.parents[2] if path.parent.parent.name == path.name else path.parent
    return beside / "sequence" / bundle.version / "model.safetensors"


def sequence_bytes(model: NoteSequence, facts: SequenceFacts) -> bytes:
    """The content of a model's file."""
    weights = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    return bytes(save(weights, metadata={TOLD: facts.model_dump_json()}))


def read_sequence(file: Path, bundle: BundleRef) -> tuple[NoteSequence, SequenceFacts]:
    """The sequence model in a file, in evaluation mode on the CPU, and what it says of itself.

    Args:
        file: written with `sequence_bytes`.
        bundle: of the analyzer, which must be the one that the model was trained with.

    Raises:
        BundleError: the file is missing, damaged, of a newer Auricle, or of another analyzer.
    """
    try:
        with safe_open(file, framework="pt") as opened:
            facts = _facts((opened.metadata() or {}).get(TOLD), file)
            weights = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118  (no mapping)
    except FileNotFoundError as error:
        raise BundleError(f"There is no sequence model at {file}. {RETRAIN}") from error
    except (SafetensorError, OSError) as error:
        raise BundleError(f"{file} is damaged and cannot be read ({error}). {RETRAIN}") from error
    if facts.analyzer_digest != bundle.digest:
        raise BundleError(
            f"{file} belongs to the analyzer {facts.analyzer_version} ({facts.analyzer_digest[:12]}), and"
            f" this is {bundle.version} ({bundle.digest[:12]}): what it has learned of the one says nothing"
            f" of the other. {RETRAIN}"
        )
    model = NoteSequence(facts.network, facts.embedding_size, len(facts.vocabulary))
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise BundleError(f"{file} is damaged: {error}. {RETRAIN}") from error
    return model.eval(), facts


def _facts(content: str | None, file: Path) -> SequenceFacts:
    try:
        told: Any = json.loads(content or "")
    except ValueError as error:
        raise BundleError(f"{file} is no sequence model: it says nothing of itself. {RETRAIN}") from error
    version = told.get("format") if isinstance(told, Mapping) else None
    if version != FORMAT_VERSION:
        raise BundleError(
            f"{file} is of format version {version}; this Auricle reads {FORMAT_VERSION}. Upgrade"
            f" Auricle, or train it again with this one. {RETRAIN}"
        )
    try:
        return SequenceFacts.model_validate(told)
    except ValidationError as error:
        raise BundleError(f"{file} is damaged: {error}. {RETRAIN}") from error
