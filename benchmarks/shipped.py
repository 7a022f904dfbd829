"""The networks as the project ships them: the sizes, windows and trainings of conf/base."""

from pathlib import Path
from typing import Any

from kedro.config import OmegaConfigLoader
from omegaconf.resolvers import oc

from auricle.models.params import ModelParams, WindowParams
from auricle.training.params import TrainParams

CONF = Path(__file__).parents[1] / "conf"


def shipped(kind: str, study: str = "genre") -> tuple[Any, WindowParams]:
    """Architecture and windows of a network of a study."""
    blocks = _blocks(kind, study)
    return ModelParams.model_validate(blocks["model"]).root, WindowParams.model_validate(blocks["windows"])


def shipped_training(kind: str, study: str, **changed: Any) -> TrainParams:
    """How a network of a study is trained, but for what is changed."""
    return TrainParams.model_validate(_blocks(kind, study)["train"] | changed)


def _blocks(kind: str, study: str) -> dict[str, Any]:
    loader = OmegaConfigLoader(
        str(CONF), base_env="base", default_run_env="base", custom_resolvers={"oc.env": oc.env}
    )
    blocks: dict[str, Any] = loader["parameters"][study][kind]
    return blocks
