"""Typed parameters of evaluation: how sure, how many resamples, what is claimed and what is shown."""

import math
from typing import Annotated, Self

from pydantic import Field, model_validator

from auricle.params import Params


class MistakeParams(Params):
    """Which mistakes the report lets one hear, and how much of each."""

    count: int = Field(12, description="Recordings shown, over all models of the study.", ge=0, le=48)
    excerpt_seconds: float = Field(
        6.0, description="Longest excerpt, around the loudest part.", gt=0.5, le=15
    )
    max_megabytes: float = Field(
        3.5,
        description="Size of all excerpts and spectrograms in the page; the rest is left silent.",
        gt=0,
        le=50,
    )
    n_mels: int = Field(128, description="Bands of the spectrograms shown.", ge=16, le=512)


class EvaluateParams(Params):
    """How predictions become figures with intervals."""

    confidence: float = Field(0.95, description="Coverage of every interval.", ge=0.5, le=0.999)
    bootstrap_samples: int = Field(
        1000, description="Resamples of the groups behind every interval.", ge=100, le=100_000
    )
    permutations: int = Field(
        1000,
        description="Permutations of the labels between groups behind every p-value, of one class each. They"
        " must be able to show a figure at this confidence: 19 for 0.95, 999 for 0.999.",
        ge=19,
        le=100_000,
    )
    seed: int = Field(0, description="Seed of the resampling and of the permutations.", ge=0)
    top_k: int = Field(3, description="k of the top-k accuracy.", ge=2, le=100)
    calibration_bins: int = Field(
        15,
        description="Equal-width bins of confidence in the calibration error and its diagram.",
        ge=2,
        le=100,
    )
    min_groups_for_claim: int = Field(
        5,
        description="A class (or a split) heard in fewer evaluated groups than this is shown without an"
        " interval, and nothing is claimed about it.",
        ge=2,
    )
    min_examples_for_claim: int = Field(
        10,
        description="Nor is anything claimed about a class or an instrument of fewer judged recordings than"
        " this, nor a threshold suggested that so few validation recordings reach.",
        ge=1,
    )
    abstain_below: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None,
        description="Calibrated probability of the most probable class below which a model is uncertain and"
        " answers nothing, of one class each; null: it always answers. Judged here, and given to"
        " auricle.load where recordings are predicted.",
    )
    accuracy_targets: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        (0.9, 0.95),
        description="Accuracies for which the report tells how many recordings can be answered, and suggests"
        " an abstain_below chosen on validation.",
        max_length=5,
    )
    mistakes: MistakeParams = Field(
        MistakeParams(), description="The mistakes that the report lets one hear."
    )

    @property
    def level(self) -> float:
        """The p-value up to which a figure counts as shown."""
        return 1 - self.confidence

    @model_validator(mode="after")
    def _permutations_suffice(self) -> Self:
        needed = math.ceil(1 / self.level - 1e-6) - 1
        if self.permutations < needed:
            raise ValueError(
                f"permutations: {self.permutations} can show nothing at confidence {self.confidence}: the"
                f" smallest p-value is 1 / {self.permutations + 1}. Raise permutations to {needed} or more,"
                " or lower confidence."
            )
        return self
