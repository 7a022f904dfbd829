"""Parameters of the rating model's parts; importing this loads no torch."""

from typing import Any

from pydantic import Field

from auricle.params import Params


class PairParams(Params):
    """The encoder and the classifier, each a class with its keyword arguments."""

    encoder_class: str = Field(
        "auricle.models.encoders:SpectrogramEncoder",
        description="module:Class of the encoder: (batch, samples) to (batch, embedding_dim).",
    )
    encoder_kwargs: dict[str, Any] = Field(
        default_factory=dict, description="Keyword arguments of its constructor."
    )
    classifier_class: str = Field(
        "auricle.models.classifiers:MLPClassifier",
        description="module:Class of the classifier: (batch, embedding_dim) to (batch, 1) in [0, 1].",
    )
    classifier_kwargs: dict[str, Any] = Field(
        default_factory=dict, description="Keyword arguments of its constructor, besides embedding_dim."
    )
