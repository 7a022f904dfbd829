"""Caching of waveforms for speech encoders, one store per front end."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
