"""Typed parameters of drift: when new recordings count as other than known ones."""

import math
from typing import Self

from pydantic import Field, model_validator

from auricle.params import Params

ASPECTS = 6  # labels, durations, sample rates, highest probabilities, classes, embeddings


class DriftParams(Params):
    """When new recordings count as other than those that a model knows.

    An aspect has drifted where its distance reaches its limit and is more than chance makes of it.
    """

    level: float = Field(
        0.01,
        description="Chance of a false alarm that is allowed to one report, over all its aspects together.",
        gt=0,
        le=0.2,
    )
    permutations: int = Field(999, description="Permutations behind every p-value.", ge=99, le=100_000)
    min_recordings: int = Field(
        20, description="New recordings, of an aspect, from which anything is claimed.", ge=2
    )
    min_groups: int = Field(5, description="Groups of new recordings from which anything is claimed.", ge=2)
    most_recordings: int = Field(
        1000,
        description="Recordings of either side that are compared; of more, groups are drawn at random.",
        ge=50,
        le=5000,
    )
    label_distance: float = Field(
        0.1,
        description="Total variation between shares of classes, 0 where all are equal and 1 where none is"
        " shared; of several labels a recording, the widest gap between shares of one.",
        ge=0,
        le=1,
    )
    duration_distance: float = Field(
        0.2,
        description="Kolmogorov-Smirnov distance between durations: the widest gap between shares of"
        " recordings up to a length.",
        ge=0,
        le=1,
    )
    rate_distance: float = Field(
        0.1, description="Total variation between shares of sample rates.", ge=0, le=1
    )
    score_psi: float = Field(
        0.2,
        description="Population stability index of the model's highest probabilities, and of the classes that"
        " it gives; by custom 0.1 is small and 0.25 is large.",
        ge=0,
    )
    embedding_distance: float = Field(
        0.03,
        description="Energy distance between embeddings as a share of the greatest possible, from 0 to 1.",
        ge=0,
        le=1,
    )
    seed: int = Field(0, description="Seed of the permutations and of what is drawn.", ge=0)

    @model_validator(mode="after")
    def _permutations_suffice(self) -> Self:
        needed = math.ceil(ASPECTS / self.level - 1e-6) - 1
        if self.permutations < needed:
            raise ValueError(
                f"permutations: {self.permutations} can show nothing at level {self.level} in {ASPECTS}"
                f" aspects: the smallest p-value is 1 / {self.permutations + 1}. Raise permutations to"
                f" {needed} or more, or the level."
            )
        return self
