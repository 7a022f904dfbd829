"""Tracking is asked for, or it is not there: nothing is imported, and what is missing is said at once."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from auricle.errors import ConfigurationError
from auricle.tracking.params import TrackingParams, check_installed


class TestParameters:
    def test_ask_for_nothing_by_default(self) -> None:
        params = TrackingParams()
        assert not params.mlflow
        assert not params.tensorboard

    @pytest.mark.parametrize("uri", ["", "data/mlflow.db", "./mlruns", "file:///mlruns", "ftp://host"])
    def test_refuse_what_is_no_store(self, uri: str) -> None:
        with pytest.raises(ValidationError, match="uri"):
            TrackingParams(uri=uri)

    @pytest.mark.parametrize(
        "uri", ["sqlite:////tmp/runs.db", "https://mlflow.example.org", "postgresql+psycopg2://me@host/db"]
    )
    def test_take_databases_and_servers(self, uri: str) -> None:
        assert TrackingParams(uri=uri).uri == uri


class TestExtra:
    @pytest.mark.parametrize(
        ("tracker", "module"),
        [
            ("mlflow", "mlflow"),
            ("mlflow", "sqlalchemy"),
            ("mlflow", "alembic"),
            ("tensorboard", "tensorboard"),
        ],
    )
    def test_that_is_missing_is_refused_with_the_way_to_it(
        self, tracker: str, module: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(
            ConfigurationError, match=rf"{tracker} is true, but {module}.*auricle\[tracking\]"
        ):
            check_installed(TrackingParams.model_validate({tracker: True}))

    def test_is_not_missed_by_who_does_not_ask(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for module in ("mlflow", "sqlalchemy", "alembic", "tensorboard"):
            monkeypatch.setitem(sys.modules, module, None)
        check_installed(TrackingParams())

    @pytest.mark.long  # interpreters that import all there is
    def test_is_not_imported_by_hooks_and_training(self) -> None:
        code = (
            "import sys, auricle.settings, auricle.tracking.runs, auricle.training.deep\n"
            "import auricle.training.event_files\n"
            "from auricle.tracking.params import TrackingParams, check_installed\n"
            "check_installed(TrackingParams(mlflow=True, tensorboard=True))\n"
            "heavy = {'mlflow', 'sqlalchemy', 'alembic', 'tensorboard'} & set(sys.modules)\n"
            "sys.exit(f'imported {heavy}' if heavy else 0)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
