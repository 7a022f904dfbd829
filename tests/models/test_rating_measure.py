"""What a pair costs: seconds, and the memory at the peak as Linux tells it."""

import sys
from pathlib import Path

import pytest
import torch

from auricle.errors import ContractError
from auricle.models.rating import measure
from auricle.models.rating.measure import cost_of

PAIR = ("m:Encoder", "m:Classifier")
MEGABYTE = 1024**2


class Hungry(torch.nn.Module):
    """Needs a given number of megabytes for a moment, whatever it hears."""

    def __init__(self, megabytes: int) -> None:
        super().__init__()
        self.megabytes = megabytes
        self.modes: list[bool] = []

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        self.modes.append(self.training)
        return torch.ones(self.megabytes * MEGABYTE, dtype=torch.uint8)[:6].float().expand(len(waveforms), -1)


class Middling(torch.nn.Module):
    def forward(self, embeddings: torch.Tensor) -> torch.Tensor:
        return embeddings.mean(dim=1, keepdim=True)


def test_a_recording_is_rated_twice_as_in_prediction_and_timed() -> None:
    encoder = Hungry(1)
    cost = cost_of(encoder, Middling(), names=PAIR, samples=100, device="cpu")
    assert encoder.modes == [False, False]
    assert cost.seconds > 0


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of the process is told by Linux")
def test_memory_that_is_needed_for_a_moment_counts() -> None:
    small, large = (
        cost_of(Hungry(size), Middling(), names=PAIR, samples=100, device="cpu").megabytes
        for size in (1, 128)
    )
    assert small is not None
    assert large is not None
    assert 100 < large < 250
    assert small < 50


def test_memory_is_the_peak_above_what_was_held_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, clear = tmp_path / "status", tmp_path / "clear_refs"
    monkeypatch.setattr(measure, "STATUS", status)
    monkeypatch.setattr(measure, "CLEAR", clear)
    clear.write_text("")
    status.write_text("VmHWM:\t  9000 kB\nVmRSS:\t  1024 kB\n")
    memory = measure._Memory(torch.device("cpu"))
    assert clear.read_text() == measure.RESET_PEAK
    status.write_text("VmHWM:\t  4096 kB\nVmRSS:\t  1024 kB\n")
    assert memory.megabytes() == 3.0


@pytest.mark.parametrize("forbidden", [False, True])
def test_memory_is_unknown_where_the_system_does_not_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forbidden: bool
) -> None:
    """On a system without that folder, or where the file cannot be written, as a folder in its place."""
    clear = tmp_path / "self/clear_refs"
    if forbidden:
        clear.mkdir(parents=True)
    monkeypatch.setattr(measure, "CLEAR", clear)
    assert cost_of(Hungry(1), Middling(), names=PAIR, samples=100, device="cpu").megabytes is None


def test_a_recording_that_is_too_long_is_told_by_the_part_that_fails() -> None:
    with pytest.raises(ContractError, match=r"m:Encoder: the encoder ran out of memory on an input of shape"):
        cost_of(Hungry(10**9), Middling(), names=PAIR, samples=100, device="cpu")
