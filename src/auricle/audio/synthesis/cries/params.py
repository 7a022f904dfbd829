"""What a person may choose about the demo corpus of cries."""

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from auricle.audio.synthesis.cries.kinds import KIND_NAMES, KindName
from auricle.params import Params

# A shorter clip might hold no more than one breath.
MIN_DURATION_S, MAX_DURATION_S = 1.5, 120.0


class CryDemoParams(Params):
    """The demo corpus of cries: how many there are, by how many infants, and how different the kinds are.

    A cry depends on the seed, its infant, its number among the infant's cries, its kind, its duration and the
    contrast only, so that a corpus of more cries or infants contains the smaller one byte for byte.
    """

    kind: Literal["cries"] = Field("cries", description="Cries of infants, by what they are for.")
    enabled: bool = Field(True, description="Render the demo corpus before ingestion.")
    kinds: tuple[KindName, ...] = Field(KIND_NAMES, description="The kinds of cries, all five by default.")
    infants: int = Field(36, ge=1, le=100_000, description="Infants (groups), who cry in every kind.")
    cries_per_infant: int = Field(
        10, ge=1, le=100_000, description="Cries of each infant: each kind once before any comes again."
    )
    duration_s: tuple[float, float] = Field(
        (2.0, 10.0), description="The shortest and the longest clip, in seconds."
    )
    contrast: float = Field(
        1.0,
        ge=0,
        le=10,
        description="How far kinds lie apart: 1 in most traits by about what cries of one kind differ, 0 not"
        " at all, so that every classifier must end at chance.",
    )
    seed: int = Field(20, ge=0, lt=2**63, description="Random seed of everything in the corpus.")
    broken_files: bool = Field(
        True, description="Add a handful of files that cannot be used (empty, truncated, silent, ...)."
    )
    shuffle_labels: bool = Field(
        False, description="Deal the labels out at random, so that every classifier must end at chance."
    )

    @field_validator("kinds")
    @classmethod
    def _distinct(cls, kinds: tuple[KindName, ...]) -> tuple[KindName, ...]:
        if not kinds:
            raise ValueError(f"kinds is empty: name at least one of {', '.join(KIND_NAMES)}")
        if len(set(kinds)) < len(kinds):
            raise ValueError(f"kinds names one twice: {', '.join(kinds)}")
        return kinds

    @model_validator(mode="after")
    def _range(self) -> Self:
        low, high = self.duration_s
        if not MIN_DURATION_S <= low <= high <= MAX_DURATION_S:
            raise ValueError(
                f"duration_s is {low:g} to {high:g}: choose a range within {MIN_DURATION_S:g} to"
                f" {MAX_DURATION_S:g} s, the shorter first"
            )
        return self
