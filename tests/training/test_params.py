"""Training parameters that contradict each other or the machine are refused before any work."""

import subprocess
import sys

import pytest
import torch
from pydantic import ValidationError

from auricle.errors import ConfigurationError
from auricle.training.device import deterministic_algorithms, resolve_device, resolve_precision
from auricle.training.params import TrainParams


class TestParameters:
    def test_have_working_defaults(self) -> None:
        assert TrainParams().early_stopping_patience > TrainParams().plateau_patience

    def test_refuse_to_stop_before_the_rate_is_reduced(self) -> None:
        with pytest.raises(ValidationError, match="before the learning rate is ever reduced"):
            TrainParams(early_stopping_patience=5, plateau_patience=5)

    def test_refuse_batches_of_one(self) -> None:
        with pytest.raises(ValidationError, match="batch_size"):
            TrainParams(batch_size=1)

    def test_refuse_an_unknown_name(self) -> None:
        with pytest.raises(ValidationError, match="learning_rat"):
            TrainParams.model_validate({"learning_rat": 0.1})

    def test_load_no_torch(self) -> None:
        code = "import sys, auricle.training.params; sys.exit('torch' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestDevice:
    def test_auto_finds_one(self) -> None:
        assert resolve_device("auto").type in {"cpu", "cuda", "mps"}

    @pytest.mark.parametrize("name", ["cuda", "mps"])
    def test_an_absent_device_is_refused_with_what_there_is(
        self, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
        with pytest.raises(ConfigurationError, match=f"{name} was asked for, .* offers cpu only"):
            resolve_device(name)  # type: ignore[arg-type]


class TestPrecision:
    @pytest.mark.parametrize(("has_bf16", "expected"), [(True, "bf16"), (False, "float32")])
    def test_auto_takes_bf16_on_a_cpu_that_has_it(
        self, has_bf16: bool, expected: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: has_bf16)
        assert resolve_precision("auto", torch.device("cpu")) == expected

    @pytest.mark.parametrize(("has_bf16", "expected"), [(True, "bf16"), (False, "fp16")])
    def test_auto_takes_bf16_else_fp16_on_a_gpu(
        self, has_bf16: bool, expected: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: has_bf16)
        assert resolve_precision("auto", torch.device("cuda")) == expected

    def test_auto_takes_float32_on_mps(self) -> None:
        assert resolve_precision("auto", torch.device("mps")) == "float32"

    def test_what_the_device_lacks_is_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="cpu on this machine has no native fp16"):
            resolve_precision("fp16", torch.device("cpu"))


class TestDeterministicAlgorithms:
    def test_hold_within_the_context_only(self) -> None:
        before = torch.are_deterministic_algorithms_enabled()
        with deterministic_algorithms(True, torch.device("cpu")):
            assert torch.are_deterministic_algorithms_enabled()
        assert torch.are_deterministic_algorithms_enabled() == before
