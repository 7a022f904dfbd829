"""Typed parameters of explanations."""

from typing import Literal, Self

from pydantic import Field, model_validator

from auricle.params import Params, check_no_gaps
from auricle.training.params import DeviceName

ClusterMethod = Literal["kmeans", "hdbscan"]


class AugmentationsParams(Params):
    """Which training recordings show what augmentation makes of them."""

    model: str = Field("cnn", description="Whose `train.augment` is shown.")
    count: int = Field(3, ge=1, le=50, description="Recordings on the page, of different labels.")
    seconds: float = Field(5.0, ge=0.5, le=30, description="Of each, around its loudest part.")
    seed: int = Field(0, ge=0, lt=2**31, description="Of what is drawn.")


class TaggramParams(Params):
    """Which recordings have their probabilities shown over time, and by which windows."""

    count: int = Field(
        8, ge=1, le=100, description="Recordings on a page: the longest of each label, in turn."
    )
    recordings: tuple[str, ...] = Field(
        (),
        max_length=100,
        description="Judged recordings to show instead, by `recording_id` or by `path` of the manifest.",
    )
    window_seconds: float | None = Field(
        None,
        gt=0,
        le=600,
        description="Length of a window; by default the model's own.",
    )
    hop_seconds: float | None = Field(
        None, gt=0, le=600, description="From one window to the next; by default half a window."
    )
    labels: int = Field(12, ge=1, le=60, description="Labels in a picture: those with the highest peaks.")
    excerpt_seconds: float = Field(
        30.0, gt=0.5, le=600, description="What can be heard of a recording: this much, around the loudest."
    )
    max_megabytes: float = Field(
        6.0, gt=0, le=100, description="Size of all excerpts in the page; the rest is left silent."
    )

    @model_validator(mode="after")
    def _no_gaps(self) -> Self:
        check_no_gaps(self.window_seconds, self.hop_seconds)
        return self


class MapParams(Params):
    """How embeddings become a picture, and what of it can be heard."""

    most: int = Field(
        2000, ge=10, le=5000, description="Recordings on a map, drawn at random where there are more."
    )
    perplexity: float = Field(
        30.0, ge=5, le=500, description="Of t-SNE: about how many neighbours count; a third of all at most."
    )
    cluster_by: ClusterMethod = Field("kmeans", description="How recordings are grouped by embedding.")
    clusters: int | None = Field(
        None, ge=2, le=200, description="Of k-means: how many; by default as many as there are labels."
    )
    min_cluster_size: int | None = Field(
        None, ge=2, le=1000, description="Of HDBSCAN: recordings in the smallest cluster; 5 by default."
    )
    seed: int = Field(0, ge=0, lt=2**32, description="Seed of the picture, of k-means and of what is drawn.")
    sounds: int = Field(100, ge=0, le=2000, description="Recordings to be heard, of each label in turn.")
    excerpt_seconds: float = Field(
        4.0, gt=0.5, le=15, description="What can be heard of each: this much, around the loudest."
    )
    max_megabytes: float = Field(
        4.0, gt=0, le=50, description="Size of all excerpts in the page; other points show their path only."
    )

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Self:
        other = {"kmeans": "min_cluster_size", "hdbscan": "clusters"}[self.cluster_by]
        if getattr(self, other) is not None:
            raise ValueError(
                f"{other} has no effect where cluster_by is {self.cluster_by}. Leave {other} out, or choose"
                f" cluster_by: {'hdbscan' if self.cluster_by == 'kmeans' else 'kmeans'}"
            )
        return self


class EmbeddingMapParams(MapParams):
    """The same, and whose labels are compared."""

    neighbours: int = Field(
        10, ge=1, le=100, description="Nearest recordings of other groups whose labels are compared."
    )


class ExplainParams(Params):
    """Which recordings are explained, and where it is computed."""

    right: int = Field(1, ge=0, le=20, description="Of each class: recordings that the model got right.")
    wrong: int = Field(1, ge=0, le=20, description="Of each class: recordings that it got wrong.")
    most: int = Field(24, ge=1, le=200, description="Recordings on a page, at most: about 0.2 MB each.")
    device: DeviceName = Field("auto", description="Where to compute.")
    taggram: TaggramParams = Field(TaggramParams(), description="Probabilities over time.")
    embedding_map: EmbeddingMapParams = Field(EmbeddingMapParams(), description="Recordings as points.")
