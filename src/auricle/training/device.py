"""Where and in which number format to train: resolved, or refused, before any work starts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from auricle.errors import ConfigurationError
from auricle.training.params import DeviceName, PrecisionName

if TYPE_CHECKING:
    import torch

Precision = Literal["float32", "bf16", "fp16"]


def resolve_device(name: DeviceName) -> torch.device:
    """Return the device to train on.

    Args:
        name: ``auto`` takes CUDA, then MPS, then the CPU; any other name must be there.

    Raises:
        ConfigurationError: the machine lacks the device that was asked for.
    """
    import torch

    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(kind for kind, there in present.items() if there))
    if not present[name]:
        there = ", ".join(kind for kind, there in present.items() if there)
        raise ConfigurationError(
            f"device: {name} was asked for, but this machine offers {there} only. "
            "Set device: auto to take the best there is."
        )
    return torch.device(name)


def resolve_precision(name: PrecisionName, device: torch.device) -> Precision:
    """Return the number format of the autocast on ``device``; ``float32`` means none.

    ``auto`` takes bf16 on a CPU with AVX-512-BF16 (elsewhere it is emulated, and slower than float32) and on
    a GPU that has it, fp16 on any other CUDA GPU, and float32 on MPS.

    Raises:
        ConfigurationError: the device cannot compute in the format that was asked for.
    """
    native: dict[Precision, bool] = {
        "bf16": _has_bf16(device),
        "fp16": device.type == "cuda",
        "float32": True,
    }
    if name == "auto":
        return next(kind for kind in ("bf16", "fp16", "float32") if native[kind])
    if not native[name]:
        raise ConfigurationError(
            f"precision: {name} was asked for, but {device.type} on this machine has no native {name}. "
            "Set precision: auto or precision: float32."
        )
    return name


def check_compiled(compiled: bool, device: torch.device, precision: Precision) -> None:
    """Refuse what was seen to go wrong: compiled for a CPU in bf16 by torch 2.11, weights become undefined.

    Raises:
        ConfigurationError: which says what works.
    """
    if compiled and device.type == "cpu" and precision == "bf16":
        raise ConfigurationError(
            "compile is true on a CPU in bf16, where weights were seen to become undefined. Set precision:"
            " float32, which takes minutes to compile, or compile: false."
        )


def check_processes(processes: int, device: torch.device) -> None:
    """Refuse more processes than there are devices for.

    Raises:
        ConfigurationError: which says how many there are.
    """
    import torch

    if device.type == "cpu":
        return
    there = torch.cuda.device_count() if device.type == "cuda" else 1
    if processes > there:
        raise ConfigurationError(
            f"processes: {processes} were asked for, and there are {there} {device.type} devices."
            f" Set processes: {there} at most."
        )


def _has_bf16(device: torch.device) -> bool:
    import torch

    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())


def memory_line(device: torch.device) -> str:
    """The most memory that training has held so far, for the log: the GPU's, or this process's on a CPU."""
    import torch

    if device.type == "cuda":
        return f"GPU memory {torch.cuda.max_memory_allocated(device) / 1e9:.1f} GB"
    if device.type == "mps":
        return f"GPU memory {torch.mps.driver_allocated_memory() / 1e9:.1f} GB"
    import resource
    import sys

    unit = 1 if sys.platform == "darwin" else 1024
    return f"memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9:.1f} GB"


@contextmanager
def deterministic_algorithms(enabled: bool, device: torch.device) -> Iterator[None]:
    """Compute the same figures from the same seed within the context, then restore what was set before.

    On a CPU an operation that cannot is an error, on a GPU a warning that names it: some poolings have no
    deterministic form there. (See "Reproducibility" in PyTorch's notes.)
    """
    import torch

    deterministic: Any = torch.utils.deterministic

    mode = torch.get_deterministic_debug_mode()
    cudnn, fill = torch.backends.cudnn.deterministic, deterministic.fill_uninitialized_memory
    if enabled:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        # Not use_deterministic_algorithms, which imports the whole compiler in order to set an option of it.
        torch.set_deterministic_debug_mode("error" if device.type == "cpu" else "warn")
        torch.backends.cudnn.deterministic = True
        # Filling what is about to be overwritten helps to find faulty kernels; it costs time, and no figure.
        deterministic.fill_uninitialized_memory = False
    try:
        yield
    finally:
        torch.set_deterministic_debug_mode(mode)
        torch.backends.cudnn.deterministic = cudnn
        deterministic.fill_uninitialized_memory = fill
