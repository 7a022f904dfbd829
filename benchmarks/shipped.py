"""The networks of the genres as the project ships them: the sizes and windows of conf/base."""

from pathlib import Path
from typing import Any

from kedro.config import OmegaConfigLoader
from omegaconf.resolvers import oc

from auricle.models.params import ModelParams, WindowParams

CONF = Path(__file__).parents[1] / "conf"


def shipped(kind: str) -> tuple[Any, WindowParams]:
    """Architecture and windows of a network of the study `genre`."""
    loader = OmegaConfigLoader(
        str(CONF), base_env="base", default_run_env="base", custom_resolvers={"oc.env": oc.env}
    )
    blocks = loader["parameters"]["genre"][kind]
    return ModelParams.model_validate(blocks["model"]).root, WindowParams.model_validate(blocks["windows"])
