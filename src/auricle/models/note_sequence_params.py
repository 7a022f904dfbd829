"""Sizes of the sequence model; importing this loads no torch."""

from pydantic import Field

from auricle.params import Params


class NetworkParams(Params):
    """Sizes of the sequence model."""

    projection_size: int = Field(
        32, ge=1, le=1024, description="What a note's embedding is reduced to before the GRU."
    )
    class_size: int = Field(4, ge=1, le=256, description="Of the embedding of each class.")
    hidden_size: int = Field(32, ge=1, le=1024, description="Units of the GRU, in each direction.")
    dropout: float = Field(0.3, ge=0, lt=1, description="Of what goes into the GRU and of what comes out.")
