"""Training of any deep model on cached spectrograms or waveforms."""

from .pipeline import SPECTROGRAMS, WAVEFORMS, create_challenger, create_pipeline

__all__ = ["SPECTROGRAMS", "WAVEFORMS", "create_challenger", "create_pipeline"]
