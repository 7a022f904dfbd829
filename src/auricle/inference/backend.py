"""What computes a model: named apart from what does it, for parameters are read without torch."""

from typing import Literal

Backend = Literal["auto", "torch", "onnx"]
