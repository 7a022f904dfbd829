"""Typed parameters of how ratings are judged."""

from pydantic import Field

from auricle.params import Params


class RatingEvaluateParams(Params):
    """How a rater is judged on artists that it has not heard."""

    confidence: float = Field(0.95, description="Coverage of every interval.", ge=0.5, le=0.999)
    bootstrap_samples: int = Field(
        1000, description="Resamples of the groups behind every interval.", ge=100, le=100_000
    )
    seed: int = Field(0, description="Seed of the resampling, and of the forest it is judged beside.", ge=0)
    liked: float = Field(0.7, gt=0, le=1, description="The rating from which a recording is liked.")
    neighbours: int = Field(
        10, ge=1, le=1000, description="Training recordings that the nearest-neighbour baselines ask."
    )
    min_groups_for_claim: int = Field(
        8,
        ge=2,
        description="Of fewer groups (artists) that are judged no interval is given, and nothing is claimed:"
        " resamples of a few vary too little.",
    )
