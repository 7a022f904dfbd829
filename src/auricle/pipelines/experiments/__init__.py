"""Experiments: all trainings of a study side by side."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
