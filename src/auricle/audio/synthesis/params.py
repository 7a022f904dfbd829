"""What a person may choose about the demo corpus."""

from typing import Literal, get_args

from pydantic import Field, field_validator, model_validator

from auricle.params import Params

Genre = Literal["blues", "classical", "electronic", "folk", "hiphop", "jazz", "metal", "reggae"]
GENRES: tuple[Genre, ...] = get_args(Genre)


class DemoParams(Params):
    """The demo corpus: how much of it there is, and the random seed that it all follows from.

    A clip depends on the seed, its genre, its artist, its number among the artist's clips and its duration
    only, so that a larger corpus contains the smaller one byte for byte.
    """

    kind: Literal["music"] = Field("music", description="Clips of music, by genre.")
    enabled: bool = Field(True, description="Render the demo corpus before ingestion.")
    genres: tuple[Genre, ...] = Field(GENRES, description="The genres to render, all eight by default.")
    clips_per_genre: int = Field(24, ge=1, le=100_000, description="Clips of each genre.")
    artists_per_genre: int = Field(
        12, ge=1, le=10_000, description="Artists (groups) of each genre; the clips go round them in turn."
    )
    # In the slowest groove the first chord may come after 1.4 s: shorter clips could be silent.
    duration_s: float = Field(10.0, ge=2.0, le=120.0, description="Duration of every clip in seconds.")
    seed: int = Field(20, ge=0, lt=2**63, description="Random seed of everything in the corpus.")
    broken_files: bool = Field(
        True, description="Add a handful of files that cannot be used (empty, truncated, silent, ...)."
    )
    shuffle_labels: bool = Field(
        False, description="Deal the labels out at random, so that every classifier must end at chance."
    )

    @field_validator("genres")
    @classmethod
    def _distinct(cls, genres: tuple[Genre, ...]) -> tuple[Genre, ...]:
        if not genres:
            raise ValueError(f"genres is empty: name at least one of {', '.join(GENRES)}")
        if len(set(genres)) < len(genres):
            raise ValueError(f"genres names one twice: {', '.join(genres)}")
        return genres

    @model_validator(mode="after")
    def _every_artist_plays(self) -> "DemoParams":
        if self.artists_per_genre > self.clips_per_genre:
            raise ValueError(
                f"artists_per_genre={self.artists_per_genre} is more than "
                f"clips_per_genre={self.clips_per_genre}: some artists would have no clip; "
                "lower the one or raise the other"
            )
        return self
