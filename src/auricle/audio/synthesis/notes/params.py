"""What a person may choose about the demo corpus of notes."""

from typing import Annotated, Literal, Self, get_args

from pydantic import Field, field_validator, model_validator

from auricle.audio.synthesis.notes.labels import Label
from auricle.params import Params

InstrumentName = Literal[
    "bass",
    "cello",
    "clarinet",
    "flute",
    "oboe",
    "piccolo",
    "sax_alto",
    "sax_baritone",
    "sax_soprano",
    "sax_tenor",
    "trumpet",
    "violin",
]
INSTRUMENT_NAMES: tuple[InstrumentName, ...] = get_args(InstrumentName)
# Longer notes would outlast a bow and a breath; of shorter ones little but attack and room is left.
MIN_DURATION_S, MAX_DURATION_S = 0.25, 30.0


class NotesDemoParams(Params):
    """The demo corpus of single notes: how many there are, how long, and how good.

    A note depends on the seed, its instrument, its player, its number among the player's notes and on what is
    said of all notes (durations, labels, strengths), so that a corpus of more notes, players or instruments
    contains the smaller one byte for byte, as long as the notes go round as many players.
    """

    kind: Literal["notes"] = Field("notes", description="Single notes, to be judged.")
    enabled: bool = Field(True, description="Render the demo corpus before ingestion.")
    instruments: tuple[InstrumentName, ...] = Field(
        INSTRUMENT_NAMES, description="The instruments that play, all twelve by default."
    )
    notes_per_instrument: int = Field(300, ge=1, le=100_000, description="Notes of each instrument.")
    players_per_instrument: int = Field(
        8, ge=1, le=10_000, description="Players (groups) of each instrument; notes go round them in turn."
    )
    duration_s: tuple[float, float] = Field(
        (MIN_DURATION_S, 5.0), description="The shortest and the longest note, in seconds."
    )
    durations: Literal["log_uniform", "uniform"] = Field(
        "log_uniform",
        description="How durations lie between them; log_uniform has as many of 0.5 s as of 2 s.",
    )
    good_share: float = Field(
        0.35, gt=0, lt=1, description="Share of the label good-sound among all notes of an instrument."
    )
    tail: float = Field(
        1.0,
        ge=0,
        le=3,
        description="How rare rare labels are: the n-th other label weighs n ** -tail; 0 is all alike.",
    )
    weights: dict[Label, Annotated[float, Field(ge=0, le=1000)]] = Field(
        default_factory=dict, description="Weights of labels instead of these; 0 leaves a label out."
    )
    strength: tuple[float, float] = Field(
        (0.0, 1.0),
        description="How strong faults are, from weakest to strongest: 0 is hardly heard, 1 is gross.",
    )
    seed: int = Field(20, ge=0, lt=2**63, description="Random seed of everything in the corpus.")
    broken_files: bool = Field(
        True, description="Add a handful of files that cannot be used (empty, truncated, silent, ...)."
    )
    shuffle_labels: bool = Field(
        False, description="Deal the labels out at random, so that every classifier must end at chance."
    )

    @field_validator("instruments")
    @classmethod
    def _distinct(cls, instruments: tuple[InstrumentName, ...]) -> tuple[InstrumentName, ...]:
        if not instruments:
            raise ValueError(f"instruments is empty: name at least one of {', '.join(INSTRUMENT_NAMES)}")
        if len(set(instruments)) < len(instruments):
            raise ValueError(f"instruments names one twice: {', '.join(instruments)}")
        return instruments

    @field_validator("weights")
    @classmethod
    def _good_has_a_share(cls, weights: dict[Label, float]) -> dict[Label, float]:
        if "good-sound" in weights:
            raise ValueError("weights names good-sound, whose share is good_share: set that instead")
        return weights

    @model_validator(mode="after")
    def _ranges(self) -> Self:
        low, high = self.duration_s
        if not MIN_DURATION_S <= low <= high <= MAX_DURATION_S:
            raise ValueError(
                f"duration_s is {low:g} to {high:g}: choose a range within {MIN_DURATION_S:g} to"
                f" {MAX_DURATION_S:g} s, the shorter first"
            )
        if not 0 <= self.strength[0] <= self.strength[1] <= 1:
            raise ValueError(
                f"strength is {self.strength[0]:g} to {self.strength[1]:g}: choose a range within 0 to 1, the"
                " weaker first"
            )
        return self

    @model_validator(mode="after")
    def _every_player_plays(self) -> Self:
        if self.players_per_instrument > self.notes_per_instrument:
            raise ValueError(
                f"players_per_instrument={self.players_per_instrument} is more than "
                f"notes_per_instrument={self.notes_per_instrument}: some players would have no note; "
                "lower the one or raise the other"
            )
        return self
