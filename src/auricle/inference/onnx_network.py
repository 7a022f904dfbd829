"""A bundle's model as ONNX Runtime computes it, where the bundle was exported."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from auricle.errors import ConfigurationError, MissingPackageError
from auricle.inference.backend import Backend
from auricle.models.bundle import BundleRef
from auricle.models.champion import BUNDLE
from auricle.models.onnx_check import CHECK, session_of, taken
from auricle.models.onnx_export import OUTPUTS
from auricle.models.outputs import AudioClassifierOutput
from auricle.models.registry import FOREST

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)


FILE = "model.onnx"
AGAIN = "Export it again with kedro run --pipelines=export."


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


class OnnxForest:
    """Takes the features of a forest and returns what it says of them.

    Args:
        session: an ONNX Runtime that has loaded the exported file.
        names: of the features, in the order of the file's columns.
    """

    def __init__(self, session: Any, names: list[str]) -> None:
        self._session, self._names = session, names

    def __call__(self, features: "pd.DataFrame") -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Probabilities, float32 (recordings, classes), and embeddings, float32 (recordings, features)."""
        rows = features[self._names].to_numpy(dtype=np.float32)
        probabilities, embeddings = self._session.run(["probabilities", "embeddings"], {"features": rows})
        return probabilities, embeddings


def chosen_onnx(bundle: BundleRef, backend: Backend, device: torch.device) -> OnnxNetwork | OnnxForest | None:
    """The exported model where it is to compute: asked for, or by default on a CPU; None leaves it to torch.

    Raises:
        ConfigurationError: it was asked for, and is not there or cannot be used.
        MissingPackageError: likewise, and ONNX Runtime is not installed.
    """
    if backend == "onnx":
        return load_onnx(bundle)
    return find_onnx(bundle) if backend == "auto" and device.type == "cpu" else None


def onnx_file(bundle: BundleRef) -> Path:
    """Where the export of a bundle lies: in its own folder, or else where the pipeline `export` writes it."""
    if (bundle.path / FILE).is_file():
        return bundle.path / FILE
    version = bundle.path.resolve().parent
    if version.parent.name != BUNDLE:
        return bundle.path / FILE
    return version.parent.parent / "onnx" / version.name / FILE


def find_onnx(bundle: BundleRef) -> OnnxNetwork | OnnxForest | None:
    """The exported model of exactly this bundle; None, and a warning where there is another one's file."""
    if not onnx_file(bundle).is_file():
        return None
    try:
        return load_onnx(bundle)
    except MissingPackageError as error:
        logger.info("%s was exported to ONNX, and is computed without it: %s", bundle.path, error)
    except ConfigurationError as error:
        logger.warning("%s Until then it is computed without ONNX.", error)
    return None


def load_onnx(bundle: BundleRef) -> OnnxNetwork | OnnxForest:
    """The exported model of exactly this bundle.

    Raises:
        ConfigurationError: it was not exported, the file is damaged or another bundle's, or it does not say
            that it was compared with the model.
        MissingPackageError: ONNX Runtime is not installed.
    """
    file = onnx_file(bundle)
    if not file.is_file():
        raise ConfigurationError(f"{bundle.path} is not there as ONNX: {file} is missing. {AGAIN}")
    try:
        session = session_of(file.read_bytes())
    except MissingPackageError:
        raise
    except Exception as error:  # ONNX Runtime has a class of its own for each way a file can be damaged
        raise ConfigurationError(f"{file} cannot be loaded ({error}). {AGAIN}") from error
    told = session.get_modelmeta().custom_metadata_map
    if told.get("bundle_digest") != bundle.digest or CHECK not in told:
        raise ConfigurationError(f"{file} is of another bundle, or was not compared with its model. {AGAIN}")
    return exported(bundle, session)


def exported(bundle: BundleRef, session: Any) -> OnnxNetwork | OnnxForest:
    """The model of a bundle as a session computes it that has loaded its file."""
    if bundle.config["model_type"] == FOREST:
        return OnnxForest(session, bundle.config["feature_names"])
    from transformers import AutoConfig

    from auricle.models.registry import register_models

    register_models()
    return OnnxNetwork(session, AutoConfig.from_pretrained(bundle.path, local_files_only=True))
