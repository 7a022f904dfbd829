"""The front ends in torch, for files that hear waveforms: the project's own compute everywhere else.

Tested equal to `auricle.audio`. They transform in double precision, which the project's do only where
rounding would be heard.
"""

import numpy as np
import torch
from torch import nn

from auricle.audio.frontend import FrontEnd, LogMelFrontEnd
from auricle.audio.spectrum import centred_hann_window
from auricle.audio.stft import StftFrontEnd
from auricle.audio.waveform_front_end import WaveformFrontEnd
from auricle.errors import NotExportableError

SMALLEST_POWER = 1e-10  # of `auricle.audio.spectrum.to_db`
SMALLEST_VARIANCE = 1e-7  # of `transformers.Wav2Vec2FeatureExtractor`


def front_end_in_torch(front_end: FrontEnd) -> nn.Module:
    """The twin of a front end.

    It takes waveforms, float32 (batch, samples), and int64 (batch,), how many samples of each are no padding.
    It gives what the front end makes of each alone, float32 (batch, bands, frames), and how many frames that
    are, int64 (batch,). What stands behind them is the lowest of a spectrogram, and 0 in a waveform.

    Raises:
        NotExportableError: a front end that has none.
    """
    if isinstance(front_end, WaveformFrontEnd):
        return WaveformInTorch(front_end)
    if isinstance(front_end, LogMelFrontEnd | StftFrontEnd):
        return SpectrogramInTorch(front_end)
    raise NotExportableError(
        f"A {type(front_end).__name__} has no twin in torch, so that no file can hear waveforms with it. Take"
        " model.onnx, and make what it takes by the bundle's front end."
    )


class SpectrogramInTorch(nn.Module):
    """The log-mel and the STFT front end, and the one of VGGish.

    Args:
        front_end: whose parameters it takes.
    """

    def __init__(self, front_end: LogMelFrontEnd | StftFrontEnd) -> None:
        super().__init__()
        params = front_end.params
        self.n_fft, self.hop_length, self.top_db = params.n_fft, params.hop_length, params.top_db
        self.of_magnitudes = params.kind == "vggish"
        self.kept = front_end.n_bands if isinstance(front_end, StftFrontEnd) else None
        length = front_end.params.window_length if isinstance(front_end, LogMelFrontEnd) else self.n_fft
        window = centred_hann_window(length, self.n_fft).astype(np.float64)
        self.register_buffer("window", torch.from_numpy(window), persistent=False)
        weights = torch.from_numpy(np.ascontiguousarray(front_end.weights().T)).float()
        self.register_buffer("weights", weights, persistent=False)
        self.window: torch.Tensor
        self.weights: torch.Tensor

    def forward(self, waveforms: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """See `front_end_in_torch`."""
        power = self._power(waveforms * _real(waveforms.shape[1], lengths).float())
        if self.kept is not None:
            bands = power[..., : self.kept]
        elif self.of_magnitudes:
            bands = (power.sqrt() @ self.weights).square()
        else:
            bands = power @ self.weights
        frames = lengths // self.hop_length + 1
        decibels = 10 * bands.clamp(min=SMALLEST_POWER).log10()
        real = _real(decibels.shape[1], frames)
        peak = decibels.masked_fill(~real[:, :, None], -torch.inf).amax(dim=(1, 2), keepdim=True)
        decibels = torch.maximum(decibels, peak - self.top_db)
        least = decibels.masked_fill(~real[:, :, None], torch.inf).amin(dim=(1, 2), keepdim=True)
        return torch.where(real[:, :, None], decibels, least).transpose(1, 2), frames

    def _power(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Of centred frames, float32 (batch, frames, 1 + n_fft // 2)."""
        half = self.n_fft // 2
        padded = nn.functional.pad(waveforms, (half, half))
        count, device = waveforms.shape[1] // self.hop_length + 1, waveforms.device
        starts = torch.arange(count, device=device)[:, None] * self.hop_length
        places = starts + torch.arange(self.n_fft, device=device)[None, :]
        framed = padded.index_select(1, places.flatten()).view(waveforms.shape[0], -1, self.n_fft)
        spectrum = torch.view_as_real(torch.fft.rfft(framed.double() * self.window))
        return spectrum.square().sum(dim=-1).float()


class WaveformInTorch(nn.Module):
    """The front end of speech encoders.

    Args:
        front_end: whose parameters it takes.
    """

    def __init__(self, front_end: WaveformFrontEnd) -> None:
        super().__init__()
        self.do_normalize = front_end.params.do_normalize

    def forward(self, waveforms: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """See `front_end_in_torch`."""
        real = _real(waveforms.shape[1], lengths).float()
        values = waveforms * real
        if self.do_normalize:
            count = lengths[:, None].float()
            centred = (values - values.sum(dim=1, keepdim=True) / count) * real
            variance = centred.square().sum(dim=1, keepdim=True) / count
            values = centred / (variance + SMALLEST_VARIANCE).sqrt()
        return values[:, None, :], lengths


def _real(size: int, lengths: torch.Tensor) -> torch.Tensor:
    """Which samples or frames are no padding, bool (batch, size)."""
    return torch.arange(size, device=lengths.device)[None, :] < lengths[:, None]
