"""What a person may choose about the demo corpus of rated music."""

from typing import Literal, Self

from pydantic import Field, model_validator

from auricle.audio.synthesis.params import GENRES, DemoParams
from auricle.params import Params


class RatedDemoParams(Params):
    """The demo corpus of rated music: artists of all genres, a part of whose clips one listener has rated."""

    kind: Literal["ratings"] = Field("ratings", description="Clips of music, rated by one listener.")
    enabled: bool = Field(True, description="Render the demo corpus before ingestion.")
    artists_per_genre: int = Field(9, ge=1, le=10_000, description="Artists (groups) of each of 8 genres.")
    clips_per_artist: int = Field(4, ge=1, le=10_000, description="Clips of each artist.")
    duration_s: float = Field(6.0, ge=2.0, le=120.0, description="Duration of every clip in seconds.")
    noise: float = Field(
        0.35,
        ge=0,
        le=10,
        description="Deviation of what the listener says, beside 1 of what follows from the music.",
    )
    unrated_share: float = Field(1 / 3, ge=0, lt=1, description="Share of the clips that are not rated yet.")
    seed: int = Field(
        21,
        ge=0,
        lt=2**63,
        description="Random seed of everything in the corpus: another than that of the demo of genres, so"
        " that a network trained on its genres has heard none of these artists.",
    )
    broken_files: bool = Field(
        True, description="Add a handful of files that cannot be used (empty, truncated, silent, ...)."
    )
    shuffle_labels: bool = Field(
        False, description="Deal the ratings out at random: no model must then beat their mean."
    )

    @property
    def music(self) -> DemoParams:
        """The clips."""
        return DemoParams(
            clips_per_genre=self.artists_per_genre * self.clips_per_artist,
            artists_per_genre=self.artists_per_genre,
            duration_s=self.duration_s,
            seed=self.seed,
            broken_files=self.broken_files,
        )

    @model_validator(mode="after")
    def _enough_to_render(self) -> Self:
        if self.artists_per_genre * self.clips_per_artist > 100_000:
            raise ValueError(
                f"artists_per_genre {self.artists_per_genre} times clips_per_artist {self.clips_per_artist}"
                f" is more than 100000 clips of each of {len(GENRES)} genres: lower one of them"
            )
        return self
