"""Figures, card and report of a study of ratings."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
