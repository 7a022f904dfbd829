"""Ablations: what a part of a model, or a way to train it, is good for."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
