"""Evaluation, comparison and report of a study."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
