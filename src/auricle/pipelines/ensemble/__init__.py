"""The ensemble of a study's models."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
