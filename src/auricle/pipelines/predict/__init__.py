"""Predictions over new recordings."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
