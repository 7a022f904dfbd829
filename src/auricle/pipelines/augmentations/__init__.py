"""Augmentations, to be seen and heard."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
