"""Training of a Random Forest on hand-crafted features."""

from .pipeline import create_challenger, create_pipeline

__all__ = ["create_challenger", "create_pipeline"]
