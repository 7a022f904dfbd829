"""Explanations of what networks listened to."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
