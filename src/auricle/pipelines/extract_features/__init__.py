"""Hand-crafted features for the Random Forest."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
