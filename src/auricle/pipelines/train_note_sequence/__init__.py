"""Training of the sequence model over the notes of a passage, beside a note analyzer that is trained."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
