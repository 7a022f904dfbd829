"""Sweeps: a search for better parameters of a deep model."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
