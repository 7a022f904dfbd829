"""Training of any deep model on cached spectrograms."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
