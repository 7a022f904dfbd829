"""What is to be predicted, by what, and whether that can work: found before any file is decoded."""

import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from auricle.audio.extractor import load_extractor
from auricle.audio.limits import AudioLimits
from auricle.errors import ConfigurationError
from auricle.inference.abstention import check_abstention
from auricle.inference.backend import chosen_device
from auricle.inference.bulk.listing import list_files
from auricle.inference.bulk.params import PredictParams, PredictWindows
from auricle.inference.classifier import check_classes
from auricle.inference.load import NAME, find_bundle
from auricle.inference.scorers import Scorer, load_scorer
from auricle.inference.tag_files import check_installed
from auricle.inference.windows import chosen_windows
from auricle.models.bundle import BundleRef
from auricle.models.members import open_members
from auricle.models.registry import ENSEMBLE, FOREST
from auricle.training.device import resolve_device

# Counted up where the code says something else of the same file, so that no earlier result is taken for it.
VERSION = 2
COMMAND = "kedro run --pipelines=predict --params=predict.input=/music,predict.model=genre.cnn"


@dataclass(frozen=True)
class Job:
    """Files and the model that predicts them.

    Attributes:
        name: of the folder of the results, relative.
        input: as it was given.
        model: what the bundle is called: `genre.cnn`, or the name of its folder.
        bundle: verified.
        windows: frames of a window and to the next; None are the bundle's.
        made_with: twelve hex digits of the bundle, the windows and the limits of decoding: a file that was
            predicted with these, and has not changed, need not be predicted again.
        files: `path` and `instrument`.
    """

    name: str
    input: str
    model: str
    bundle: BundleRef
    windows: tuple[int, int] | None
    made_with: str
    files: pd.DataFrame = field(repr=False)

    @property
    def ledger(self) -> str:
        """Names the table of what is done: one for each `made_with`."""
        return f"{self.name}/ledger/{self.made_with}"


def plan(params: PredictParams, run_root: Path) -> Job:
    """Find model and files, and refuse what cannot work.

    Args:
        params: of the pipeline.
        run_root: where the environment keeps its data, and so its models.

    Raises:
        ConfigurationError: parameters that are missing or contradict each other or the model; an unknown or
            untrained model, with the command that trains it.
        CorpusError: an input that does not exist or names no audio file.
        BundleError: a bundle that is damaged.
    """
    if params.input is None or params.model is None:
        lacking = "input" if params.input is None else "model"
        raise ConfigurationError(f"predict.{lacking} is not set. Name it, as in {COMMAND}")
    if params.tags.mode != "none":
        check_installed(by="predict.tags")
    bundle = find_bundle(params.model, run_root=run_root)
    check_classes(bundle)
    is_ensemble = bundle.config["model_type"] == ENSEMBLE
    if is_ensemble:
        open_members(bundle)  # a member that is missing is named before any file is read
    if params.opinions and not is_ensemble:
        raise ConfigurationError(
            f"predict.opinions is true, and {params.model} is no ensemble: it has no members. Set opinions:"
            " false."
        )
    check_abstention(bundle.config, params.abstain_below)
    windows = _windows(bundle, params.windows)
    _check_backend(bundle, params)
    model = _called(params.model, bundle)
    return Job(
        name=params.name or f"{model}/{_slug(params.input)}",
        input=params.input,
        model=model,
        bundle=bundle,
        windows=windows,
        made_with=_made_with(bundle, windows, params.decoding),
        files=list_files(params.input),
    )


def scorer_of(bundle: BundleRef, windows: tuple[int, int] | None, params: PredictParams) -> Scorer:
    """The model and its front end as the parameters want them."""
    device = chosen_device(params.backend, params.device, by="predict.")
    if bundle.config["model_type"] == FOREST:
        device = resolve_device("cpu")
    return load_scorer(bundle, device, windows=windows, backend=params.backend)


def _windows(bundle: BundleRef, asked: PredictWindows) -> tuple[int, int] | None:
    if asked.window_seconds is None and asked.hop_seconds is None:
        return None
    if bundle.config["model_type"] == FOREST:
        raise ConfigurationError(
            "predict.windows: a forest hears recordings as a whole. Leave window_seconds and hop_seconds out."
        )
    if bundle.config["model_type"] == ENSEMBLE:
        raise ConfigurationError(
            "predict.windows: each member of an ensemble has windows of its own. Leave window_seconds and"
            " hop_seconds out."
        )
    hop, window = bundle.config["hop_frames"], bundle.config["window_frames"]
    return chosen_windows(
        bundle,
        asked.window_seconds,
        asked.hop_seconds,
        by="predict.windows",
        default_hop=lambda frames: frames * hop // window,
    )


def _check_backend(bundle: BundleRef, params: PredictParams) -> None:
    chosen_device(params.backend, params.device, by="predict.")
    if params.backend == "onnx":
        from auricle.inference.onnx_network import load_onnx  # needs torch

        of_members = bundle.config["model_type"] == ENSEMBLE
        for each in open_members(bundle).values() if of_members else [bundle]:
            load_onnx(each)


def _made_with(bundle: BundleRef, windows: tuple[int, int] | None, limits: AudioLimits) -> str:
    # An ensemble's digest is over those of its members, and theirs over their front ends.
    is_ensemble = bundle.config["model_type"] == ENSEMBLE
    front_end = None if is_ensemble else load_extractor(bundle.path).digest
    told = [VERSION, bundle.digest, front_end, windows, limits.model_dump(mode="json")]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]


def _called(model: str, bundle: BundleRef) -> str:
    if NAME.fullmatch(model) and not Path(model).exists():
        return model
    path = bundle.path.resolve()
    if path.parent.parent.name == path.name:  # <study>/<model>/bundle/<version>/bundle
        return f"{path.parents[3].name}.{path.parents[2].name}"
    return re.sub(r"[^\w.+-]+", "-", path.name).strip("-.") or "bundle"


def _slug(source: str) -> str:
    """A folder's name for an input: its last part to be recognized by, a digest to be told apart by."""
    path = Path(source).expanduser().absolute()
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:6]
    stem = re.sub(r"[^\w.+-]+", "-", path.name).strip("-.")[:60]
    return f"{stem}-{digest}" if stem else digest
