"""Retraining: challengers are trained, compared with their champions, and promoted where the rule says so."""

from .pipeline import create_pipeline, create_start

__all__ = ["create_pipeline", "create_start"]
