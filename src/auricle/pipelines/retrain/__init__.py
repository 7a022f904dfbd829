"""Retraining: challengers are trained, compared with their champions, and promoted where the rule says so."""

from .pipeline import create_gate, create_pipeline

__all__ = ["create_gate", "create_pipeline"]
