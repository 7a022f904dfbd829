"""Explanations of what models listened to, what they say over time, and how they see recordings."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
