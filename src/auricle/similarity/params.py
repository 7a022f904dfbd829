"""Typed parameters of similarity search."""

from typing import Self

from pydantic import Field, model_validator

from auricle.explanation.params import MapParams
from auricle.params import Params
from auricle.training.params import DeviceName


class QueryParams(Params):
    """What is asked for: recordings like some, unlike others, of some kind."""

    like: tuple[str, ...] = Field(
        min_length=1,
        max_length=1000,
        description="Recordings by `recording_id`, by `path` of the manifest, or files; of several the mean.",
    )
    unlike: tuple[str, ...] = Field((), max_length=1000, description="What is not wanted, likewise.")
    labels: tuple[str, ...] = Field((), description="Only recordings with one of these labels.")
    artists: tuple[str, ...] = Field((), description="Only recordings of one of these artists.")
    without_artists: tuple[str, ...] = Field((), description="No recordings of these artists.")
    min_duration_s: float | None = Field(None, ge=0, description="Only recordings at least so long.")
    max_duration_s: float | None = Field(None, gt=0, description="Only recordings at most so long.")
    count: int = Field(10, ge=1, le=1000, description="Neighbours, at most.")

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Self:
        low, high = self.min_duration_s, self.max_duration_s
        if low is not None and high is not None and low > high:
            raise ValueError(
                f"min_duration_s ({low:g}) is greater than max_duration_s ({high:g}): no recording is both."
                " Raise max_duration_s, or lower min_duration_s."
            )
        if both := set(self.like) & set(self.unlike):
            raise ValueError(f"{min(both)!r} stands in like and in unlike. Leave it out of one of them.")
        return self


class SimilarityParams(Params):
    """How embeddings become an index, and what is asked of it."""

    neighbours: int = Field(10, ge=1, le=100, description="Nearest recordings of each that are listed.")
    exact_up_to: int = Field(
        50_000,
        ge=1,
        le=1_000_000,
        description="Recordings up to which search is exact; of more it is approximate and needs faiss (the"
        " extra `similarity`).",
    )
    cells: int | None = Field(
        None, ge=2, le=65_536, description="Of the approximate index; by default 4 times the root of n."
    )
    most_probes: int = Field(64, ge=1, le=4096, description="Cells looked into per query, at most.")
    recall_target: float = Field(
        0.99,
        gt=0,
        le=1,
        description="Share of the nearest that approximate search finds: so many cells are looked into.",
    )
    recall_floor: float = Field(0.95, gt=0, le=1, description="Below this recall, no index is built.")
    recall_sample: int = Field(
        500, ge=10, le=10_000, description="Recordings on which recall is measured, at every build."
    )
    duplicate_above: float | None = Field(
        0.9999,
        gt=0,
        le=1,
        description="Cosine from which on a recording is a copy, not a neighbour; null: only those copies"
        " count that ingestion found.",
    )
    artist: str | None = Field(
        None, description="Column of the manifest that names the artist; by default meta_artist, else group."
    )
    judged_most: int = Field(
        5000,
        ge=10,
        le=20_000,
        description="Judged recordings behind the figures, drawn where there are more.",
    )
    seed: int = Field(0, ge=0, lt=2**31, description="Of what is drawn, and of cells.")
    device: DeviceName = Field("auto", description="Where new recordings and queried files are embedded.")
    queries: tuple[QueryParams, ...] = Field((), max_length=100, description="Asked at the end of the run.")
    map: MapParams = Field(MapParams(), description="The page's map of the corpus.")

    @model_validator(mode="after")
    def _floor_below_target(self) -> Self:
        if self.recall_floor > self.recall_target:
            raise ValueError(
                f"recall_floor ({self.recall_floor:g}) is above recall_target ({self.recall_target:g}):"
                " search would stop at a recall that is then refused. Choose recall_floor <= recall_target."
            )
        return self
