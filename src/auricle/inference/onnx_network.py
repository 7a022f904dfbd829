"""A bundle's network as ONNX Runtime computes it, where the bundle was exported."""

import logging
from pathlib import Path
from typing import Any

import torch

from auricle.errors import ConfigurationError, MissingPackageError
from auricle.models.bundle import BundleRef
from auricle.models.onnx_check import CHECK, session_of, taken
from auricle.models.onnx_export import OUTPUTS
from auricle.models.outputs import AudioClassifierOutput

logger = logging.getLogger(__name__)


class OnnxNetwork:
    """Takes what the network takes and returns what it returns, on the CPU.

    Args:
        session: an ONNX Runtime that has loaded the exported file.
        config: of the network.
    """

    def __init__(self, session: Any, config: Any) -> None:
        self.config = config
        self._session = session

    def __call__(self, **given: torch.Tensor) -> AudioClassifierOutput:
        """Logits and embeddings; see `auricle.models.onnx_export.onnx_of` for the inputs."""
        logits, _, embeddings = self._session.run(list(OUTPUTS), taken(self._session, given))
        return AudioClassifierOutput(logits=torch.from_numpy(logits), embeddings=torch.from_numpy(embeddings))


def onnx_file(bundle: BundleRef) -> Path:
    """Where the pipeline `export` writes the file of a bundle that lies where training has put it."""
    version = bundle.path.resolve().parent
    return version.parent.parent / "onnx" / version.name / "model.onnx"


def find_onnx(bundle: BundleRef) -> OnnxNetwork | None:
    """The exported network of exactly this bundle; None where there is none, or ONNX Runtime is missing."""
    try:
        return load_onnx(bundle)
    except MissingPackageError:
        return None
    except ConfigurationError as error:
        logger.debug("%s", error)
        return None


def load_onnx(bundle: BundleRef) -> OnnxNetwork:
    """The exported network of exactly this bundle.

    Raises:
        ConfigurationError: it was not exported, the file is damaged or another bundle's, or it does not say
            that it was compared with torch.
        MissingPackageError: ONNX Runtime is not installed.
    """
    from transformers import AutoConfig

    from auricle.models.registry import register_models

    file = onnx_file(bundle)
    again = "Export it again with kedro run --pipelines=export."
    if not file.is_file():
        raise ConfigurationError(f"{bundle.path} is not there as ONNX: {file} is missing. {again}")
    try:
        session = session_of(file.read_bytes())
    except MissingPackageError:
        raise
    except Exception as error:  # ONNX Runtime has a class of its own for each way a file can be damaged
        raise ConfigurationError(f"{file} cannot be loaded ({error}). {again}") from error
    told = session.get_modelmeta().custom_metadata_map
    if told.get("bundle_digest") != bundle.digest or CHECK not in told:
        raise ConfigurationError(f"{file} is of another bundle, or was not compared with torch. {again}")
    register_models()
    return OnnxNetwork(session, AutoConfig.from_pretrained(bundle.path, local_files_only=True))
