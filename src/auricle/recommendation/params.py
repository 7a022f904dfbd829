"""Typed parameters of recommending."""

from typing import Literal, Self

from pydantic import Field, model_validator

from auricle.corpora.layouts.rating_tags import Scale
from auricle.params import Params
from auricle.training.params import DeviceName

TagMode = Literal["none", "dry_run", "write"]


class IntervalParams(Params):
    """How sure an expected rating is."""

    level: float = Field(
        0.8,
        gt=0,
        lt=1,
        description="Share of the ratings of artists never heard that are to lie in their intervals. n rated"
        " artists of validation carry at most n / (n + 1); of more, every interval is the whole scale.",
    )
    passes: int = Field(
        50,
        ge=0,
        le=1000,
        description="Of Monte-Carlo dropout: where they differ more, intervals are wider; 0: all alike.",
    )
    seed: int = Field(0, ge=0, lt=2**31, description="Of dropout, and of resampled artists.")

    @model_validator(mode="after")
    def _passes_differ(self) -> Self:
        if self.passes == 1:
            raise ValueError("passes is 1, and one pass differs from none. Set 0, or 2 and more")
        return self


class RatingTagParams(Params):
    """Whether expected ratings are written into the files' own tags."""

    mode: TagMode = Field(
        "none",
        description="none leaves the files as they are; dry_run lists what write would change; write changes"
        " it, after a dry run of the same ratings. A rating of the listener's is never touched",
    )
    recommended_only: bool = Field(False, description="Only of what is on the list, not of all unrated.")
    user: str = Field(
        "auricle",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e][\x20-\x7e]*$",
        description="Whose rating ID3's POPM says it is; players mostly look for a name of their own, such as"
        " Windows Media Player 9 Series.",
    )
    scale: Scale | None = Field(
        None,
        description="Of Vorbis comments' RATING; null: that of layout_options where ratings are read from"
        " tags, else hundred.",
    )


class RecommendationPageParams(Params):
    """What of the list can be heard on the page."""

    excerpt_seconds: float = Field(10.0, gt=0, le=60, description="Longest excerpt.")
    max_megabytes: float = Field(6.0, gt=0, le=100, description="Of all excerpts in the page.")


class RecommendationParams(Params):
    """Which unrated recordings are recommended."""

    count: int = Field(20, ge=1, le=1000, description="Recordings on the list, at most.")
    max_per_artist: int | None = Field(
        2, ge=1, description="Of one artist on the list, at most; null: any number."
    )
    diversity: float = Field(
        0.2,
        ge=0,
        le=1,
        description="Share that being unlike what is on the list already has beside the rating (maximal"
        " marginal relevance): 0 goes by the rating alone, 1 leaves it out.",
    )
    reasons: int = Field(3, ge=1, le=20, description="Nearest rated recordings told of each.")
    artist: str | None = Field(
        None, description="Column of the manifest that names the artist; by default meta_artist, else group."
    )
    interval: IntervalParams = IntervalParams()
    device: DeviceName = Field("auto", description="Where recordings are embedded.")
    batch_size: int = Field(32, ge=1, le=4096, description="Windows in one pass.")
    page: RecommendationPageParams = RecommendationPageParams()
    tags: RatingTagParams = RatingTagParams()
