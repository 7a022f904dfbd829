"""Parameters work as they are, refuse what cannot work, and cost nothing to import."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from auricle.evaluation.params import EvaluateParams


class TestParams:
    def test_defaults_work(self) -> None:
        params = EvaluateParams()
        assert params.confidence == 0.95
        assert params.mistakes.count == 12

    @pytest.mark.parametrize(
        "values",
        [
            {"confidence": 1.0},
            {"bootstrap_samples": 1},
            {"top_k": 1},
            {"unknown": 1},
            {"mistakes": {"count": -1}},
        ],
    )
    def test_refuse_what_cannot_work(self, values: dict[str, object]) -> None:
        with pytest.raises(ValidationError, match=next(iter(values))):
            EvaluateParams.model_validate(values)

    def test_importing_them_loads_nothing_heavy(self) -> None:
        heavy = ("torch", "transformers", "sklearn", "matplotlib", "pandas", "librosa")
        code = f"import sys, auricle.evaluation.params; print([m for m in {heavy} if m in sys.modules])"
        answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert answer.stdout.strip() == "[]"
