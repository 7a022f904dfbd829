"""Caching of spectrograms, one store per front end, and of altered copies to learn from."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
