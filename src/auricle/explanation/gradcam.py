"""Grad-CAM: where in a spectrogram the evidence for a class lies, by the gradient of its logit.

Selvaraju et al., Grad-CAM, ICCV 2017; by captum. It shows where the last convolution's maps speak for a
class. It is coarse (a map has an eighth or a sixteenth of the spectrogram's bands and frames) and it is no
proof: compare it with the map of a network with random weights (Adebayo et al., Sanity Checks for Saliency
Maps, NeurIPS 2018).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from auricle.models.spectrogram_model import SpectrogramModel

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Evidence:
    """What speaks for a class in one window.

    Attributes:
        heat: float32 (bands, frames), 0 to 1; all 0 where nothing speaks for the class.
        time_attention: float32 (steps,), the weight of each real moment, or None where a model has no
            attention over time.
    """

    heat: FloatArray
    time_attention: FloatArray | None


def explain_window(
    model: SpectrogramModel,
    window: npt.NDArray[Any],
    length: int,
    target: int,
    device: torch.device,
    *,
    instrument: int | None = None,
) -> Evidence:
    """The evidence for a class in one window.

    Args:
        model: in evaluation mode; it is moved to the device.
        window: (bands, frames) in dB.
        length: frames that are no padding.
        target: index of the class.
        device: where to compute.
        instrument: who plays, for a model that asks; see `auricle.models.instruments`.
    """
    from captum.attr import LayerAttribution, LayerGradCam

    network: Any = model
    network.eval().to(device)
    values = torch.from_numpy(np.asarray(window, dtype=np.float32))[None].to(device)
    lengths = torch.tensor([length], device=device)
    told = {} if instrument is None else {"instruments": torch.tensor([instrument], device=device)}
    attention: list[torch.Tensor | None] = []

    def logits_of(inputs: torch.Tensor) -> torch.Tensor:
        output = network(input_values=inputs, lengths=lengths, **told)
        attention.append(output.time_attention)
        logits: torch.Tensor = output.logits
        return logits

    # cuDNN has no backward pass for a recurrent layer in evaluation mode.
    with torch.backends.cudnn.flags(enabled=False):
        coarse = LayerGradCam(logits_of, network.explained_layer()).attribute(
            values, target=target, relu_attributions=True
        )
    coarse = network.over_time(coarse, values.shape[2])
    fine = LayerAttribution.interpolate(coarse, values.shape[1:], interpolate_mode="bilinear")[0, 0]
    heat = fine.detach().clamp(min=0).float()
    heat[:, length:] = 0
    peak = heat.max()
    heat = heat / peak if peak > 0 else heat
    weights = attention[0]
    if weights is not None:
        weights = weights[0, : max(1, length // network.config.reduction)].detach().float().cpu()
    return Evidence(heat.cpu().numpy(), None if weights is None else weights.numpy())
