"""What is logged of trainings, and where; nothing by default."""

from importlib.util import find_spec
from typing import Literal

from pydantic import Field

from auricle.errors import ConfigurationError
from auricle.params import Params

NEEDED = {"mlflow": ("mlflow", "sqlalchemy", "alembic"), "tensorboard": ("tensorboard",)}


class TrackingParams(Params):
    """Which trackers are told of trainings; both need the extra `tracking`."""

    mlflow: bool = Field(False, description="A run of MLflow for each model that is trained.")
    uri: str | None = Field(
        None,
        pattern=r"^(sqlite|postgresql|mysql|mssql)(\+\w+)?://.|^https?://.",
        description="A database or a server of MLflow; null takes a SQLite file below 08_reporting.",
    )
    experiment: str | None = Field(
        None, min_length=1, max_length=500, description="MLflow's experiment; null takes the corpus's name."
    )
    bundle: Literal["reference", "artifact"] = Field(
        "reference",
        description="A run names its bundle by path and digest, or has a copy, which a remote server needs.",
    )
    tensorboard: bool = Field(
        False, description="Event files for TensorBoard, written epoch by epoch while a network is trained."
    )


def check_installed(params: TrackingParams) -> None:
    """Refuse to track with what is not installed; nothing is imported.

    Args:
        params: that may ask for a tracker.

    Raises:
        ConfigurationError: which names what is missing, and how to get it.
    """
    for tracker, modules in NEEDED.items():
        missing = [module for module in modules if find_spec(module) is None]
        if getattr(params, tracker) and missing:
            raise ConfigurationError(
                f"tracking.{tracker} is true, but {', '.join(missing)} cannot be imported. Install what it"
                f" needs with `pip install auricle[tracking]`, or set tracking.{tracker} to false."
            )
