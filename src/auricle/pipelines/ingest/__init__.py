"""Ingestion: recordings to manifest, splits and data report."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
