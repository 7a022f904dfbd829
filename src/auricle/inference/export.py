"""A bundle as an ONNX file that was held against the bundle itself, also on real recordings."""

from pathlib import Path
from typing import Any

import pandas as pd
import torch

from auricle.audio.extractor import load_extractor
from auricle.audio.limits import AudioLimits
from auricle.inference.onnx_network import OnnxForest, OnnxNetwork, exported
from auricle.inference.onnx_recordings import compare, soundings
from auricle.inference.scorers import DeepScorer, ForestScorer, Scorer, load_scorer
from auricle.models.bundle import BundleRef
from auricle.models.onnx_check import check_onnx, session_of, with_check
from auricle.models.onnx_export import onnx_of
from auricle.models.onnx_forest import check_forest, onnx_of_forest
from auricle.models.registry import FOREST, load_deep


def exported_file(bundle: BundleRef, manifest: pd.DataFrame, recordings: Path, limits: AudioLimits) -> bytes:
    """A network or a forest as ONNX, with the outcome of all comparisons in its metadata.

    Args:
        bundle: of the model; an ensemble is exported by its members.
        manifest: of the corpus that the model is compared on.
        recordings: the folder that paths are relative to.
        limits: what may be decoded.

    Raises:
        NotExportableError: ONNX cannot express the model.
        DivergedError: the file says something else than the model.
        CorpusError: there is no recording to compare them on.
        MissingPackageError: the extra `onnx` is not installed.
    """
    content, check = _made(bundle)
    cpu = torch.device("cpu")
    ours = load_scorer(bundle, cpu, backend="torch")
    heard = soundings(manifest, recordings, limits, load_extractor(bundle.path).sample_rate)
    found = compare(bundle, ours, scorer_of_file(bundle, content), heard)
    return with_check(content, check | {"recordings": found})


def scorer_of_file(bundle: BundleRef, content: bytes) -> Scorer:
    """The scorer of a bundle whose model is computed by ONNX Runtime from a file that is nowhere yet."""
    model = exported(bundle, session_of(content))
    if isinstance(model, OnnxForest):
        return ForestScorer(bundle, model)
    assert isinstance(model, OnnxNetwork)
    return DeepScorer(bundle, torch.device("cpu"), network=model)


def _made(bundle: BundleRef) -> tuple[bytes, dict[str, Any]]:
    """The file, and how far it is from the model on what was made up to tell them apart."""
    if bundle.config["model_type"] == FOREST:
        content = onnx_of_forest(bundle)
        return content, check_forest(content, bundle)
    content = onnx_of(bundle)
    return content, check_onnx(content, load_deep(bundle))
