"""A bundle as an ONNX file that was held against the bundle itself, also on real recordings."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from auricle.audio.extractor import load_extractor
from auricle.audio.front_ends import load_front_end
from auricle.audio.limits import AudioLimits
from auricle.inference.onnx_network import OnnxForest, OnnxNetwork, exported
from auricle.inference.onnx_recordings import compare, soundings
from auricle.inference.scorers import DeepScorer, ForestScorer, Score, Scorer, load_scorer
from auricle.models.bundle import BundleRef
from auricle.models.instruments import instrument_codes
from auricle.models.onnx_check import check_onnx, session_of, with_check
from auricle.models.onnx_export import onnx_of
from auricle.models.onnx_forest import check_forest, onnx_of_forest
from auricle.models.onnx_waveform import OUTPUTS, onnx_of_waveforms
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


def waveform_file(bundle: BundleRef, manifest: pd.DataFrame, recordings: Path, limits: AudioLimits) -> bytes:
    """A network with front end and windows as one ONNX file, compared as `exported_file` does.

    Args and errors: as of `exported_file`.
    """
    content = onnx_of_waveforms(bundle)
    ours = load_scorer(bundle, torch.device("cpu"), backend="torch")
    heard = soundings(manifest, recordings, limits, ours.sample_rate)
    return with_check(content, {"recordings": compare(bundle, ours, HearsItself(bundle, content), heard)})


class HearsItself:
    """A file that hears waveforms, asked about one recording at a time.

    Args:
        bundle: of the network.
        content: what `onnx_of_waveforms` made of it.
    """

    def __init__(self, bundle: BundleRef, content: bytes) -> None:
        self._session = session_of(content)
        self._instruments = bundle.config.get("instruments")
        self._rate = load_front_end(bundle.path).sample_rate

    def __call__(self, waveform: npt.NDArray[np.float32], instrument: str | None = None) -> Score:
        """What is said of it, as of one window; see `Scorer`."""
        given: dict[str, Any] = {"waveforms": waveform[None], "lengths": np.array([len(waveform)])}
        if self._instruments is not None:
            given["instruments"] = instrument_codes([instrument], self._instruments)
        probabilities, embeddings = self._session.run(list(OUTPUTS), given)
        return Score([(0.0, len(waveform) / self._rate)], probabilities, embeddings[0])


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
