"""Encoders that the rating model comes with: from a waveform to an embedding."""

from auricle.models.encoders.of_bundle import BundleEncoder
from auricle.models.encoders.spectrogram import CoarseSpectrogramEncoder, SpectrogramEncoder
from auricle.models.encoders.speech import Wav2Vec2Encoder
from auricle.models.encoders.waveform import WaveformCNN

__all__ = [
    "BundleEncoder",
    "CoarseSpectrogramEncoder",
    "SpectrogramEncoder",
    "Wav2Vec2Encoder",
    "WaveformCNN",
]
