"""A list of unrated recordings, with intervals, reasons and a page, by a trained rater."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
