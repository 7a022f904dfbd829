"""Training of an encoder and a classifier that rate recordings."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
