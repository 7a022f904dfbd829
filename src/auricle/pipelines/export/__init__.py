"""Trained models as ONNX files."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
