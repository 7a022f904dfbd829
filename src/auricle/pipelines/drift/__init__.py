"""What is new since a training, whether it has drifted, and whether a retraining is due."""

from .pipeline import create_gate, create_pipeline

__all__ = ["create_gate", "create_pipeline"]
