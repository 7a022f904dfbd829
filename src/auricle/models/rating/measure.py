"""What a pair of encoder and classifier costs: seconds and memory of one recording."""

import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import nn

from auricle.models.rating.failures import running

MEGABYTE = 1024**2
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
RESET_PEAK = "5"


@dataclass(frozen=True)
class Cost:
    """Of one recording.

    Attributes:
        seconds: of the faster of two passes.
        megabytes: at the peak, above what was held before; None where the system does not say.
    """

    seconds: float
    megabytes: float | None


def cost_of(
    encoder: nn.Module,
    classifier: nn.Module,
    *,
    names: tuple[str, str],
    samples: int,
    device: str | torch.device,
) -> Cost:
    """Rate noise of so many samples, as prediction would.

    Raises:
        ContractError: memory runs out, or a part fails on a recording as long as this.
    """
    waveform = 0.1 * torch.randn(1, samples, device=device)
    encoder.eval()
    classifier.eval()
    memory = _Memory(torch.device(device))
    seconds = []
    for _ in range(2):
        begun = time.perf_counter()
        with torch.inference_mode():
            embedded = running(names[0], "the encoder", waveform, lambda: encoder(waveform))
            rated = running(names[1], "the classifier", embedded, partial(classifier, embedded))
            rated.cpu()  # waits for the device
        seconds.append(time.perf_counter() - begun)
    return Cost(min(seconds), memory.megabytes())


class _Memory:
    """The peak since this was made: of the device, or of the process where Linux tells it."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._before: float | None = None
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
            self._before = torch.cuda.memory_allocated(device)
        else:
            with suppress(OSError):  # another system, or one that forbids it
                CLEAR.write_text(RESET_PEAK)
                self._before = _of_process("VmRSS")

    def megabytes(self) -> float | None:
        if self._before is None:
            return None
        on_cuda = self._device.type == "cuda"
        peak = torch.cuda.max_memory_allocated(self._device) if on_cuda else _of_process("VmHWM")
        return float(max(0.0, (peak - self._before) / MEGABYTE))


def _of_process(entry: str) -> float:
    """An entry of the process's status, in bytes."""
    (line,) = (line for line in STATUS.read_text().splitlines() if line.startswith(f"{entry}:"))
    return float(line.split()[1]) * 1024
