"""The page of each model's history: decisions, moves of the champion, runs that broke off."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
