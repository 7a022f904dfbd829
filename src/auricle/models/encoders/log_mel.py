"""The project's log-mel front end once more, as a layer on the device of the model."""

from typing import Any

import torch
from torch import nn

from auricle.audio.frontend import FrontEndParams
from auricle.errors import ConfigurationError
from auricle.models.backbones.packages import needed

EXTRA = "rating"


class LogMel(nn.Module):
    """What `auricle.audio.frontend.LogMelFrontEnd` computes, by torchaudio, of a batch of waveforms.

    Args:
        params: of the front end.

    Raises:
        ConfigurationError: a front end of another kind.
        MissingPackageError: torchaudio is not installed.
    """

    def __init__(self, params: FrontEndParams) -> None:
        super().__init__()
        if params.kind != "log_mel":
            raise ConfigurationError(
                f"The front end is of kind {params.kind!r}, and on a model's device there is log_mel only."
            )
        transforms = needed(
            "torchaudio", extra=EXTRA, by="A log-mel spectrogram on the model's device"
        ).transforms
        self.mel: Any = transforms.MelSpectrogram(
            sample_rate=params.sample_rate,
            n_fft=params.n_fft,
            hop_length=params.hop_length,
            n_mels=params.n_mels,
            f_min=params.fmin,
            f_max=params.highest_frequency,
            pad_mode="constant",
            norm="slaney",
            mel_scale="slaney",
        )
        self.to_db: Any = transforms.AmplitudeToDB("power", top_db=params.top_db)

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """From (batch, samples) to float32 (batch, n_mels, 1 + samples // hop_length) in dB."""
        # In bfloat16 a filterbank's sums lose what quiet bands have.
        with torch.autocast(waveforms.device.type, enabled=False):
            power = self.mel(waveforms.float())
            # Of three dimensions torchaudio takes the loudest of all clips for that of each.
            bands: torch.Tensor = self.to_db(power[:, None])[:, 0]
        return bands
