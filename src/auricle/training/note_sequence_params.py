"""How the sequence model over the notes of a passage is trained; importing this loads no torch."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from auricle.errors import ConfigurationError
from auricle.models.note_sequence_params import NetworkParams
from auricle.params import Params
from auricle.training.params import DeviceName

NoteCount = Annotated[int, Field(ge=2, le=512)]


class NoteSequenceParams(Params):
    """The sequence model of a study's note analyzer."""

    network: NetworkParams = Field(NetworkParams(), description="Sizes.")
    notes: tuple[NoteCount, NoteCount] = Field(
        (4, 16),
        description="The fewest and the most notes of a passage; a player's last may have fewer.",
    )
    folds: int = Field(
        5,
        ge=3,
        le=50,
        description="Parts that the groups of validation are dealt into: each is judged by a model that has"
        " learned from the others, one of which chose its epochs.",
    )
    heard_notes: bool = Field(
        False,
        description="Learn from the training recordings too; of these the analyzer is surer than of any"
        " other note.",
    )
    orders: int = Field(3, ge=1, le=100, description="Orders of their notes in which passages are judged.")
    epochs: int = Field(60, ge=1, description="Passes over the notes, at most.")
    patience: int = Field(10, ge=1, description="Epochs without progress before a training stops.")
    batch_notes: int = Field(32, ge=1, description="Notes per step, whole passages as near as they come.")
    learning_rate: float = Field(3e-3, gt=0, le=1, description="AdamW's rate.")
    weight_decay: float = Field(1e-2, ge=0, description="AdamW's decoupled weight decay.")
    class_weights: bool = Field(
        True, description="Weigh the loss by the effective number of a class's notes, as rare ones deserve."
    )
    seed: int = Field(0, ge=0, lt=2**32, description="Seed of weights, dropout, folds and passages.")
    device: DeviceName = Field("auto", description="Where to compute; auto takes CUDA, then MPS, the CPU.")

    @model_validator(mode="after")
    def _passages_have_a_length(self) -> Self:
        fewest, most = self.notes
        if fewest > most:
            raise ValueError(f"notes is {[fewest, most]}: the fewest notes of a passage come first")
        return self


def untrained() -> ConfigurationError:
    """What is wrong where there is no analyzer whose notes could follow each other."""
    return ConfigurationError(
        "The sequence model needs a trained note analyzer, and there is none. Train it first with `kedro run"
        " --pipelines=train_note_analyzer`, or in the same run: --pipelines=train_note_analyzer,"
        "train_note_sequence."
    )
