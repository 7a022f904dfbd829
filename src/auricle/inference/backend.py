"""What computes a model, and where; apart from what does it, for parameters are read without torch."""

from typing import TYPE_CHECKING, Literal

from auricle.errors import ConfigurationError
from auricle.training.device import resolve_device
from auricle.training.params import DeviceName

if TYPE_CHECKING:
    import torch

Backend = Literal["auto", "torch", "onnx"]


def chosen_device(backend: Backend, device: DeviceName, *, by: str = "") -> "torch.device":
    """Where to compute: ONNX Runtime does on the CPU here.

    Args:
        backend: as it was asked for.
        device: likewise.
        by: what stands before both names in the message, such as "predict.".

    Raises:
        ConfigurationError: they contradict each other, or the machine lacks the device.
    """
    found = resolve_device(device)
    if backend == "onnx" and device not in ("auto", "cpu"):
        raise ConfigurationError(
            f"{by}backend is onnx, which computes on the CPU here, and {by}device is {device}. Set backend:"
            " torch, or device: cpu."
        )
    return resolve_device("cpu") if backend == "onnx" else found
