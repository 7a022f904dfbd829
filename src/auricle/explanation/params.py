"""Typed parameters of explanations."""

from pydantic import Field

from auricle.params import Params
from auricle.training.params import DeviceName


class ExplainParams(Params):
    """Which recordings are explained, and where it is computed."""

    right: int = Field(1, ge=0, le=20, description="Of each class: recordings that the model got right.")
    wrong: int = Field(1, ge=0, le=20, description="Of each class: recordings that it got wrong.")
    most: int = Field(24, ge=1, le=200, description="Recordings on a page, at most: about 0.2 MB each.")
    device: DeviceName = Field("auto", description="Where to compute.")
