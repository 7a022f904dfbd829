"""An index of each trained model's embeddings, neighbours of all recordings, and whether they are alike."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
